import type { Canary, Owner, Workload } from '../model.ts';

/** What a Canary of Flagger's makes of a workload. */
export interface CanaryRole {
  /** The target is its people's, and Flagger analyses each change of it. The primary has the traffic, and Flagger writes it. */
  readonly role: 'target' | 'primary';
  readonly canary: Canary;
}

/** Flagger names the primary after the target (flagger pkg/canary/deployment_controller.go createPrimaryDeployment). */
const PRIMARY = '-primary';

/** Phases in which Flagger neither analyses nor promotes (flagger pkg/apis/flagger/v1beta1/status.go). */
const AT_REST: ReadonlySet<string | undefined> = new Set(['Initialized', 'Succeeded', 'Failed', 'Terminated']);

/** Whether Flagger may be at work. A phase that is not known counts as work. */
export const isAtWork = ({ phase }: Canary): boolean => !AT_REST.has(phase);

/**
 * The role of a workload in a Canary of its own namespace, whoever wrote that; undefined if it has none. Of several, the one that holds it
 * most.
 */
export function canaryRole(canaries: readonly Canary[], workload: Workload): CanaryRole | undefined {
  const here = canaries.filter(
    ({ namespace, target }) => namespace === workload.namespace && target.kind === workload.kind,
  );
  const target = here.find((canary) => canary.target.name === workload.name);
  if (target) return { role: 'target', canary: target };
  const primaries = here.filter((canary) => `${canary.target.name}${PRIMARY}` === workload.name);
  const primary = primaries.find(isAtWork) ?? primaries[0];
  return primary && { role: 'primary', canary: primary };
}

/** Whether an owner is a Canary of Flagger's, which owns the primary. */
export const isCanary = (owner: Owner | undefined): boolean =>
  owner?.kind === 'Canary' && owner.apiVersion.startsWith('flagger.app/');

/** The Canaries that primaries name as their owner, for when Canaries themselves may not be read. */
export const canariesOfPrimaries = (workloads: readonly Workload[]): Canary[] =>
  workloads.flatMap(({ kind, namespace, name, owner }) =>
    owner && isCanary(owner) && name.endsWith(PRIMARY)
      ? { namespace, name: owner.name, target: { kind, name: name.slice(0, -PRIMARY.length) }, phase: undefined }
      : [],
  );
