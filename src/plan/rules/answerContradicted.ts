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
    'The injector no longer gives the sidecar that the last verified restart brought, although its configuration is the same. ' +
    'The next restart waits for half a minute, because one replica of istiod may be behind.',
  ends: 'Half a minute has passed, or the injector gives the earlier answer again.',
  lookAgain: 'on-change',
  ...whileRecent({
    isSo: isContradiction,
    since: ({ contradictedSince }) => contradictedSince,
    lasts: 30_000,
    detail: 'the injector no longer gives the sidecar of the last restart',
  }),
};
