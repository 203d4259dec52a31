import type { SidecarSource } from '../expect/sidecarSource.ts';
import type { PodTemplate, Sidecar } from '../model.ts';
import type { PodGroup } from './podGroups.ts';

const NONE: Sidecar = { placement: 'none', image: '', revision: '', injected: false };

/** Pods as one source sees them: `sidecar` is its own container. Istio's proxy is there already. */
export function seenBySource(source: SidecarSource | undefined, groups: readonly PodGroup[]): readonly PodGroup[] {
  if (!source) return groups;
  return groups.map((group) => ({ ...group, sidecar: sidecarOf(source, group) }));
}

function sidecarOf({ container }: SidecarSource, { others }: PodGroup): Sidecar {
  const placed = others?.[container];
  return placed ? { ...placed, revision: '', injected: true } : NONE;
}

/** Whether a pod template itself has the container, so that no injector decides about it. */
export function isInTemplate({ container }: Pick<SidecarSource, 'container'>, { spec }: PodTemplate): boolean {
  const lists: unknown[] = [spec.containers, spec.initContainers];
  return lists.some((list) => Array.isArray(list) && list.some((one: unknown) => nameOf(one) === container));
}

const nameOf = (container: unknown): unknown =>
  typeof container === 'object' && container !== null && 'name' in container ? container.name : undefined;
