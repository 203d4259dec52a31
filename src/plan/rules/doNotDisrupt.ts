import { DO_NOT_DISRUPT_KEYS } from '../../names.ts';
import { doNotDisruptWords } from '../doNotDisrupt.ts';
import type { Rule } from '../rule.ts';

/** The annotations are about node autoscalers. A rollout ignores them, so they count only where the policy says so. */
export const doNotDisrupt: Rule<'do-not-disrupt'> = {
  code: 'do-not-disrupt',
  help:
    `The pod template or a pod asks not to be disrupted (${DO_NOT_DISRUPT_KEYS.map((key) => `\`${key}\``).join(' or ')}), ` +
    'and `--do-not-disrupt=hold` respects that.',
  ends: 'The annotation is removed, or the pods that have it end. Or set `--do-not-disrupt=ignore`.',
  // the pods that ask may end
  lookAgain: 60_000,
  heldBy: 'its owners',
  holdsNoWave: true,
  betweenPods: true,
  check(assessed, { policy }) {
    if (policy.doNotDisrupt === 'ignore') return undefined;
    const detail = doNotDisruptWords(assessed);
    return detail === undefined ? undefined : { detail };
  },
};
