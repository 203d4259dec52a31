import type { Rule } from '../rule.ts';
import { waveHold } from '../waveHold.ts';

export const waveFailed: Rule<'wave-failed'> = {
  code: 'wave-failed',
  help:
    'More restarts of an earlier wave failed than its `maxFailures` allows. ' +
    'The next waves wait until those workloads are current and ready, or you run `meltemi resume`.',
  ends: 'Those workloads become current and ready, or you run `meltemi resume`.',
  lookAgain: 'on-change',
  changes: true,
  // it ends with the state of an earlier wave, and each evaluation compares those
  staysUntil: () => Number.POSITIVE_INFINITY,
  check: (assessed, context) => waveHold(assessed, context, ['failed']),
};
