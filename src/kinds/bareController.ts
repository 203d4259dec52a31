import { byEviction } from '../restart/byEviction.ts';
import type { KindFields, OwnerKind } from './ownerKind.ts';
import type { RawSpec, RawStatus } from './rawWorkload.ts';
import { replicaReport } from './replicaReport.ts';

/**
 * What ReplicaSets and ReplicationControllers without an owner have in common: their controller makes missing pods and replaces none, so a
 * change of the template does nothing to pods that exist.
 */
export const bareController = {
  foundByPods: true,
  chartValue: 'eviction',
  addedLabels: {},
  leftToDo: () => undefined,
  refuses: ({ owner, strategy }, { onDelete }) => {
    if (strategy === 'malformed') return strategy;
    if (owner) return `it belongs to a ${owner.kind}`;
    return onDelete === 'never' ? 'no controller replaces its pods' : undefined;
  },
  actuator: byEviction,
  refused: [
    { what: 'one with an owner', why: 'its owner decides about it' },
    { what: '`--on-delete=never`', why: 'its controller replaces no pod, so its pods would have to be evicted' },
  ],
  waitsFor: [],
} as const satisfies Partial<OwnerKind>;

/** Reads how many pods there are. Its controller does not say of which template they are. */
export function readReplicas(spec: RawSpec, status: RawStatus): KindFields {
  const rollout = replicaReport(spec, status);
  return { rollout: { ...rollout, updated: rollout.existing }, maxUnavailable: 1 };
}
