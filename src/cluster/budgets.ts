import { fits, type Shape } from '../fieldTypes.ts';
import { SELECTOR } from '../kinds/rawWorkload.ts';
import type { Budget, LabelSelector } from '../model.ts';
import type { Api } from './api.ts';
import { ofEachListed } from './list.ts';
import { resourcePath } from './resources.ts';

interface RawBudget {
  readonly metadata?: { readonly name?: string; readonly namespace?: string; readonly generation?: number };
  readonly spec?: { readonly selector?: LabelSelector | null; readonly unhealthyPodEvictionPolicy?: string };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly disruptionsAllowed?: number;
    readonly currentHealthy?: number;
    readonly desiredHealthy?: number;
  };
}

const BUDGET: Shape = {
  metadata: { name: 'string', namespace: 'string', generation: 'number' },
  spec: { selector: SELECTOR, unhealthyPodEvictionPolicy: 'string' },
  status: {
    observedGeneration: 'number',
    disruptionsAllowed: 'number',
    currentHealthy: 'number',
    desiredHealthy: 'number',
  },
};

/** The PodDisruptionBudgets of a namespace or of the whole cluster. */
export function listBudgets(api: Api, namespace?: string, signal?: AbortSignal): Promise<Budget[]> {
  const path = resourcePath('poddisruptionbudgets', namespace);
  return ofEachListed(api, { path, ...(signal && { signal }) }, budgetOf);
}

/**
 * Converts a budget to the model. A budget without selector covers no pod (policy/v1 PodDisruptionBudgetSpec). If the disruption controller
 * has not updated its status yet, it allows no disruption, as in the eviction API (pkg/registry/core/pod/storage/eviction.go).
 * One with wrong types covers its namespace and allows nothing: it may protect any pod.
 */
export function budgetOf(raw: RawBudget): Budget {
  const { metadata, spec, status } = fits(raw, BUDGET) ? raw : { metadata: raw.metadata, spec: { selector: {} } };
  const observed = (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
  return {
    namespace: String(metadata?.namespace ?? ''),
    name: String(metadata?.name ?? ''),
    selector: spec?.selector ?? undefined,
    allowed: observed ? (status?.disruptionsAllowed ?? 0) : 0,
    ...(observed && letsUnreadyGo(spec, status) && { letsUnreadyGo: true }),
    detail: observed
      ? `${status?.currentHealthy ?? 0} pods healthy, ${status?.desiredHealthy ?? 0} wanted`
      : 'its status is not up to date',
  };
}

/** As the eviction API decides about a pod that is not Ready (pkg/registry/core/pod/storage/eviction.go). */
function letsUnreadyGo(
  spec: RawBudget['spec'],
  { currentHealthy = 0, desiredHealthy = 0 }: NonNullable<RawBudget['status']> = {},
): boolean {
  return spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow' || (desiredHealthy > 0 && currentHealthy >= desiredHealthy);
}
