import type { Injection, Mesh } from '../expect/mesh.ts';

/** What a changed mesh makes necessary. */
export type Scope =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'everything' }
  | { readonly kind: 'namespaces'; readonly names: readonly string[] };

/**
 * Compares two states of the mesh. A new or lost epoch may concern any workload; a relabelled namespace concerns its own, and so does
 * one that is gone: its workloads are to be forgotten.
 * istiod's status, rewritten CA bundles and annotations on namespaces are neither: they need no look at pods, only another evaluation.
 */
export function scopeOf(before: Mesh | undefined, after: Mesh): Scope {
  if (!before || epochsOf(before) !== epochsOf(after)) return { kind: 'everything' };
  const changed = [...after.namespaces].filter(
    ([name, { labels }]) => !sameLabels(before.namespaces.get(name)?.labels, labels),
  );
  const gone = [...before.namespaces].filter(([name]) => !after.namespaces.has(name));
  const names = [...changed, ...gone].map(([name]) => name);
  return names.length > 0 ? { kind: 'namespaces', names } : { kind: 'nothing' };
}

/**
 * What has changed since the mesh was taken last, and what has changed back since: pods may have been born in between that nothing else
 * tells of.
 */
export class Changes {
  #taken: Mesh;
  #everything = false;
  readonly #relabelled = new Set<string>();

  constructor(mesh: Mesh) {
    this.#taken = mesh;
  }

  /** @param relabelled the namespace whose labels have changed, where that is what has; then nothing else has */
  note(now: Mesh, relabelled?: string): void {
    if (relabelled !== undefined) this.#relabelled.add(relabelled);
    else this.#everything ||= epochsOf(now) !== epochsOf(this.#taken);
  }

  take(now: Mesh): Scope {
    const scope = this.#everything ? ({ kind: 'everything' } as const) : scopeOf(this.#taken, now);
    const names = [...new Set([...this.#relabelled, ...(scope.kind === 'namespaces' ? scope.names : [])])];
    this.#taken = now;
    this.#everything = false;
    this.#relabelled.clear();
    return scope.kind === 'everything' || names.length === 0 ? scope : { kind: 'namespaces', names };
  }
}

const epochsOf = (mesh: Mesh): string => mesh.injections.map(({ epoch }) => epoch).join(' ');

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
