import type { Verdict } from '../../../../src/compare/verdict.ts';
import { keyOf, type WorkloadKey } from '../../../../src/model.ts';
import type { Assessed } from '../../../../src/plan/assessed.ts';
import type { Forecast } from '../../../../src/plan/eta/forecast.ts';
import { forecastOf } from '../../../../src/plan/eta/forecast.ts';
import { endedEntry, type JournalEntry } from '../../../../src/plan/journalEntry.ts';
import { nextEntry } from '../../../../src/plan/nextEntry.ts';
import { type Planned, plan } from '../../../../src/plan/plan.ts';
import type { RunNotes } from '../../../../src/plan/runNotes.ts';
import { context } from '../../../builders/policy.ts';
import { expected, NOW } from '../../../builders/workload.ts';
import type { RandomCluster } from './randomCluster.ts';

/** A restart as it was made. */
export interface Made {
  readonly key: WorkloadKey;
  readonly began: number;
  readonly ended: number;
}

/** How a run went, and what was expected of it on the way. */
export interface PlayedRun {
  readonly began: number;
  readonly ended: number;
  readonly restarts: readonly Made[];
  readonly forecasts: readonly Forecast[];
}

/** Lets the planner restart a cluster to the end, in virtual time: at each end of a restart it plans again, as the operator does. */
export function playedRun(
  cluster: RandomCluster,
  { forecasts = 20, own }: { readonly forecasts?: number; readonly own?: WorkloadKey } = {},
): PlayedRun {
  const world = new World(cluster);
  const made: Forecast[] = [];
  for (;;) {
    const { now, journal, notes } = world;
    const at = context({ now, wall: now, journal, policy: cluster.policy, own, notes: new Map(notes) });
    const { items, toNote, wakeAt = Number.POSITIVE_INFINITY } = plan(world.assessed, at);
    for (const [run, news] of toNote) notes.set(run, { ...notes.get(run), ...news });
    if (made.length < forecasts && world.restarts.length >= (made.length * cluster.assessed.length) / forecasts)
      made.push(forecastOf({ items, context: { ...at, journal: new Map(journal) } }));
    for (const one of items) if (one.step.action === 'restart') world.begin(one);
    const next = Math.min(wakeAt, world.nextEnd);
    if (next === Number.POSITIVE_INFINITY) return { began: NOW, ended: now, restarts: world.restarts, forecasts: made };
    world.passTo(next);
  }
}

/** The workloads, whose restarts take as long as the cluster says. */
class World {
  readonly #cluster: RandomCluster;
  readonly #known: Map<WorkloadKey, Assessed>;
  readonly #ends = new Map<WorkloadKey, number>();
  readonly journal = new Map<WorkloadKey, JournalEntry>();
  readonly notes = new Map<string, RunNotes>();
  readonly restarts: Made[] = [];
  now = NOW;

  constructor(cluster: RandomCluster) {
    this.#cluster = cluster;
    this.#known = new Map(cluster.assessed.map((one) => [keyOf(one.workload), one]));
  }

  get assessed(): Assessed[] {
    return [...this.#known.values()];
  }

  get nextEnd(): number {
    return Math.min(...this.#ends.values());
  }

  begin(one: Planned): void {
    const key = keyOf(one.workload);
    const entry = begun(one, this.now);
    this.#note(key, { entry });
    this.#ends.set(key, this.now + (this.#cluster.durations.get(key) as number));
  }

  passTo(time: number): void {
    this.now = time;
    for (const [key, end] of this.#ends) {
      if (end > time) continue;
      this.#ends.delete(key);
      const entry = this.journal.get(key) as JournalEntry;
      this.restarts.push({ key, began: entry.since, ended: time });
      const verdict: Verdict = { state: 'current', expected: expected(), drifts: [] };
      this.#note(key, { entry: endedEntry(entry, 'verified', new Map(), time), verdict });
    }
  }

  #note(key: WorkloadKey, given: { readonly entry: JournalEntry; readonly verdict?: Verdict }): void {
    this.journal.set(key, given.entry);
    this.#known.set(key, { ...(this.#known.get(key) as Assessed), ...given });
  }
}

function begun(planned: Planned, now: number): JournalEntry {
  if (planned.verdict.state !== 'outdated' || !planned.injection) throw new Error('only outdated ones are restarted');
  const { verdict, injection } = planned;
  return { ...nextEntry({ ...planned, verdict, injection }, { wall: now, now }), confirmed: true };
}
