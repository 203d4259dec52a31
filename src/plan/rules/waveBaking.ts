import type { Rule } from '../rule.ts';
import { waveHold } from '../waveHold.ts';

export const waveBaking: Rule<'wave-baking'> = {
  code: 'wave-baking',
  help: 'All restarts of an earlier wave have ended, but its bake has not passed, or one of its metric gates is closed.',
  ends: 'The bake of the earlier wave has passed, and its metric gates are open.',
  lookAgain: 'on-change',
  changes: true,
  // it ends with the state of an earlier wave, and each evaluation compares those
  staysUntil: () => Number.POSITIVE_INFINITY,
  check: (assessed, context) => waveHold(assessed, context, ['baking']),
};
