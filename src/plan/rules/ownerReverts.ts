import { PRODUCT } from '../../names.ts';
import { everywhereOrHere } from '../halts.ts';
import { kindOfOwner } from '../kindOfOwner.ts';
import type { Rule } from '../rule.ts';

export const ownerReverts: Rule<'owner-reverts'> = {
  code: 'owner-reverts',
  endedBy: `${PRODUCT} resume -n {meltemi}`,
  help:
    'An owner of the same kind has reverted a restart of another workload, in this namespace or in several. ' +
    'Restarts wait until the injector changes or you run `meltemi resume`.',
  ends: 'The injector changes, or you run `meltemi resume`.',
  lookAgain: 'on-change',
  heldBy: 'failed restarts',
  holdsNoWave: true,
  check({ workload, injection }, context) {
    if (!workload.owner) return undefined;
    const kind = kindOfOwner(workload.owner);
    const { reverted } = context.history;
    const one = everywhereOrHere(reverted, `${injection.run} ${kind}`, injection.run, workload.namespace, context);
    return one === undefined ? undefined : { detail: `the restart of ${one}, owned by a ${kind}, was reverted` };
  },
};
