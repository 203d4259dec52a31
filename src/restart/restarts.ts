import type { Journal } from '../journal/journal.ts';
import { keyOf, refOf, type WorkloadKey, type WorkloadRef } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import { isOutdated } from '../plan/assessed.ts';
import type { Planned } from '../plan/plan.ts';
import { PlanOvertaken } from './planOvertaken.ts';
import type { Restarter } from './restarter.ts';
import { Retries } from './retries.ts';

export interface RestartsOptions {
  readonly journal: Pick<Journal, 'entries'>;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** Takes the last observation of a workload; undefined where it is gone. */
  readonly onObserved: (key: WorkloadKey, observed: Observed | undefined) => void;
  /** A restart could not be made or followed. The workload is to be observed again. */
  readonly onError: (key: WorkloadKey, ref: WorkloadRef, error: unknown) => Promise<unknown>;
  /** One has ended: there is room for another. */
  readonly onEnd: () => void;
}

/** Carries out the steps of a plan beside the loop that plans. An error leaves its workload as it was, to be tried again with back-off. */
export class Restarts {
  readonly #options: RestartsOptions;
  readonly #retries = new Retries();
  readonly #busy = new Map<WorkloadKey, Promise<void>>();
  /** Those of them whose restart is not written yet. */
  readonly #starting = new Set<WorkloadKey>();

  constructor(options: RestartsOptions) {
    this.#options = options;
  }

  /** Workloads that are being restarted or followed. */
  get busy(): ReadonlyMap<WorkloadKey, unknown> {
    return this.#busy;
  }

  /** Those of them whose restart is about to be written. */
  get starting(): ReadonlySet<WorkloadKey> {
    return this.#starting;
  }

  /** Workloads whose last attempt met an error, and when each is tried again. */
  get retries(): ReturnType<Retries['pending']> {
    return this.#retries.pending();
  }

  /** The write of a restart is on its way. */
  sending(ref: WorkloadRef): void {
    this.#starting.delete(keyOf(ref));
  }

  /** Begins what a plan says, and follows every restart that the journal has in flight, also where no scan has seen its workload. */
  carryOut(items: readonly Planned[], restarter: Restarter, signal: AbortSignal): void {
    this.#followUnseen(items, restarter, signal);
    for (const one of items) this.#carryOut(one, restarter, signal);
  }

  /** Ends back-offs that a plan shows to be over: nothing is to be done, or the workload is gone. */
  settle(items: readonly Planned[]): void {
    const known = new Set<WorkloadKey>();
    for (const { workload, step } of items) {
      known.add(keyOf(workload));
      if (step.action === 'none') this.#retries.succeeded(keyOf(workload));
    }
    this.#retries.keepOnly((key) => known.has(key) || this.#busy.has(key));
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  #carryOut(planned: Planned, restarter: Restarter, signal: AbortSignal): void {
    const { workload, step } = planned;
    const key = keyOf(workload);
    if (this.#busy.has(key)) return;
    if (step.action === 'restart' && isOutdated(planned)) {
      this.#starting.add(key);
      this.#begin(key, workload, () => restarter.restart(planned), signal);
    }
    if (step.action === 'follow') this.#begin(key, workload, () => restarter.follow(workload), signal);
    if (step.action === 'close') this.#begin(key, workload, () => restarter.close(workload), signal);
  }

  /** Another workload of the same name is not the one that was restarted. */
  #followUnseen(items: readonly Planned[], restarter: Restarter, signal: AbortSignal): void {
    const seen = new Map(items.map(({ workload }) => [keyOf(workload), workload.uid]));
    for (const [key, { outcome, uid }] of this.#options.journal.entries) {
      if (outcome || seen.get(key) === uid || this.#busy.has(key)) continue;
      const ref = refOf(key);
      this.#begin(key, ref, () => restarter.follow(ref), signal);
    }
  }

  #begin(key: WorkloadKey, ref: WorkloadRef, work: () => Promise<Observed | undefined>, signal: AbortSignal): void {
    const { now, onObserved, onError, onEnd } = this.#options;
    const running = work()
      .then((observed) => {
        this.#retries.succeeded(key);
        if (!signal.aborted) onObserved(key, observed);
      })
      .catch(async (error: unknown) => {
        // the next leader reads anew what a term leaves
        if (signal.aborted) return;
        this.#retries.failed(key, now(), error);
        await onError(key, ref, error);
      })
      .finally(() => {
        this.#busy.delete(key);
        this.#starting.delete(key);
        onEnd();
      });
    this.#busy.set(key, running);
  }
}

/** Whether a restart was not made because the plan no longer held. It is planned anew, and is no trouble. */
export const isOvertaken = (error: unknown): boolean => error instanceof PlanOvertaken;
