import { RESTART_ANNOTATION } from '../../names.ts';
import type { Rule } from '../rule.ts';
import { optInOf } from './optInAnnotation.ts';

export const notOptedIn: Rule<'not-opted-in'> = {
  code: 'not-opted-in',
  help: `Only what carries \`${RESTART_ANNOTATION}: "true"\` is restarted (\`optIn\`), and it does not.`,
  // usually many workloads wait for this, and a namespace event or an edit of the policy releases most of them at once
  lookAgain: 120_000,
  check(assessed, { policy }) {
    if (!policy.optIn || optInOf(assessed)?.value === 'true') return undefined;
    return { detail: `neither the workload nor its namespace has ${RESTART_ANNOTATION}: "true"` };
  },
};
