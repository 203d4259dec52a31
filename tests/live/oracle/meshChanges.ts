import { type Assumption, assumptionText } from '../../../src/expect/assumption.ts';
import type { Labels } from '../../../src/model.ts';
import { pathOf } from '../../testbed/paths.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { type Configuration, captured, VERSIONS, type WebhookSet } from './webhookSets.ts';

/** Something that a person changes of a mesh: tags that are moved, and labels of namespaces. */
export type MeshChange = readonly Assumption[];

export const changeText = (change: MeshChange): string => change.map(assumptionText).join('; ');

const INJECTION = ['enabled', 'disabled', '', undefined];
const REVISION = ['default', 'canary', 'prod', 'nope', undefined];

/** Every tag under every revision, as the chart writes it: a move is a choice among them. */
export class ChartTags {
  readonly #bed: Testbed;
  readonly #rendered: Configuration[];

  private constructor(bed: Testbed, rendered: Configuration[]) {
    this.#bed = bed;
    this.#rendered = rendered;
  }

  /** Renders those that the sets do not have. */
  static async render(bed: Testbed, sets: readonly WebhookSet[]): Promise<ChartTags> {
    const { istio } = bed;
    const rendered = sets.flatMap(({ configurations }) => configurations).filter((one) => tagOf(one) !== undefined);
    const add = async (tag: string, revision: string): Promise<void> => {
      await istio.setTag(tag, revision);
      rendered.push(await captured(bed, `istio-revision-tag-${tag}`, revision));
    };
    await add('prod', 'default');
    // the default revision injects by default since the sets were made, and the canary does not yet
    await istio.setInjectorVersion('canary', VERSIONS.canary, {
      sidecarInjectorWebhook: { enableNamespacesByDefault: true },
    });
    await add('default', 'canary');
    return new ChartTags(bed, rendered);
  }

  /** The tag of a configuration as the chart writes it for a revision, with the same entries. */
  pointing(one: Configuration, revision: string): Configuration | undefined {
    return this.#rendered.find((other) => sameEntries(one, other) && revisionOf(other) === revision);
  }

  /** Makes a change in the cluster, as a person would. */
  async make(change: MeshChange): Promise<void> {
    for (const one of change) {
      if (one.kind === 'label') await this.#bed.label(one.namespace, { [one.key]: one.value ?? null });
      if (one.kind === 'tag') await this.#move(one.tag, one.revision);
    }
  }

  async #move(tag: string, revision: string): Promise<void> {
    const path = pathOf('MutatingWebhookConfiguration', '', `istio-revision-tag-${tag}`);
    const after = this.pointing(await this.#bed.api.get<Configuration>(path), revision);
    if (!after) throw new Error(`the chart was not rendered for tag ${tag} of revision ${revision}`);
    await this.#bed.api.patch(path, { metadata: { labels: after.metadata.labels }, webhooks: after.webhooks });
  }
}

const tagOf = ({ metadata }: Configuration): string | undefined => metadata.labels['istio.io/tag'];
const revisionOf = ({ metadata }: Configuration): string => metadata.labels['istio.io/rev'] ?? '';

const sameEntries = (one: Configuration, other: Configuration): boolean =>
  tagOf(one) === tagOf(other) && entryNames(one) === entryNames(other);
const entryNames = ({ webhooks }: Configuration): string => webhooks.map(({ name }) => name).join();

/** Draws one to three changes: of the tags that can be moved in this set, and of the labels of these namespaces. */
export function drawChange(
  random: () => number,
  { configurations }: WebhookSet,
  namespaces: readonly string[],
): MeshChange {
  const own = configurations.filter((one) => tagOf(one) === undefined);
  // istioctl moves a tag only to a revision with exactly one configuration
  const revisions = ['default', 'canary'].filter((name) => own.filter((one) => revisionOf(one) === name).length === 1);
  const tags = configurations.flatMap((one) => tagOf(one) ?? []);
  const drawn = Array.from({ length: 1 + Math.floor(random() * 3) }, (): Assumption => {
    if (tags.length > 0 && revisions.length > 0 && random() < 0.6)
      return { kind: 'tag', tag: pick(random, tags), revision: pick(random, revisions) };
    const isInjection = random() < 0.5;
    const key = isInjection ? 'istio-injection' : 'istio.io/rev';
    const value = pick(random, isInjection ? INJECTION : REVISION);
    return { kind: 'label', namespace: pick(random, namespaces), key, ...(value !== undefined && { value }) };
  });
  // of two changes of one thing the first is left
  return drawn.filter((one, index) => drawn.findIndex((other) => subject(other) === subject(one)) === index);
}

const subject = (one: Assumption): string =>
  one.kind === 'label' ? `${one.namespace} ${one.key}` : one.kind === 'tag' ? one.tag : '';

function pick<T>(random: () => number, from: readonly T[]): T {
  if (from.length === 0) throw new Error('there is nothing to choose from');
  return from[Math.floor(random() * from.length)] as T;
}

/** Namespaces with labels of each sort, and workloads whose pods have labels of each sort. */
export const NAMESPACES: Readonly<Record<string, Labels>> = {
  'what-enabled': { 'istio-injection': 'enabled' },
  'what-canary': { 'istio.io/rev': 'canary' },
  'what-prod': { 'istio.io/rev': 'prod' },
  'what-default': { 'istio.io/rev': 'default' },
  'what-plain': {},
  'what-off': { 'istio-injection': 'disabled' },
};
export const WORKLOADS: Readonly<Record<string, Labels>> = {
  web: {},
  asking: { 'sidecar.istio.io/inject': 'true' },
  canary: { 'istio.io/rev': 'canary' },
  tagged: { 'istio.io/rev': 'prod' },
};
