import type { Injection, Mesh } from '../expect/mesh.ts';

/** What a changed mesh makes necessary. */
export type Scope =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'everything' }
  | { readonly kind: 'namespaces'; readonly names: readonly string[] };

/**
 * Compares two states of the mesh. A new or lost epoch may concern any workload; a namespace with other labels or ProxyConfigs concerns its
 * own, and so does one that is gone: its workloads are to be forgotten.
 * istiod's status, rewritten CA bundles and annotations on namespaces are neither: they need no look at pods, only another evaluation.
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

/** What a burst of watch events has touched, also where it was put back at once. */
export interface MeshChange {
  /** Namespaces whose labels or ProxyConfigs have changed. */
  readonly namespaces: readonly string[];
  /** Something that names an epoch has changed: a webhook entry, a control plane, its configuration. */
  readonly epochs: boolean;
}

/**
 * What has changed since the mesh was taken last, and what has changed back since: pods may have been born in between that nothing else
 * tells of.
 */
export class Changes {
  #taken: Mesh;
  #everything = false;
  readonly #touched = new Set<string>();

  constructor(mesh: Mesh) {
    this.#taken = mesh;
  }

  /**
   * @param now the mesh, asked for only where the change does not say itself what it has touched: to build it for each event costs too much
   * @param change absent where anything may have changed
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

/** Whether two sets of labels are equal, in whatever order. */
export function sameLabels(
  a: Readonly<Record<string, string>> | undefined,
  b: Readonly<Record<string, string>>,
): boolean {
  if (a === b) return true;
  const keys = Object.keys(b);
  return a !== undefined && keys.length === Object.keys(a).length && keys.every((key) => a[key] === b[key]);
}

/**
 * Injections whose istiod has ended a rollout: while it rolled, replicas of the old template may have answered for the new epoch. One that
 * is only scaled answers the same all along.
 */
export function unmixed(before: Mesh, after: Mesh): Injection[] {
  const mixed = new Set(before.injections.filter(isMixed).map(({ epoch }) => epoch));
  return after.injections.filter((injection) => mixed.has(injection.epoch) && !isMixed(injection));
}

const isMixed = ({ istiod }: Injection): boolean =>
  istiod !== undefined &&
  (istiod.rollout.observedGeneration < istiod.generation || istiod.rollout.updated < istiod.rollout.existing);
