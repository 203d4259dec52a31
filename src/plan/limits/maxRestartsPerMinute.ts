import { MINUTE } from './counts.ts';
import type { Limit } from './limit.ts';

export const maxRestartsPerMinute: Limit<'max-restarts-per-minute'> = {
  code: 'max-restarts-per-minute',
  help: 'The limit of restarts within a minute is reached.',
  ends: 'A minute has passed since one of the restarts. Or raise `--max-restarts-per-minute`.',
  lookAgain: 'on-change',
  check(_assessed, counts, { now, policy: { maxRestartsPerMinute: rate } }) {
    if (rate <= 0) return undefined;
    const recent = counts.writes();
    if (recent.length < rate) return undefined;
    const until = (recent.at(-rate) ?? now) + MINUTE;
    return { detail: `${recent.length} of ${rate} restarts were made within the last minute`, until };
  },
};
