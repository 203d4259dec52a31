import type { Actuator } from '../restart/actuator.ts';
import { byEviction } from '../restart/byEviction.ts';
import type { OwnerKind } from './ownerKind.ts';

/** All the ways in which the workloads of a kind are restarted, the usual one first. */
export const waysToRestart = ({ actuator, evicts }: OwnerKind): readonly Actuator[] =>
  evicts && actuator !== byEviction ? [actuator, byEviction] : [actuator];
