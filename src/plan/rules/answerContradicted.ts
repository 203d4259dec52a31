import { isContradiction } from '../contradictions.ts';
import type { Rule } from '../rule.ts';
import { whileRecent } from '../whileRecent.ts';

/**
 * Counts from when this process sees the contradiction, because a leader that has just taken over may have asked the one replica that is
 * behind. It lasts longer than an istiod takes to read its configuration, and the write asks once more.
 */
export const answerContradicted: Rule<'answer-contradicted'> = {
  code: 'answer-contradicted',
  help:
    'A restart for another sidecar was verified, and now the injector gives another answer, although its configuration is the same. ' +
    'The restart waits for half a minute, because one replica of istiod may be behind.',
  ends: 'Half a minute has passed, or the injector gives the answer again that the workload was restarted for.',
  lookAgain: 'on-change',
  ...whileRecent({
    isSo: isContradiction,
    since: ({ contradictedSince }) => contradictedSince,
    lasts: 30_000,
    detail: 'the injector answers otherwise than at the last restart',
  }),
};
