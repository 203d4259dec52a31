import { keyOf, refOf, type Workload, type WorkloadKey } from '../model.ts';
import { type Reason, type ReasonCode, reason } from '../reasons.ts';
import type { Assessed, Outdated } from './assessed.ts';
import { budgetName, lowersAvailability } from './budget.ts';
import { ownerKind } from './history.ts';
import { CUT, type JournalEntry, WRITTEN_WITHIN } from './journalEntry.ts';
import { fingerprint } from './record.ts';
import type { PlanContext, Wait } from './rule.ts';

/** A place in the queue, and what keeps the workload waiting in it. */
export interface Place {
  readonly order: number;
  readonly hold?: Wait;
}

const MINUTE = 60_000;

/** Counts the restarts in flight while a plan is made: from the journal, and from what the plan itself starts. */
export class Throttle {
  readonly #context: PlanContext;
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
    this.#context = context;
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
    if (workload.owner) this.#perOwner.set(ownerKind(workload.owner), key);
  }

  /** Gives a workload its place in the queue, and a start where there is room. */
  queue(assessed: Outdated): Place {
    this.#queued += 1;
    const order = this.#queued;
    const hold = this.#waitOf(assessed);
    if (hold) return { order, hold };
    this.#count(assessed);
    this.#note(this.#context.now);
    const target = fingerprint(assessed.verdict.expected);
    this.#towards.set(target, this.#towards.get(target) ?? false);
    return { order };
  }

  /** @param time of a write; of one that is made any moment, now */
  #note(time: number): void {
    this.#lastWrite = Math.max(this.#lastWrite, time);
    if (time > this.#context.now - MINUTE) this.#writes.push(time);
  }

  #waitOf(assessed: Outdated): Wait | undefined {
    const { workload } = assessed;
    const here = this.#perNamespace.get(workload.namespace) ?? 0;
    const { maxInFlight, maxInFlightPerNamespace } = this.#context.policy;
    if (keyOf(workload) === this.#context.own && this.#inFlight + this.#queued > 1)
      return waiting('own-workload', 'others are being restarted, or are still to be');
    if (this.#inFlight >= maxInFlight)
      return waiting('max-in-flight', `${this.#inFlight} of ${maxInFlight} restarts are in flight`);
    if (here >= maxInFlightPerNamespace)
      return waiting(
        'max-in-flight-per-namespace',
        `${here} of ${maxInFlightPerNamespace} are in flight in this namespace`,
      );
    return this.#sharing(assessed) ?? this.#first(assessed) ?? this.#pace();
  }

  /** If images seem to be rewritten after the injector, the first restart for an answer must end before others begin: it shows how. */
  #first({ hinted, verdict }: Outdated): Wait | undefined {
    if (!hinted || this.#towards.get(fingerprint(verdict.expected)) !== false) return undefined;
    return waiting('first-of-its-kind', 'images seem to be rewritten after the injector; the first restart shows how');
  }

  /** Workloads that take pods from one budget go one after the other, and so do those of one operator. */
  #sharing({ workload, budgets }: Outdated): Wait | undefined {
    const { policy } = this.#context;
    for (const budget of lowersAvailability(workload) && policy.pdb === 'respect' ? budgets : []) {
      const other = this.#perBudget.get(budgetName(budget)) ?? this.#perBudget.get(unknownIn(workload));
      if (other) return waiting('pdb', `it shares ${budgetName(budget)} with ${other}, which is in flight`);
    }
    const other = workload.owner && this.#perOwner.get(ownerKind(workload.owner));
    return other && waiting('owner-kind', `${other} is in flight and is owned by a ${workload.owner?.kind} too`);
  }

  #pace(): Wait | undefined {
    const { policy, now } = this.#context;
    const { maxRestartsPerMinute: rate, restartDelay } = policy;
    const recent = this.#writes.sort((a, b) => a - b);
    if (rate > 0 && recent.length >= rate) {
      const until = (recent.at(-rate) ?? now) + MINUTE;
      return { ...waiting('max-restarts-per-minute', `${recent.length} of ${rate} within the last minute`), until };
    }
    const until = this.#lastWrite + restartDelay;
    return restartDelay > 0 && until > now
      ? { ...waiting('restart-delay', 'the last restart was written a moment ago'), until }
      : undefined;
  }
}

/** Stands for the budgets of a workload in flight that could not be read: any of its namespace may be among them. */
const unknownIn = ({ namespace }: Pick<Workload, 'namespace'>): string => `unreadable budgets of ${namespace}`;

const waiting = (code: ReasonCode, detail: string): { readonly reason: Reason } => ({ reason: reason(code, detail) });
