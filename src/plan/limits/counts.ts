import { type Budget, keyOf, type Owner, refOf, type Workload, type WorkloadKey } from '../../model.ts';
import type { Assessed, Outdated } from '../assessed.ts';
import { budgetName, lowersAvailability } from '../budget.ts';
import { kindOfOwner } from '../history.ts';
import { CUT, type JournalEntry, WRITTEN_WITHIN } from '../journalEntry.ts';
import { fingerprint } from '../record.ts';
import type { PlanContext } from '../rule.ts';

export const MINUTE = 60_000;

/** Counts for the limits while a plan is made: restarts in flight and last writes, from the journal and from the plan's own starts. */
export class Counts {
  readonly #now: number;
  readonly #perNamespace = new Map<string, number>();
  /** What is in flight under each budget, and of each kind of owner. */
  readonly #perBudget = new Map<string, WorkloadKey>();
  readonly #perOwner = new Map<string, WorkloadKey>();
  /** Times of the writes of the last minute. */
  readonly #writes: number[] = [];
  /** Of each target that restarts are made for, whether one of them has ended, or had its time: its people may have paused it. */
  readonly #towards = new Map<string, boolean>();
  #inFlight = 0;
  #lastWrite = Number.NEGATIVE_INFINITY;
  #queued = 0;

  constructor(assessed: readonly Assessed[], context: PlanContext) {
    this.#now = context.now;
    const seen = new Map(assessed.map((one) => [keyOf(one.workload), one]));
    for (const [key, entry] of context.journal) {
      if (!context.starting.has(key)) this.#note(entry.since);
      // a time ahead is no time of this clock, and would hold everyone until it has come
      for (const { at } of entry.writes.slice(1).filter((write) => write.at <= context.wall))
        this.#note(Math.min(context.now, at + CUT + WRITTEN_WITHIN - context.wall + context.now));
      if (!entry.outcome) this.#countEntry(key, entry, seen.get(key));
      const isOver = entry.outcome !== undefined || context.now > entry.since + context.policy.restartTimeout;
      this.#towards.set(entry.restartedFor, this.#towards.get(entry.restartedFor) === true || isOver);
    }
    for (const key of context.starting) {
      const entry = context.journal.get(key);
      if (!entry || entry.outcome) this.#countKey(key, seen.get(key));
      this.#note(context.now);
    }
  }

  /** Restarts in flight. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Workloads that have had their turn in the queue, the one at hand included. */
  get queued(): number {
    return this.#queued;
  }

  /** When the last write was, or is about to be. */
  get lastWrite(): number {
    return this.#lastWrite;
  }

  inNamespace(namespace: string): number {
    return this.#perNamespace.get(namespace) ?? 0;
  }

  /** What is in flight under a budget, or may be. */
  underBudget(budget: Budget, namespace: string): WorkloadKey | undefined {
    return this.#perBudget.get(budgetName(budget)) ?? this.#perBudget.get(unknownIn({ namespace }));
  }

  /** What is in flight and has the same kind of owner. */
  ofOwner(owner: Owner): WorkloadKey | undefined {
    return this.#perOwner.get(kindOfOwner(owner));
  }

  /** Whether restarts for this target have begun and none has ended. */
  isFirstUnderWay(target: string): boolean {
    return this.#towards.get(target) === false;
  }

  /** Times of the writes of the last minute, in order. */
  writes(): readonly number[] {
    return this.#writes.sort((a, b) => a - b);
  }

  /** Another workload has its turn. Returns its place. */
  next(): number {
    this.#queued += 1;
    return this.#queued;
  }

  /** A restart begins now. */
  start(assessed: Outdated): void {
    this.#count(assessed);
    this.#note(this.#now);
    const target = fingerprint(assessed.verdict.expected);
    this.#towards.set(target, this.#towards.get(target) ?? false);
  }

  /** A restart is in flight whether or not its workload could be seen; its budgets are known only where it was. */
  #countEntry(key: WorkloadKey, { owner }: JournalEntry, assessed: Assessed | undefined): void {
    this.#countKey(key, assessed);
    if (owner !== undefined) this.#perOwner.set(owner, key);
  }

  #countKey(key: WorkloadKey, assessed: Assessed | undefined): void {
    if (assessed) this.#count(assessed);
    else this.#countUnseen(key);
  }

  #countUnseen(key: WorkloadKey): void {
    const { namespace } = refOf(key);
    this.#countIn(namespace);
    this.#perBudget.set(unknownIn({ namespace }), key);
  }

  #countIn(namespace: string): void {
    this.#inFlight += 1;
    this.#perNamespace.set(namespace, (this.#perNamespace.get(namespace) ?? 0) + 1);
  }

  #count({ workload, budgets }: Assessed): void {
    const key = keyOf(workload);
    this.#countIn(workload.namespace);
    if (lowersAvailability(workload))
      for (const budget of budgets) this.#perBudget.set(budget.name ? budgetName(budget) : unknownIn(workload), key);
    if (workload.owner) this.#perOwner.set(kindOfOwner(workload.owner), key);
  }

  /** @param time of a write; of one that is made any moment, now */
  #note(time: number): void {
    this.#lastWrite = Math.max(this.#lastWrite, time);
    if (time > this.#now - MINUTE) this.#writes.push(time);
  }
}

/** Stands for the budgets of a workload in flight that could not be read: any of its namespace may be among them. */
const unknownIn = ({ namespace }: Pick<Workload, 'namespace'>): string => `unreadable budgets of ${namespace}`;
