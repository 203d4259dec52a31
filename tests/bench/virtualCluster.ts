import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Mesh } from '../../src/expect/mesh.ts';
import { keyOf, type Labels, NO_NAMESPACE, type PodFacts, type Workload, type WorkloadKey } from '../../src/model.ts';
import { expected, injection, pod, sidecar, workload } from '../builders/workload.ts';

/** Workloads of one namespace. */
const IN_A_NAMESPACE = 50;
const PAGE = 500;

interface Patch {
  readonly metadata: { readonly annotations?: Labels };
  readonly spec?: { readonly template: { readonly metadata: { readonly annotations: Labels } } };
}

/** Milliseconds that the rollout of a workload takes: two to six seconds, spread evenly. */
const rolloutTakes = (name: string): number => 2000 + (Number(name.slice(NAME.length)) % 41) * 100;
const NAME = 'app-';

/** A cluster in memory whose pods are all outdated. A rollout takes some seconds, and then all pods are new. */
export class VirtualCluster {
  readonly mesh: Mesh;
  readonly #workloads = new Map<WorkloadKey, Workload>();
  /** When their restarts were written. */
  readonly #restarted = new Map<WorkloadKey, number>();

  constructor(size: number) {
    const namespaces = Array.from({ length: Math.ceil(size / IN_A_NAMESPACE) }, (_, index) => `ns-${index}`);
    this.mesh = { injections: [injection()], namespaces: new Map(namespaces.map((name) => [name, NO_NAMESPACE])) };
    for (let index = 0; index < size; index++) {
      const one = workload({
        namespace: `ns-${Math.floor(index / IN_A_NAMESPACE)}`,
        name: `${NAME}${index}`,
        uid: `uid-${index}`,
        kind: 'StatefulSet',
        createdAt: 0,
        template: { labels: { app: `app-${index}` }, annotations: {}, spec: { app: index } },
      });
      this.#workloads.set(keyOf(one), one);
    }
  }

  #podOf(one: Workload): PodFacts {
    const isNew = this.#restarted.has(keyOf(one)) && !this.#isRolling(one);
    const image = isNew ? expected().image : sidecar().image;
    return pod(one, { sidecar: sidecar({ image }), createdAt: Date.now() });
  }

  #isRolling(one: Workload): boolean {
    return performance.now() < (this.#restarted.get(keyOf(one)) ?? -Infinity) + rolloutTakes(one.name);
  }

  /** As its controller reports it now. */
  #reported(one: Workload | undefined): Workload | undefined {
    if (!one || !this.#isRolling(one)) return one;
    const rollout = { ...one.rollout, updated: 0, currentRevision: 'before', updateRevision: 'after' };
    return { ...one, rollout, resourceVersion: `${one.resourceVersion}0` };
  }

  #podsOf = (one: Workload): PodFacts[] =>
    [0, 1, 2].map((ordinal) => ({ ...this.#podOf(one), name: `${one.name}-${ordinal}` }));

  /** What an operator reads of it, and writes to it. */
  get api(): Cluster {
    const all = this.#workloads;
    const podsOf = this.#podsOf;
    const api: Partial<Cluster> = {
      budgets: async () => [],
      canaries: async () => [],
      workloads: async (kind, namespace) =>
        [...all.values()].filter(
          (one) => one.kind === kind && (namespace === undefined || one.namespace === namespace),
        ),
      async *pods(namespace) {
        const some = [...all.values()].filter((one) => namespace === undefined || one.namespace === namespace);
        for (let from = 0; from < some.length; from += PAGE) yield some.slice(from, from + PAGE).flatMap(podsOf);
      },
      podsOf: async (one) => podsOf(one),
      workload: async (ref) => {
        // a network takes its time, so that timers go on
        await new Promise(setImmediate);
        return this.#reported(all.get(keyOf(ref)));
      },
      patch: async (ref, body) => this.#patch(keyOf(ref), body as Patch),
      rejection: async () => undefined,
      emit: async () => undefined,
    };
    return api as Cluster;
  }

  #patch(key: WorkloadKey, { metadata, spec }: Patch): Workload {
    const one = this.#workloads.get(key) as Workload;
    const annotations = { ...one.annotations, ...metadata.annotations };
    const generation = one.generation + (spec ? 1 : 0);
    const template = {
      ...one.template,
      annotations: { ...one.template.annotations, ...spec?.template.metadata.annotations },
    };
    const rollout = { ...one.rollout, observedGeneration: generation };
    if (spec) this.#restarted.set(key, performance.now());
    const written = {
      ...one,
      annotations,
      template,
      generation,
      rollout,
      resourceVersion: String(Number(one.resourceVersion) + 1),
    };
    this.#workloads.set(key, written);
    return written;
  }
}
