import type { Verdict } from '../../../../src/compare/verdict.ts';
import { keyOf, type WorkloadKey } from '../../../../src/model.ts';
import { type Assessed, isOutdated } from '../../../../src/plan/assessed.ts';
import type { Forecast } from '../../../../src/plan/eta/forecast.ts';
import { forecastOf } from '../../../../src/plan/eta/forecast.ts';
import { endedEntry, type JournalEntry } from '../../../../src/plan/journalEntry.ts';
import { nextEntry } from '../../../../src/plan/nextEntry.ts';
import { plan } from '../../../../src/plan/plan.ts';
import { context } from '../../../builders/policy.ts';
import { expected, NOW } from '../../../builders/workload.ts';
import { exactly } from './exactly.ts';
import type { RandomCluster } from './randomCluster.ts';

/** What was expected of a run at a moment of it, and when it really ended. */
export interface Foreseen {
  readonly forecast: Forecast;
  readonly at: number;
  readonly began: number;
  readonly ended: number;
}

const CURRENT: Verdict = { state: 'current', expected: expected(), drifts: [] };

/**
 * Lets a run go its way, and asks for an estimate when these shares of its time have passed. The way is that of `exactly`, which is the one
 * that repeated plans take, as another test shows, in a fraction of their time.
 */
export function foreseen(cluster: RandomCluster, shares: readonly number[]): Foreseen[] {
  const done = exactly(cluster);
  const ended = Math.max(...done.values());
  return shares.map((share) => {
    const at = NOW + Math.round(share * (ended - NOW));
    return { forecast: forecastAt(cluster, done, at), at, began: NOW, ended };
  });
}

function forecastAt(cluster: RandomCluster, done: ReadonlyMap<WorkloadKey, number>, now: number): Forecast {
  const journal = new Map<WorkloadKey, JournalEntry>();
  const assessed = cluster.assessed.map((one): Assessed => {
    const key = keyOf(one.workload);
    const end = done.get(key) as number;
    const began = end - (cluster.durations.get(key) as number);
    if (began > now || !isOutdated(one)) return one;
    const begun = { ...nextEntry(one, { wall: began, now: began }), confirmed: true };
    const entry = end <= now ? endedEntry(begun, 'verified', new Map(), end) : begun;
    journal.set(key, entry);
    return { ...one, entry, ...(end <= now && { verdict: CURRENT }) };
  });
  const at = context({ now, wall: now, journal, policy: cluster.policy });
  return forecastOf({ items: plan(assessed, at).items, context: at });
}
