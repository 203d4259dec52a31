import { statusError } from '../../../src/cluster/apiError.ts';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import { keyOf, type Labels, type PodFacts, type Workload, type WorkloadKey } from '../../../src/model.ts';
import { pod, sidecar } from '../../builders/workload.ts';
import type { RandomCluster } from '../../unit/plan/eta/randomCluster.ts';
import type { Lane } from '../lane.ts';

/** How long a request takes, there and back. */
const REQUEST = 20;
const NEW = 'docker.io/istio/proxyv2:1.31.0';

interface Patch {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string | null>> };
  readonly spec?: { readonly template: { readonly metadata: { readonly annotations: Labels } } };
}

/** A restart as its controller carries it out. */
export interface RolledOut {
  readonly key: WorkloadKey;
  readonly began: number;
  readonly ended: number;
}

/** A cluster in which nothing goes wrong: a restart that is written takes as long as was thrown for it, and then all its pods are new. */
export class CalmCluster {
  readonly #workloads: Map<WorkloadKey, Workload>;
  readonly #durations: RandomCluster['durations'];
  readonly #lane: Lane;
  readonly rolledOut = new Map<WorkloadKey, RolledOut>();

  constructor({ assessed, durations }: RandomCluster, lane: Lane) {
    // only Deployments, which are the same in whatever order their pods are replaced
    const plain = assessed.map(({ workload }) => workload);
    this.#workloads = new Map(plain.map((one) => [keyOf(one), one]));
    this.#durations = durations;
    this.#lane = lane;
  }

  get namespaces(): readonly string[] {
    return [...new Set([...this.#workloads.values()].map(({ namespace }) => namespace))];
  }

  /** What the operator uses of a cluster. */
  asCluster(): Cluster {
    const here = ({ namespace }: Workload, wanted: string | undefined): boolean =>
      wanted === undefined || wanted === namespace;
    const all = (): Workload[] => [...this.#workloads.values()].map((one) => this.#now(one));
    const cluster: Partial<Cluster> = {
      budgets: () => this.#answer([]),
      canaries: () => this.#answer([]),
      lostNodes: () => this.#answer(new Set<string>()),
      rejection: () => this.#answer(undefined),
      emit: () => this.#answer(undefined),
      workloads: (kind, namespace) => this.#answer(all().filter((one) => one.kind === kind && here(one, namespace))),
      pods: (namespace) => this.#podsIn(all().filter((one) => here(one, namespace))),
      podsOf: async (one) => {
        await this.#lane.sleep(REQUEST);
        return this.#podsOf(this.#known(keyOf(one)));
      },
      workload: async (ref) => {
        await this.#lane.sleep(REQUEST);
        return this.#now(this.#known(keyOf(ref)));
      },
      patch: async (ref, body) => {
        await this.#lane.sleep(REQUEST);
        return this.#patch(this.#known(keyOf(ref)), body as Patch);
      },
    };
    return cluster as Cluster;
  }

  async #answer<T>(answer: T): Promise<T> {
    await this.#lane.sleep(REQUEST);
    return answer;
  }

  async *#podsIn(all: readonly Workload[]): AsyncGenerator<PodFacts[]> {
    await this.#lane.sleep(REQUEST);
    yield all.flatMap((one) => this.#podsOf(one));
  }

  #known(key: WorkloadKey): Workload {
    const found = this.#workloads.get(key);
    if (!found) throw statusError({ method: 'GET', path: key }, { code: 404 });
    return found;
  }

  /** As its controller reports it at this moment. */
  #now(one: Workload): Workload {
    const { desired } = one.rollout;
    const updated = this.#updated(one);
    return { ...one, rollout: { ...one.rollout, observedGeneration: one.generation, updated, existing: desired } };
  }

  #updated(one: Workload): number {
    const made = this.rolledOut.get(keyOf(one));
    const { desired } = one.rollout;
    if (!made || this.#lane.now() >= made.ended) return desired;
    const share = (this.#lane.now() - made.began) / (made.ended - made.began);
    return Math.min(desired - 1, Math.floor(share * desired));
  }

  #podsOf(one: Workload): PodFacts[] {
    const updated = this.rolledOut.has(keyOf(one)) ? this.#updated(one) : 0;
    return Array.from({ length: one.rollout.desired }, (_, index) =>
      pod(one, {
        name: `${one.name}-${index}`,
        uid: `${one.uid}-${index}-${index < updated}`,
        createdAt: index < updated ? this.#lane.now() : 0,
        ...(index < updated && { sidecar: sidecar({ image: NEW }) }),
      }),
    );
  }

  #patch(one: Workload, { metadata, spec }: Patch): Workload {
    const annotations = merged(one.annotations, metadata.annotations ?? {});
    const resourceVersion = String(Number(one.resourceVersion) + 1);
    let written: Workload = { ...one, annotations, resourceVersion };
    if (spec) {
      const template = {
        ...one.template,
        annotations: merged(one.template.annotations, spec.template.metadata.annotations),
      };
      written = { ...written, template, generation: one.generation + 1 };
      const began = this.#lane.now();
      const took = this.#durations.get(keyOf(one)) as number;
      this.rolledOut.set(keyOf(one), { key: keyOf(one), began, ended: began + took });
    }
    this.#workloads.set(keyOf(one), written);
    return this.#now(written);
  }
}

const merged = (old: Labels, news: Readonly<Record<string, string | null>>): Labels =>
  Object.fromEntries(
    Object.entries({ ...old, ...news }).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );
