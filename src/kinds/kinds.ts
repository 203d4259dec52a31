import type { Workload } from '../model.ts';
import { daemonSet } from './daemonSet.ts';
import { deployment } from './deployment.ts';
import type { OwnerKind } from './ownerKind.ts';
import { replicaSet } from './replicaSet.ts';
import { replicationController } from './replicationController.ts';
import { rollout } from './rollout.ts';
import { statefulSet } from './statefulSet.ts';

/** Every supported kind of workload. To add one, write its file and add a line here. */
export const KINDS: readonly OwnerKind[] = [
  deployment,
  statefulSet,
  daemonSet,
  rollout,
  replicaSet,
  replicationController,
];

/** Their names, as in `kind` of their objects. */
export const WORKLOAD_KINDS: readonly string[] = KINDS.map(({ kind }) => kind);

const byName = new Map(KINDS.map((one) => [one.kind, one]));

/** The kind with this name; undefined if it is not supported. */
export const findKind = (name: string | undefined): OwnerKind | undefined => byName.get(name ?? '');

/**
 * The kind with this name.
 * @throws {RangeError} if it is not supported
 */
export function ownerKind(name: string): OwnerKind {
  const found = byName.get(name);
  if (!found) throw new RangeError(`${name} is not an owner kind; the kinds are ${WORKLOAD_KINDS.join(', ')}`);
  return found;
}

/**
 * The kind of a workload; undefined if the workload is only listed.
 * @throws {RangeError} if the kind is not supported
 */
export const kindOf = ({ kind, unsupported }: Pick<Workload, 'kind' | 'unsupported'>): OwnerKind | undefined =>
  unsupported ? undefined : ownerKind(kind);

const kindsThrough = Map.groupBy(
  KINDS.filter(({ through }) => through),
  ({ through }) => through?.kind ?? '',
);

/** Whether pods name objects of this kind as their owner that a workload owns in turn, such as ReplicaSets. */
export const isIntermediate = (kind: string): boolean => kindsThrough.has(kind);

/** The label of a Deployment's pods. */
const TEMPLATE_HASH = 'pod-template-hash';

/**
 * The kind whose pods name objects of this kind as their owner, such as ReplicaSets, and have this label of its controller. Undefined if
 * there is none.
 */
export const kindThrough = (intermediate: string, hashLabel = TEMPLATE_HASH): OwnerKind | undefined =>
  kindsThrough.get(intermediate)?.find(({ addedLabels }) => hashLabel in addedLabels);
