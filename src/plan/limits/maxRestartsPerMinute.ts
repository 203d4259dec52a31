import { MINUTE } from './counts.ts';
import type { Limit } from './limit.ts';

export const maxRestartsPerMinute: Limit<'max-restarts-per-minute'> = {
  code: 'max-restarts-per-minute',
  help: 'As many restarts were written within the last minute as allowed.',
  lookAgain: 'on-change',
  check(_assessed, counts, { now, policy: { maxRestartsPerMinute: rate } }) {
    if (rate <= 0) return undefined;
    const recent = counts.writes();
    if (recent.length < rate) return undefined;
    const until = (recent.at(-rate) ?? now) + MINUTE;
    return { detail: `${recent.length} of ${rate} within the last minute`, until };
  },
};
