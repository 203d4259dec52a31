import { doNotDisruptIn } from '../names.ts';
import type { Assessed } from './assessed.ts';

/** Who asks that the pods of a workload are not disrupted, in words; undefined if nobody does. */
export function doNotDisruptWords({ workload, groups }: Pick<Assessed, 'workload' | 'groups'>): string | undefined {
  const ofTemplate = doNotDisruptIn(workload.template.annotations);
  if (ofTemplate !== undefined) return `its pod template has ${ofTemplate}`;
  const asking = groups.filter(({ doNotDisrupt }) => doNotDisrupt !== undefined);
  const pods = asking.reduce((sum, { count }) => sum + count, 0);
  return pods === 0 ? undefined : `${pods} of its pods ${pods === 1 ? 'has' : 'have'} ${asking[0]?.doNotDisrupt}`;
}
