import type { Answer } from '../../../src/expect/answer.ts';
import { contentHash, injectionOf } from '../../../src/expect/epoch.ts';
import { Injectors } from '../../../src/expect/injectors.ts';
import type { Match } from '../../../src/expect/match.ts';
import { matchOf } from '../../../src/expect/matchOf.ts';
import { type Injection, isAsked, type Mesh } from '../../../src/expect/mesh.ts';
import { injectorEntries, type RawConfiguration } from '../../../src/expect/webhookEntry.ts';
import type { PodTemplate, Workload } from '../../../src/model.ts';
import { pathOf } from '../../testbed/paths.ts';
import type { Testbed } from '../../testbed/testbed.ts';

/** What Meltemi expects of a workload's next pod. */
export interface Expectation {
  readonly match: Match<Injection>;
  /** Undefined where nobody is asked. */
  readonly answer: Answer | undefined;
}

/** Meltemi's expectation as its production code makes it, from the cluster's objects and its injectors' answers. */
export class Meltemi {
  readonly #bed: Testbed;
  // Webhooks of the testbed have URLs, so no Service is looked up.
  readonly #injectors = new Injectors({
    cluster: { service: async () => undefined, accountUid: async () => undefined },
    now: Date.now,
  });

  constructor(bed: Testbed) {
    this.#bed = bed;
  }

  /** The mesh as Meltemi's watches would have it. */
  async mesh(): Promise<Mesh> {
    const raw = await this.#bed.api.list<RawConfiguration>(pathOf('MutatingWebhookConfiguration'));
    const namespaces = await this.#bed.api.list(pathOf('Namespace'));
    return {
      injections: injectorEntries(raw).map((entry) => injectionOf(entry, {})),
      namespaces: new Map(
        namespaces.map(({ metadata: { name, labels = {}, annotations = {} } }) => [name, { labels, annotations }]),
      ),
    };
  }

  /** Asks anew each time: nothing tells a kept answer here that the injector's configuration has changed. */
  async expect(mesh: Mesh, workload: Workload): Promise<Expectation> {
    const match = matchOf(mesh, workload);
    if (match.kind !== 'entry' || !isAsked(match.entry)) return { match, answer: undefined };
    const { namespace, name, template } = workload;
    const templateHash = contentHash(template);
    const question = { injection: match.entry, namespace, name, template, templateHash };
    return { match, answer: await this.#injectors.askAfresh(question) };
  }

  close(): Promise<void> {
    return this.#injectors.close();
  }
}

/** An answer in one line: `none`, the reason's code, or placement, image and revision. */
export function worded(answer: Answer | undefined): string {
  if (answer === undefined || answer.kind === 'no-sidecar') return 'none';
  if (answer.kind === 'unknown') return answer.reason.code;
  const { placement, image, revision } = answer.sidecar;
  return `${placement} ${image} ${revision}`;
}

/** A template as the API server would serve it, with all its defaults, as Meltemi reads it. The namespace is one where no webhook acts. */
export async function served(bed: Testbed, namespace: string, template: PodTemplate): Promise<PodTemplate> {
  const { labels, annotations, spec } = template;
  const body = {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    metadata: { generateName: 'oracle-' },
    template: { metadata: { labels, annotations }, spec },
  };
  const path = `/api/v1/namespaces/${namespace}/podtemplates?dryRun=All`;
  const answer = await bed.api.create<{ template: { spec: PodTemplate['spec'] } }>(path, body);
  return { labels, annotations, spec: answer.template.spec };
}
