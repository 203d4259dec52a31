import { keyOf, type Workload, type WorkloadKey } from '../model.ts';
import { type Reason, type ReasonCode, reason } from '../reasons.ts';
import { budgetName, lowersAvailability } from './budget.ts';
import { ownerKind } from './history.ts';
import type { Judged, Outdated } from './judged.ts';
import { isInFlight, recordOf } from './record.ts';
import type { Hold, PlanContext } from './rule.ts';

/** A place in the queue, and what keeps the workload waiting in it. */
export interface Place {
  readonly order: number;
  readonly hold?: Hold;
}

/** Recorded times are cut to the second. */
const MINUTE = 61_000;
/** As far as clocks of leaders may lie apart. Anybody can write an annotation, and what lies further ahead must not keep everybody waiting. */
const LONGEST_SKEW = 60 * 60_000;

/** Counts the restarts in flight while a plan is made: from the records, and from what the plan itself starts. */
export class Throttle {
  readonly #context: PlanContext;
  readonly #perNamespace = new Map<string, number>();
  /** Who is in flight under each budget, and of each kind of owner. */
  readonly #perBudget = new Map<string, WorkloadKey>();
  readonly #perOwner = new Map<string, WorkloadKey>();
  /** Times of the writes of the last minute. */
  readonly #writes: number[] = [];
  #inFlight = 0;
  #lastWrite = 0;
  #queued = 0;

  constructor(judged: readonly Judged[], context: PlanContext) {
    this.#context = context;
    for (const one of judged) {
      const record = recordOf(one.workload);
      const credible = (time: number): boolean => time <= context.now + LONGEST_SKEW;
      if (record && credible(record.restartedAt)) this.#lastWrite = Math.max(this.#lastWrite, record.restartedAt);
      const writes = record?.writes.filter((time) => time > context.now - MINUTE && credible(time)) ?? [];
      this.#writes.push(...writes);
      const busy = context.busy.has(keyOf(one.workload));
      if (isInFlight(one.workload) || busy) this.#count(one);
      if (busy && !isInFlight(one.workload)) this.#noteWrite();
    }
  }

  #count({ workload, budgets }: Judged): void {
    const key = keyOf(workload);
    this.#inFlight += 1;
    this.#perNamespace.set(workload.namespace, (this.#perNamespace.get(workload.namespace) ?? 0) + 1);
    if (lowersAvailability(workload))
      for (const budget of budgets) this.#perBudget.set(budget.name ? budgetName(budget) : unknownIn(workload), key);
    if (workload.owner) this.#perOwner.set(ownerKind(workload.owner), key);
  }

  /** Gives a workload its place in the queue, and a start where there is room. */
  queue(judged: Outdated): Place {
    this.#queued += 1;
    const order = this.#queued;
    const hold = this.#holdOf(judged);
    if (hold) return { order, hold };
    this.#count(judged);
    this.#noteWrite();
    return { order };
  }

  /** A write that is not recorded yet: it is made any moment, so it counts as made now. */
  #noteWrite(): void {
    this.#lastWrite = this.#context.now;
    this.#writes.push(this.#context.now);
  }

  #holdOf(judged: Outdated): Hold | undefined {
    const { workload } = judged;
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
    return this.#sharing(judged) ?? this.#pace();
  }

  /** Workloads that take pods from one budget go one after the other, and so do those of one operator. */
  #sharing({ workload, budgets }: Outdated): Hold | undefined {
    const { policy } = this.#context;
    for (const budget of lowersAvailability(workload) && policy.pdb === 'respect' ? budgets : []) {
      const other = this.#perBudget.get(budgetName(budget)) ?? this.#perBudget.get(unknownIn(workload));
      if (other) return waiting('pdb', `it shares ${budgetName(budget)} with ${other}, which is in flight`);
    }
    const other = workload.owner && this.#perOwner.get(ownerKind(workload.owner));
    return other && waiting('owner-kind', `${other} is in flight and is owned by a ${workload.owner?.kind} too`);
  }

  #pace(): Hold | undefined {
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
const unknownIn = ({ namespace }: Workload): string => `unreadable budgets of ${namespace}`;

const waiting = (code: ReasonCode, detail: string): { readonly reason: Reason } => ({ reason: reason(code, detail) });
