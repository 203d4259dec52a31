import { keyOf } from '../../model.ts';
import { isContradiction } from '../contradictions.ts';
import { endOf, type Rule } from '../rule.ts';

/** Longer than an istiod takes to read its configuration. Milliseconds. */
export const CONTRADICTED_FOR = 30_000;

/**
 * Counts from when this process sees the contradiction, because a leader that has just taken over may have asked the one replica that is
 * behind. The write asks once more.
 */
export const answerContradicted: Rule<'answer-contradicted'> = {
  code: 'answer-contradicted',
  help:
    'A restart for another sidecar was verified, and now the injector gives another answer, although its configuration is the same. ' +
    'The restart waits for half a minute, because one replica of istiod may be behind.',
  ends: 'Half a minute has passed, or the injector gives the answer again that the workload was restarted for.',
  lookAgain: 'on-change',
  changes: true,
  staysUntil(assessed, { now, contradictedSince }) {
    if (!contradictedSince || !isContradiction(assessed)) return Number.POSITIVE_INFINITY;
    const since = contradictedSince.get(keyOf(assessed.workload));
    return since === undefined ? now : endOf(since + CONTRADICTED_FOR, now);
  },
  check(assessed, { now, contradictedSince }) {
    if (!contradictedSince || !isContradiction(assessed)) return undefined;
    const until = (contradictedSince.get(keyOf(assessed.workload)) ?? now) + CONTRADICTED_FOR;
    return until > now ? { detail: 'the injector answers otherwise than at the last restart', until } : undefined;
  },
};
