import type { Journal } from '../journal/journal.ts';
import { keyOf, refOf, type WorkloadKey, type WorkloadRef } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import { isOutdated } from '../plan/assessed.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import { PlanOvertaken } from './planOvertaken.ts';
import type { Restarter } from './restarter.ts';
import { Retries } from './retries.ts';

export interface RestartsOptions {
  readonly journal: Pick<Journal, 'entries'>;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** Receives the last observation of a workload; undefined if it was deleted. */
  readonly onObserved: (key: WorkloadKey, observed: Observed | undefined) => void;
  /** A restart could not be made or followed. The workload must be observed again. */
  readonly onError: (key: WorkloadKey, ref: WorkloadRef, error: unknown) => Promise<void>;
  /** A restart has ended, so another may begin. */
  readonly onEnd: () => void;
}

/** Carries out the steps of a plan in the background. A workload that met an error is tried again with back-off. */
export class Restarts {
  readonly #options: RestartsOptions;
  readonly #retries = new Retries();
  readonly #busy = new Map<WorkloadKey, Promise<void>>();
  /** The workloads among them whose restart is not written yet. */
  readonly #starting = new Set<WorkloadKey>();

  constructor(options: RestartsOptions) {
    this.#options = options;
  }

  /** Workloads that are being restarted or followed. */
  get busy(): ReadonlyMap<WorkloadKey, unknown> {
    return this.#busy;
  }

  /** The workloads among them whose restart is about to be written. */
  get starting(): ReadonlySet<WorkloadKey> {
    return this.#starting;
  }

  /** Workloads whose last attempt failed, and when each is tried again. */
  get retries(): ReturnType<Retries['pending']> {
    return this.#retries.pending();
  }

  /** Marks that the write of a restart is being sent. */
  sending(ref: WorkloadRef): void {
    this.#starting.delete(keyOf(ref));
  }

  /** Starts the steps of a plan, and follows every in-flight restart in the journal, even if no scan has seen its workload. */
  carryOut({ items, toCarryOut }: Pick<Plan, 'items' | 'toCarryOut'>, restarter: Restarter, signal: AbortSignal): void {
    this.#followUnseen(items, restarter, signal);
    for (const one of toCarryOut) this.#carryOut(one, restarter, signal);
  }

  /**
   * Ends back-offs that a plan no longer needs: the workload needs no restart, or was deleted. Not while it is unknown whether it needs
   * one: of two istiods that answer differently in turn, every other answer would begin an attempt at once that the next answer stops.
   */
  settle(items: readonly Planned[]): void {
    if (this.retries.size === 0) return;
    const known = new Set<WorkloadKey>();
    for (const { workload, step, verdict } of items) {
      known.add(keyOf(workload));
      if (step.action === 'none' && verdict.state !== 'unknown') this.#retries.succeeded(keyOf(workload));
    }
    this.#retries.keepOnly((key) => known.has(key) || this.#busy.has(key));
  }

  /** Resolves when no restart is running any more. */
  async idle(): Promise<void> {
    await Promise.all(this.#busy.values());
  }

  #carryOut(planned: Planned, restarter: Restarter, signal: AbortSignal): void {
    const { workload, step } = planned;
    const key = keyOf(workload);
    if (this.#busy.has(key)) return;
    if (step.action === 'restart' && isOutdated(planned)) {
      this.#starting.add(key);
      this.#begin(key, workload, () => restarter.restart(planned, step.together), signal);
    }
    if (step.action === 'follow') this.#begin(key, workload, () => restarter.follow(workload), signal);
    if (step.action === 'close') this.#begin(key, workload, () => restarter.close(workload), signal);
  }

  /** A new workload of the same name is not the one that was restarted. */
  #followUnseen(items: readonly Planned[], restarter: Restarter, signal: AbortSignal): void {
    const open = new Map<WorkloadKey, string>();
    for (const [key, { outcome, uid }] of this.#options.journal.entries)
      if (!outcome && !this.#busy.has(key)) open.set(key, uid);
    if (open.size === 0) return;
    // a workload of an unsupported kind has no step that follows it
    const known = items.filter(({ workload }) => !workload.unsupported);
    const seen = new Map(known.map(({ workload }) => [keyOf(workload), workload.uid]));
    for (const [key, uid] of open) {
      if (seen.get(key) === uid) continue;
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
        // the next leader reads the cluster again
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

/** Whether a restart was not made because the plan no longer held. It is planned again; this is not an error. */
export const isOvertaken = (error: unknown): boolean => error instanceof PlanOvertaken;
