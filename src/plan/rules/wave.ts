import type { Rule } from '../rule.ts';
import { waveHold } from '../waveHold.ts';

export const wave: Rule<'wave'> = {
  code: 'wave',
  help: 'Workloads of an earlier wave of the policy are still to be restarted, or are being restarted.',
  ends: 'Every earlier wave is done. `meltemi plan` shows how far they are.',
  lookAgain: 'on-change',
  check: (assessed, context) => waveHold(assessed, context, ['waiting', 'running']),
};
