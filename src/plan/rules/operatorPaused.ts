import type { Rule } from '../rule.ts';

export const operatorPaused: Rule<'operator-paused'> = {
  code: 'operator-paused',
  help: 'A user has paused Meltemi with the annotation on its Lease or with `meltemi pause`.',
  lookAgain: 'on-change',
  check: (_assessed, { paused }) => (paused === undefined ? undefined : { detail: paused }),
};
