import type { Limit } from './limit.ts';

export const maxInFlightPerNamespace: Limit<'max-in-flight-per-namespace'> = {
  code: 'max-in-flight-per-namespace',
  help: 'The limit of restarts in flight in this namespace is reached.',
  ends: 'The other restart ends. Or raise `--max-in-flight-per-namespace`.',
  lookAgain: 'on-change',
  check({ workload }, counts, { policy: { maxInFlightPerNamespace: most } }) {
    const here = counts.inNamespace(workload.namespace);
    if (here < most) return undefined;
    return { detail: `${here} of ${most} are in flight in this namespace` };
  },
};
