import type { Rule } from '../rule.ts';
import { waveHold } from '../waveHold.ts';

export const waveBaking: Rule<'wave-baking'> = {
  code: 'wave-baking',
  help: 'Everything in an earlier wave is restarted, and its bake has not passed, or one of its metric gates is closed.',
  lookAgain: 'on-change',
  check: (assessed, context) => waveHold(assessed, context, ['baking']),
};
