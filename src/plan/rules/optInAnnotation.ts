import { RESTART_ANNOTATION } from '../../names.ts';
import type { Assessed } from '../assessed.ts';

/** What the annotation that lets people opt in and out says, and where it stands. */
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
