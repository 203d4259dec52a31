import { FORTSA_RESTARTED_AT, RESTARTED_AT } from '../../names.ts';
import { parseTime, timestamp } from '../../rfc3339.ts';
import { recordOf } from '../record.ts';
import { lastBegun } from '../rollout.ts';
import type { Rule } from '../rule.ts';

/** After anyone's restart: our own by the steady clock, others' by the wall clock. A time in the future does not count. */
export const cooldown: Rule<'cooldown'> = {
  code: 'cooldown',
  help: 'The workload was restarted less than `--annotation-cooldown` ago.',
  ends: '`--annotation-cooldown` has passed since the last restart.',
  lookAgain: 'on-change',
  changes: true,
  check({ workload, entry }, { now, wall, policy }) {
    const { annotations } = workload.template;
    const written = [
      recordOf(workload)?.restartedAt,
      lastBegun(workload),
      ...[FORTSA_RESTARTED_AT, RESTARTED_AT].map((key) => parseTime(annotations[key])),
    ];
    const others = written.flatMap((time) => (time !== undefined && time <= wall ? time : []));
    const last = Math.max(entry?.since ?? Number.NEGATIVE_INFINITY, ...others.map((time) => time - wall + now));
    const until = last + policy.annotationCooldown;
    return until > now ? { detail: `restarted at ${timestamp(last - now + wall)}`, until } : undefined;
  },
};
