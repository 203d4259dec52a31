import { keyOf } from '../../model.ts';
import { endOf, type Rule } from '../rule.ts';

/** A label that is removed and set again, or a webhook that is replaced, must not cost pods their sidecars. Milliseconds. */
export const ORPHANED_FOR = 60_000;

export const recentlyOrphaned: Rule<'recently-orphaned'> = {
  code: 'recently-orphaned',
  help: 'The pods of this workload became `orphaned` less than a minute ago. The restart waits, because a label may be set again.',
  ends: 'A minute has passed, or a label is set again.',
  lookAgain: 'on-change',
  changes: true,
  staysUntil({ workload, verdict }, { now, orphanedSince }) {
    const since = orphanedSince?.get(keyOf(workload));
    if (verdict.expected.placement !== 'none' || !orphanedSince) return Number.POSITIVE_INFINITY;
    return since === undefined ? now : endOf(since + ORPHANED_FOR, now);
  },
  check({ workload, verdict }, { now, orphanedSince }) {
    if (verdict.expected.placement !== 'none' || !orphanedSince) return undefined;
    const until = (orphanedSince.get(keyOf(workload)) ?? now) + ORPHANED_FOR;
    return until > now ? { detail: 'its pods have just become orphaned', until } : undefined;
  },
};
