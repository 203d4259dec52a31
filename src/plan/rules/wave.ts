import type { Rule } from '../rule.ts';
import { waveHold } from '../waveHold.ts';

export const wave: Rule<'wave'> = {
  code: 'wave',
  help: 'An earlier wave of the policy still has workloads to restart, or restarts in flight.',
  ends: 'Every earlier wave is done. `meltemi plan` and `meltemi status` show how far they are.',
  lookAgain: 'on-change',
  changes: true,
  // it ends with the state of an earlier wave, and each evaluation compares those
  staysUntil: () => Number.POSITIVE_INFINITY,
  check: (assessed, context) => waveHold(assessed, context, ['waiting', 'running']),
};
