import {
  type Budget,
  keyOf,
  type Owner,
  refOf,
  type Workload,
  type WorkloadKey,
  type WorkloadRef,
} from '../../model.ts';
import { type Assessed, type Outdated, wasRead } from '../assessed.ts';
import { budgetName, lowersAvailability } from '../budget.ts';
import { CUT, type JournalEntry, WRITTEN_WITHIN } from '../journalEntry.ts';
import { kindOfOwner } from '../kindOfOwner.ts';
import type { PlanContext } from '../planContext.ts';
import { fingerprint, targetsOf } from '../record.ts';
import { groupKeyOf } from '../rolloutGroups.ts';
import { REST_WAVE, type Wave } from '../wave.ts';
import type { WaveOf } from '../waveOf.ts';
import { InFlightBy } from './inFlightBy.ts';

export const MINUTE = 60_000;

/** Restarts that have all ended, and whose writes are more than a minute old. */
export interface PastRestarts {
  /** The latest of their writes, by the steady clock. */
  readonly lastWrite: number;
  /** What they were for. */
  readonly targets: Iterable<string>;
}

/** What is known of restarts when a plan begins. */
export interface KnownRestarts {
  readonly past: Iterable<PastRestarts>;
  /** All others. */
  readonly entries: Iterable<readonly [WorkloadKey, JournalEntry]>;
  /** The workload, unless it was not read or is only listed. */
  readonly find: (key: WorkloadKey) => Assessed | undefined;
}

/** When a write of which only the time of the decision is known was made at the latest, by the steady clock. */
export const writtenBy = (at: number, { now, wall }: Pick<PlanContext, 'now' | 'wall'>): number =>
  at + CUT + WRITTEN_WITHIN - wall + now;

/**
 * Counts restarts in flight and recent writes for the limits, from the journal and from the restarts that the plan starts. The estimate of
 * the end lets time pass and restarts end.
 */
export class Counts {
  #now: number;
  readonly #waveOf: WaveOf;
  #perNamespace = new Map<string, number>();
  /** By the place of the wave. One that was not read counts for every wave. */
  #perWave: number[];
  /** Workloads in flight for each budget, and for each kind of owner. */
  #perBudget = new InFlightBy();
  #perOwner = new InFlightBy();
  /** Workloads in flight under any budget, for each namespace. */
  #underAny = new InFlightBy();
  /** Workloads in flight for each rollout group. One that was not read counts for every group of its namespace. */
  #perGroup = new InFlightBy();
  /** Times of the writes of the last minute. */
  #writes: number[] = [];
  /** For each target: whether one of its restarts has ended or exceeded its time limit, for example because a user paused it. */
  #towards = new Map<string, boolean>();
  /** Workloads in flight that were not read. */
  readonly #unseen = new Set<WorkloadKey>();
  #inFlight = 0;
  #lastWrite = Number.NEGATIVE_INFINITY;
  #queued = 0;

  private constructor(now: number, waveOf: WaveOf) {
    this.#now = now;
    this.#waveOf = waveOf;
    this.#perWave = waveOf.waves.map(() => 0);
  }

  /** What is in flight, and was written within a minute, at the beginning of a plan. */
  static of(assessed: readonly Assessed[], context: PlanContext, waveOf: WaveOf): Counts {
    const known = assessed.filter(({ workload }) => wasRead(workload));
    const seen = new Map(known.map((one) => [keyOf(one.workload), one]));
    return Counts.in({ entries: context.journal, past: [], find: (key) => seen.get(key) }, context, waveOf);
  }

  /** The same, where most restarts are past. */
  static in(restarts: KnownRestarts, context: PlanContext, waveOf: WaveOf): Counts {
    const counts = new Counts(context.now, waveOf);
    counts.#countAll(restarts, context);
    return counts;
  }

  /** The same counts, which then go their own way. */
  copy(): Counts {
    const copy = new Counts(this.#now, this.#waveOf);
    copy.#perWave = [...this.#perWave];
    copy.#perNamespace = new Map(this.#perNamespace);
    copy.#perBudget = this.#perBudget.copy();
    copy.#perOwner = this.#perOwner.copy();
    copy.#underAny = this.#underAny.copy();
    copy.#perGroup = this.#perGroup.copy();
    copy.#towards = new Map(this.#towards);
    for (const key of this.#unseen) copy.#unseen.add(key);
    copy.#writes = [...this.#writes];
    copy.#inFlight = this.#inFlight;
    copy.#lastWrite = this.#lastWrite;
    return copy;
  }

  #countAll({ entries, past, find }: KnownRestarts, context: PlanContext): void {
    for (const { lastWrite, targets } of past) {
      this.#lastWrite = Math.max(this.#lastWrite, lastWrite);
      for (const target of targets) this.#towards.set(target, true);
    }
    for (const [key, entry] of entries) this.#countJournalled(key, entry, find(key), context);
    for (const key of context.starting) {
      const entry = context.journal.get(key);
      if (!entry || entry.outcome) this.#countKey(key, find(key));
      this.#note(context.now);
    }
  }

  #countJournalled(key: WorkloadKey, entry: JournalEntry, assessed: Assessed | undefined, context: PlanContext): void {
    // one whose write is not known to have been made may be written at any moment
    if (!context.starting.has(key)) this.#note(entry.confirmed || entry.outcome ? entry.since : context.now);
    // a time in the future is from another clock, and would make all workloads wait until then
    for (const { at } of entry.writes.slice(1).filter((write) => write.at <= context.wall))
      this.#note(Math.min(context.now, writtenBy(at, context)));
    if (!entry.outcome) this.#countEntry(key, entry, assessed);
    for (const { restartedFor, outcome } of targetsOf(entry)) {
      const isOver = outcome !== undefined || context.now > entry.since + context.policy.restartTimeout;
      this.#towards.set(restartedFor, this.#towards.get(restartedFor) === true || isOver);
    }
  }

  /** Restarts in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Workloads that have had their turn in the queue, including the current one. */
  get queued(): number {
    return this.#queued;
  }

  /** When the last write was made, or will be made. */
  get lastWrite(): number {
    return this.#lastWrite;
  }

  inNamespace(namespace: string): number {
    return this.#perNamespace.get(namespace) ?? 0;
  }

  /** The wave of a workload, and how many of it are, or may be, in flight. */
  inWave(workload: WorkloadRef): { readonly wave: Wave; readonly inFlight: number } {
    const index = this.#waveOf.indexOf(workload);
    return { wave: this.#waveOf.waves[index] ?? REST_WAVE, inFlight: this.#perWave[index] ?? 0 };
  }

  /** A workload that is, or may be, in flight under a budget. */
  underBudget(budget: Budget, namespace: string): WorkloadKey | undefined {
    // one that cannot be read may be any of the namespace
    const same = budget.name ? this.#perBudget.get(budgetName(budget)) : this.#underAny.get(namespace);
    return same ?? this.#perBudget.get(unknownIn({ namespace }));
  }

  /** A workload in flight that has the same kind of owner. */
  ofOwner(owner: Owner): WorkloadKey | undefined {
    return this.#perOwner.get(kindOfOwner(owner));
  }

  /** A workload that is, or may be, in flight in a rollout group of a namespace. */
  ofGroup(group: string, namespace: string): WorkloadKey | undefined {
    return this.#perGroup.get(group) ?? this.#perGroup.get(namespace);
  }

  /** Whether restarts for this target have begun and none has ended. */
  isFirstUnderWay(target: string): boolean {
    return this.#towards.get(target) === false;
  }

  /** Times of the writes of the last minute, in order. */
  writes(): readonly number[] {
    return this.#writes.sort((a, b) => a - b);
  }

  /** Takes so many workloads as waiting in the queue. */
  setQueued(workloads: number): void {
    this.#queued = workloads;
  }

  /** Lets time pass. */
  moveTo(now: number): void {
    this.#now = now;
    if (this.#writes.length > 0) this.#writes = this.#writes.filter((time) => time > now - MINUTE);
  }

  /** A restart has ended. @param target what it was for; undefined if its workload is not known */
  end(key: WorkloadKey, target: string | undefined): void {
    const { namespace } = refOf(key);
    const own = this.#waveOf.indexOf(refOf(key));
    for (const index of this.#perWave.keys()) if (index === own || this.#unseen.has(key)) this.#countInWave(index, -1);
    this.#inFlight -= 1;
    this.#perNamespace.set(namespace, this.inNamespace(namespace) - 1);
    for (const counted of [this.#perBudget, this.#perOwner, this.#underAny, this.#perGroup]) counted.forget(key);
    if (target !== undefined) this.#towards.set(target, true);
  }

  /** Counts the next workload of the queue and returns its place. */
  next(): number {
    this.#queued += 1;
    return this.#queued;
  }

  /** Counts a restart that begins now. @param together the other sidecars that it is for, too */
  start(assessed: Outdated, together: readonly Outdated[] = []): void {
    this.#count(assessed);
    this.#note(this.#now);
    for (const { verdict } of [assessed, ...together]) {
      const target = fingerprint(verdict.expected);
      this.#towards.set(target, this.#towards.get(target) ?? false);
    }
  }

  /** Counts a restart in flight, even if its workload could not be read. Its budgets are known only if it was read. */
  #countEntry(key: WorkloadKey, { owner }: JournalEntry, assessed: Assessed | undefined): void {
    this.#countKey(key, assessed);
    if (owner !== undefined) this.#perOwner.add(owner, key);
  }

  #countKey(key: WorkloadKey, assessed: Assessed | undefined): void {
    if (assessed) this.#count(assessed);
    else this.#countUnseen(key);
  }

  #countUnseen(key: WorkloadKey): void {
    const { namespace } = refOf(key);
    this.#countIn(namespace);
    this.#perBudget.add(unknownIn({ namespace }), key);
    this.#perGroup.add(namespace, key);
    for (const index of this.#perWave.keys()) this.#countInWave(index, 1);
    this.#unseen.add(key);
  }

  #countInWave(index: number, by: 1 | -1): void {
    this.#perWave[index] = (this.#perWave[index] ?? 0) + by;
  }

  #countIn(namespace: string): void {
    this.#inFlight += 1;
    this.#perNamespace.set(namespace, (this.#perNamespace.get(namespace) ?? 0) + 1);
  }

  #count({ workload, budgets }: Assessed): void {
    const key = keyOf(workload);
    this.#countIn(workload.namespace);
    this.#countInWave(this.#waveOf.indexOf(workload), 1);
    if (lowersAvailability(workload))
      for (const budget of budgets) {
        this.#perBudget.add(budget.name ? budgetName(budget) : unknownIn(workload), key);
        this.#underAny.add(workload.namespace, key);
      }
    if (workload.owner) this.#perOwner.add(kindOfOwner(workload.owner), key);
    const group = groupKeyOf(workload);
    if (group !== undefined) this.#perGroup.add(group, key);
  }

  /** @param time of the write; now, if it is about to be made */
  #note(time: number): void {
    this.#lastWrite = Math.max(this.#lastWrite, time);
    if (time > this.#now - MINUTE) this.#writes.push(time);
  }
}

/** A placeholder for the unreadable budgets of a workload in flight: it counts for every budget of the namespace. */
const unknownIn = ({ namespace }: Pick<Workload, 'namespace'>): string => `unreadable budgets of ${namespace}`;
