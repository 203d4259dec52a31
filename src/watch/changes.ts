import type { Injection, Mesh } from '../expect/mesh.ts';

/** The work that a change of the mesh requires. */
export type Scope =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'everything' }
  | { readonly kind: 'namespaces'; readonly names: readonly string[] };

/**
 * Compares two states of the mesh. A new or removed epoch may affect any workload. A namespace whose labels or ProxyConfigs changed affects
 * only its own workloads. So does a deleted namespace: its workloads must be forgotten.
 * Changes of istiod's status, CA bundles and namespace annotations need no scan of pods, only another evaluation.
 */
export function scopeOf(before: Mesh | undefined, after: Mesh): Scope {
  if (!before || epochsOf(before) !== epochsOf(after)) return { kind: 'everything' };
  const changed = [...after.namespaces].filter(
    ([name, { labels, proxyConfigs }]) =>
      !sameLabels(before.namespaces.get(name)?.labels, labels) ||
      before.namespaces.get(name)?.proxyConfigs !== proxyConfigs,
  );
  const gone = [...before.namespaces].filter(([name]) => !after.namespaces.has(name));
  const names = [...changed, ...gone].map(([name]) => name);
  return names.length > 0 ? { kind: 'namespaces', names } : { kind: 'nothing' };
}

/** What a burst of watch events has changed, including changes that were reverted at once. */
export interface MeshChange {
  /** Namespaces whose labels or ProxyConfigs have changed. */
  readonly namespaces: readonly string[];
  /** Whether a part of an epoch has changed: a webhook entry, a control plane or its configuration. */
  readonly epochs: boolean;
}

/**
 * Collects what has changed since the mesh was last taken, including changes that were reverted: pods may have been created in between.
 */
export class Changes {
  #taken: Mesh;
  #everything = false;
  readonly #touched = new Set<string>();

  constructor(mesh: Mesh) {
    this.#taken = mesh;
  }

  /**
   * @param now returns the mesh. Called only if the change does not say what it affects, because building the mesh per event is expensive
   * @param change absent if anything may have changed
   */
  note(now: () => Mesh, change?: MeshChange): void {
    for (const name of change?.namespaces ?? []) this.#touched.add(name);
    this.#everything ||= change ? change.epochs : epochsOf(now()) !== epochsOf(this.#taken);
  }

  take(now: Mesh): Scope {
    const scope = this.#everything ? ({ kind: 'everything' } as const) : scopeOf(this.#taken, now);
    const names = [...new Set([...this.#touched, ...(scope.kind === 'namespaces' ? scope.names : [])])];
    this.#taken = now;
    this.#everything = false;
    this.#touched.clear();
    return scope.kind === 'everything' || names.length === 0 ? scope : { kind: 'namespaces', names };
  }
}

const epochsOf = (mesh: Mesh): string => mesh.injections.map(({ epoch }) => epoch).join(' ');

/** Whether two sets of labels are equal, in any order. */
export function sameLabels(
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>>,
): boolean {
  if (a === b) return true;
  const keys = Object.keys(b);
  return a !== undefined && keys.length === Object.keys(a).length && keys.every((key) => a[key] === b[key]);
}

/**
 * Injections whose istiod has completed a rollout. During the rollout, replicas of the old template may have answered for the new epoch.
 * Scaling alone does not change the answers.
 */
export function unmixed(before: Mesh, after: Mesh): Injection[] {
  const mixed = new Set(before.injections.filter(isMixed).map(({ epoch }) => epoch));
  return after.injections.filter((injection) => mixed.has(injection.epoch) && !isMixed(injection));
}

const isMixed = ({ istiod }: Injection): boolean =>
  istiod !== undefined &&
  (istiod.rollout.observedGeneration < istiod.generation || istiod.rollout.updated < istiod.rollout.existing);
