import { isAtWork } from '../canaries.ts';
import type { Rule } from '../rule.ts';

/** A restart of the primary would disturb what Flagger compares with the canary, and a promotion would overtake it. */
export const canaryAnalysis: Rule<'canary-analysis'> = {
  code: 'canary-analysis',
  help:
    'A Canary of Flagger is being initialized, analysed or promoted, or Meltemi may not read it. The primary is restarted when that has ' +
    'ended.',
  ends: 'Flagger ends its work on the Canary, or Meltemi gets the right to read Canaries.',
  lookAgain: 30_000,
  heldBy: 'its own state',
  betweenPods: true,
  check({ canary: role }) {
    if (role?.role !== 'primary' || !isAtWork(role.canary)) return undefined;
    const { name, phase } = role.canary;
    if (phase === undefined) return { detail: `Canary ${name} may not be read` };
    return { detail: phase === '' ? `Canary ${name} has no phase yet` : `Canary ${name} is ${phase}` };
  },
};
