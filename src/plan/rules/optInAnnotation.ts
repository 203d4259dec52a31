import { RESTART_ANNOTATION } from '../../names.ts';
import type { Assessed } from '../assessed.ts';

/** The value of the annotation for opting in or out, and the object that carries it. */
export interface OptIn {
  readonly value: string;
  readonly where: string;
}

/** The workload's own annotation wins over its namespace's. */
export function optInOf({ workload, namespace }: Assessed): OptIn | undefined {
  const own = workload.annotations[RESTART_ANNOTATION];
  if (own !== undefined) return { value: own, where: 'the workload' };
  const general = namespace.annotations[RESTART_ANNOTATION];
  return general === undefined ? undefined : { value: general, where: `namespace ${workload.namespace}` };
}
