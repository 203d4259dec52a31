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

/** A cluster in memory whose pods are all outdated, and whose rollouts take no time. */
export class VirtualCluster {
  readonly mesh: Mesh;
  readonly #workloads = new Map<WorkloadKey, Workload>();
  readonly #restarted = new Set<WorkloadKey>();

  constructor(size: number) {
    const namespaces = Array.from({ length: Math.ceil(size / IN_A_NAMESPACE) }, (_, index) => `ns-${index}`);
    this.mesh = { injections: [injection()], namespaces: new Map(namespaces.map((name) => [name, NO_NAMESPACE])) };
    for (let index = 0; index < size; index++) {
      const one = workload({
        namespace: `ns-${Math.floor(index / IN_A_NAMESPACE)}`,
        name: `app-${index}`,
        uid: `uid-${index}`,
        kind: 'StatefulSet',
        createdAt: 0,
        template: { labels: { app: `app-${index}` }, annotations: {}, spec: { app: index } },
      });
      this.#workloads.set(keyOf(one), one);
    }
  }

  #podOf(one: Workload): PodFacts {
    const image = this.#restarted.has(keyOf(one)) ? expected().image : sidecar().image;
    return pod(one, { sidecar: sidecar({ image }), createdAt: Date.now() });
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
        return all.get(keyOf(ref));
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
    if (spec) this.#restarted.add(key);
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
