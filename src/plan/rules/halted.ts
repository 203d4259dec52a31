import { PRODUCT } from '../../names.ts';
import { haltOf } from '../halts.ts';
import type { Rule } from '../rule.ts';

export const halted: Rule<'halted'> = {
  code: 'halted',
  endedBy: `${PRODUCT} resume -n {meltemi}`,
  help:
    'Too many restarts failed, or new pods became ready without their sidecar, in this namespace or in several. ' +
    'Restarts wait until the injector changes or you run `meltemi resume`.',
  ends: 'The injector changes, or you run `meltemi resume`.',
  lookAgain: 'on-change',
  heldBy: 'failed restarts',
  betweenPods: true,
  check: ({ injection, workload }, context) => haltOf(injection, workload.namespace, context),
};
