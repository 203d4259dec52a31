import { counted } from '../../counted.ts';
import type { Outdated } from '../assessed.ts';
import { LONGEST_SKEW } from '../nextEntry.ts';
import { recordOf, writesOf } from '../record.ts';
import type { Rule } from '../rule.ts';
import type { Finding } from '../wait.ts';

const DAY = 24 * 60 * 60 * 1000;

/** Restarts within a day that ended well: more than an upgrade and its corrections need, fewer than an injector that flaps would cause. */
const WELL_PER_DAY = 10;

export const dailyCap: Rule<'daily-cap'> = {
  code: 'daily-cap',
  help:
    'Within 24 hours, as many restarts of this workload ended badly as `--max-restarts-per-day` allows, or ten ended well. ' +
    'The next one waits until one of them is a day old.',
  ends: 'One of the restarts is a day old.',
  lookAgain: 'on-change',
  changes: true,
  staysUntil(assessed, { now, wall }) {
    const times = [...writesOn(assessed).keys()].flatMap((at) => [at - LONGEST_SKEW, at + DAY]);
    return Math.min(...times.filter((time) => time > wall), Number.POSITIVE_INFINITY) - wall + now;
  },
  check(assessed, { now, wall, policy }) {
    // this is asked of thousands that were never restarted
    if (!assessed.entry && !recordOf(assessed.workload)) return undefined;
    const recent = [...writesOn(assessed)].filter(([at]) => at > wall - DAY && at <= wall + LONGEST_SKEW);
    const times = (well: boolean): number[] => recent.flatMap(([at, was]) => (was === well ? at : []));
    const { maxRestartsPerDay } = policy;
    const capped =
      cappedBy(times(false), maxRestartsPerDay, 'did not end well') ??
      cappedBy(times(true), WELL_PER_DAY, 'ended well');
    return capped && { detail: capped.detail, until: capped.until - wall + now };
  },
};

/** The record on the workload can add restarts that the journal does not know, and changes none that it knows. */
const writesOn = ({ workload, entry }: Outdated): ReadonlyMap<number, boolean> =>
  new Map([recordOf(workload), entry].flatMap((one) => (one ? writesOf(one) : [])).map(({ at, well }) => [at, well]));

/** The cap that is reached, and until when by the wall clock; undefined if it is not. */
function cappedBy(
  times: readonly number[],
  most: number,
  how: string,
): Required<Pick<Finding, 'detail' | 'until'>> | undefined {
  const first = times.toSorted((a, b) => b - a)[most - 1];
  if (first === undefined) return undefined;
  return {
    detail: `${counted(times.length, 'restart')} within 24 hours ${how}, the limit is ${most}`,
    until: first + DAY,
  };
}
