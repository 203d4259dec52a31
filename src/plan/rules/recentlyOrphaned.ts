import type { Rule } from '../rule.ts';
import { whileRecent } from '../whileRecent.ts';

/** A label that is removed and set again, or a webhook that is replaced, must not cost pods their sidecars. */
export const recentlyOrphaned: Rule<'recently-orphaned'> = {
  code: 'recently-orphaned',
  help: 'The pods of this workload became `orphaned` less than a minute ago. The restart waits, because a label may be set again.',
  ends: 'A minute has passed, or a label is set again.',
  lookAgain: 'on-change',
  ...whileRecent({
    isSo: ({ verdict }) => verdict.expected.placement === 'none',
    since: ({ orphanedSince }) => orphanedSince,
    lasts: 60_000,
    detail: 'its pods have just become orphaned',
  }),
};
