import type { Rule } from '../rule.ts';
import { waveHold } from '../waveHold.ts';

export const wave: Rule<'wave'> = {
  code: 'wave',
  help: 'An earlier wave of the policy still has workloads to restart, or restarts in flight.',
  ends: 'Every earlier wave is done. `meltemi plan` and `meltemi status` show how far they are.',
  lookAgain: 'on-change',
  changes: true,
  // the state of the earlier wave changes it, and that is compared
  staysUntil: () => Number.POSITIVE_INFINITY,
  check: (assessed, context) => waveHold(assessed, context, ['waiting', 'running']),
};
