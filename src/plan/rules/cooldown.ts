import { FORTSA_RESTARTED_AT, RESTARTED_AT } from '../../names.ts';
import { parseTime, timestamp } from '../../rfc3339.ts';
import type { Outdated } from '../assessed.ts';
import { recordOf } from '../record.ts';
import { lastBegun } from '../rollout.ts';
import { endOf, type Rule, type RuleContext } from '../rule.ts';

/** After anyone's restart: our own by the steady clock, others' by the wall clock. A time in the future does not count. */
export const cooldown: Rule<'cooldown'> = {
  code: 'cooldown',
  help: 'The workload was restarted less than `--annotation-cooldown` ago.',
  ends: '`--annotation-cooldown` has passed since the last restart.',
  lookAgain: 'on-change',
  changes: true,
  staysUntil(assessed, context) {
    const { now, wall, policy } = context;
    const coming = writtenOn(assessed).filter((time) => time > wall);
    const ends = endOf(lastOf(assessed, context) + policy.annotationCooldown, now);
    return Math.min(ends, ...coming.map((time) => time - wall + now));
  },
  check(assessed, context) {
    const { now, wall, policy } = context;
    const last = lastOf(assessed, context);
    const until = last + policy.annotationCooldown;
    return until > now ? { detail: `restarted at ${timestamp(last - now + wall)}`, until } : undefined;
  },
};

/** The times of restarts that stand on the workload, whoever wrote them. */
const writtenOn = ({ workload }: Outdated): readonly number[] =>
  [
    recordOf(workload)?.restartedAt,
    lastBegun(workload),
    ...[FORTSA_RESTARTED_AT, RESTARTED_AT].map((key) => parseTime(workload.template.annotations[key])),
  ].filter((time) => time !== undefined);

/** When the last restart began, by the steady clock. */
const lastOf = (assessed: Outdated, { now, wall }: Pick<RuleContext, 'now' | 'wall'>): number =>
  Math.max(
    assessed.entry?.since ?? Number.NEGATIVE_INFINITY,
    ...writtenOn(assessed).flatMap((time) => (time <= wall ? time - wall + now : [])),
  );
