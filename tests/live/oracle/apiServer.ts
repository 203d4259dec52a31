import { readFileSync } from 'node:fs';
import { nextPodLabels } from '../../../src/expect/admission.ts';
import type { Workload } from '../../../src/model.ts';
import { ApiError, type ApiObject } from '../../testbed/api.ts';
import { pathOf } from '../../testbed/paths.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { until } from '../../testbed/until.ts';
import type { Configuration, WebhookSet } from './webhookSets.ts';

/** What became of a pod that the API server was asked to create. */
export type Outcome =
  | { readonly kind: 'refused'; readonly message: string }
  /** `none`, or placement, image and revision. */
  | { readonly kind: 'pod'; readonly sidecar: string };

interface Container {
  readonly name: string;
  readonly image: string;
}

interface Pod extends ApiObject {
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
}

const SENTINEL = 'oracle.example/sentinel';
/** Where no entry of any set acts. */
export const SENTINEL_NAMESPACE = 'sentinel';
const MARK = 'fieldManager=oracle-';

/** The API server as the oracle: what it would do to a pod, and which webhooks it calls for that. */
export class ApiServer {
  readonly #bed: Testbed;
  #generation = 0;

  constructor(bed: Testbed) {
    this.#bed = bed;
  }

  async namespaces(pool: ReadonlyMap<string, Readonly<Record<string, string>>>): Promise<void> {
    await this.#bed.namespace(SENTINEL_NAMESPACE, { 'istio-injection': 'disabled' });
    await Promise.all([...pool].map(([name, labels]) => this.#bed.namespace(name, labels)));
  }

  /**
   * Puts a set in the place of the one before, and waits until new pods show it. The sentinel's configuration is written last and
   * the API server learns of changes in their order: where it acts, the whole set does.
   */
  async install({ name, configurations }: WebhookSet): Promise<void> {
    const path = pathOf('MutatingWebhookConfiguration');
    const old = await this.#bed.api.list(path);
    await Promise.all(old.map(({ metadata }) => this.#bed.api.delete(`${path}/${metadata.name}`)));
    for (const one of configurations) await this.#bed.api.create(path, one);
    const generation = String(++this.#generation);
    await this.#bed.api.create(path, sentinel(configurations, generation));
    const labels = { [SENTINEL]: generation };
    const arrived = async () => {
      const outcome = await this.#dryRun(SENTINEL_NAMESPACE, 'sentinel', {
        metadata: { generateName: 'sentinel-', labels },
        spec: { containers: [{ name: 'app', image: 'example/app:1' }] },
      });
      return outcome.kind === 'pod' && outcome.sidecar !== 'none';
    };
    await until(`the webhook set "${name}" to arrive`, 30_000, arrived, 20);
  }

  /** Lets the API server admit a workload's next pod, without creating it. */
  create(workload: Workload, number: number): Promise<Outcome> {
    const { namespace, name, template } = workload;
    const labels = Object.fromEntries(
      Object.entries(nextPodLabels(workload)).map(([key, value]) => [key, CONTROLLERS[key] ?? value]),
    );
    const metadata = { generateName: `${name}-`, labels, annotations: template.annotations };
    return this.#dryRun(namespace, String(number), { metadata, spec: template.spec });
  }

  /** The injector entries that were called for each numbered pod, as `configuration/entry`, from the audit log. */
  async called(count: number): Promise<Map<number, string[]>> {
    return until('the audit log to have every pod', 30_000, () => {
      const all = readFileSync(this.#bed.cluster.auditLog, 'utf8')
        .split('\n')
        .filter((line) => line.includes(MARK));
      const calls = new Map(all.map((line) => callsOf(JSON.parse(line))));
      calls.delete(Number.NaN);
      return calls.size === count ? calls : new Error(`${calls.size} of ${count}`);
    });
  }

  async #dryRun(namespace: string, mark: string, pod: object): Promise<Outcome> {
    const path = `${pathOf('Pod', namespace)}?dryRun=All&${MARK}${mark}`;
    try {
      return sidecarIn(await this.#bed.api.create<Pod>(path, { apiVersion: 'v1', kind: 'Pod', ...pod }));
    } catch (error) {
      if (error instanceof ApiError) return { kind: 'refused', message: error.message };
      throw error;
    }
  }
}

/** Values of labels that controllers add; Meltemi knows only that they will be there. */
const CONTROLLERS: Readonly<Record<string, string>> = {
  'pod-template-hash': '5d4f8c7b9',
  'controller-revision-hash': 'oracle-6c8d',
  'statefulset.kubernetes.io/pod-name': 'oracle-0',
  'apps.kubernetes.io/pod-index': '0',
  'pod-template-generation': '3',
};

/** A configuration that Meltemi does not take for Istio's, and that calls an injector for pods of one generation alone. */
function sentinel(configurations: readonly Configuration[], generation: string): object {
  const [model] = configurations.flatMap(({ webhooks }) => webhooks);
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const objectSelector = { matchLabels: { [SENTINEL]: generation } };
  const webhook = { ...model, name: 'sentinel.oracle.example', namespaceSelector: {}, objectSelector };
  return {
    apiVersion,
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'oracle-sentinel' },
    webhooks: [webhook],
  };
}

/** Read here once more, independent of the code under test: an injected pod has the injector's mark and the proxy. */
function sidecarIn({ metadata, spec }: Pod): Outcome {
  const named = (containers: readonly Container[] = []) => containers.find(({ name }) => name === 'istio-proxy');
  const ordinary = named(spec.containers);
  const proxy = ordinary ?? named(spec.initContainers);
  if (!proxy || metadata.annotations?.['sidecar.istio.io/status'] === undefined)
    return { kind: 'pod', sidecar: 'none' };
  const placement = ordinary ? 'container' : 'initContainer';
  const revision = metadata.annotations['istio.io/rev'] ?? '';
  return { kind: 'pod', sidecar: `${placement} ${proxy.image} ${revision}` };
}

interface AuditEvent {
  readonly requestURI: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const CALL = /^mutation\.webhook\.admission\.k8s\.io\/round_\d+_index_\d+$/;

function callsOf({ requestURI, annotations = {} }: AuditEvent): [number, string[]] {
  const number = Number(requestURI.slice(requestURI.indexOf(MARK) + MARK.length));
  const calls = Object.keys(annotations)
    .filter((key) => CALL.test(key))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((key) => JSON.parse(annotations[key] ?? '{}') as { configuration: string; webhook: string });
  return [number, calls.map(({ configuration, webhook }) => `${configuration}/${webhook}`)];
}
