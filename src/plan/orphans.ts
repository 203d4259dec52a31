import { type Assessed, bySidecar } from './assessed.ts';

/** Whether the pods of a workload are orphaned, of one of its sidecars. */
export const isOrphaned = (assessed: Assessed): boolean =>
  bySidecar(assessed).some(({ verdict }) => verdict.state === 'outdated' && verdict.expected.placement === 'none');
