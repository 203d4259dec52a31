import { keyOf, type WorkloadKey } from '../model.ts';
import { type Reason, reason } from '../reasons.ts';
import { type Hold, holdOf, type Surroundings } from './holds.ts';
import { isOutdated, type Judged, type Outdated } from './judged.ts';
import { isInFlight, type Outcome, recordOf } from './record.ts';
import { rolloutState } from './rollout.ts';

/** What is to be done about one workload now. */
export type Step =
  | { readonly action: 'restart'; readonly order: number }
  | { readonly action: 'follow'; readonly reason: Reason }
  /** `order` is its place in the queue where only a throttle keeps it. */
  | { readonly action: 'wait'; readonly reason: Reason; readonly until?: number; readonly order?: number }
  /** Its pods became current by whatever means: the record of an unfinished episode is closed as verified. */
  | { readonly action: 'close' }
  | { readonly action: 'none' };

export interface Plan {
  readonly steps: ReadonlyMap<WorkloadKey, Step>;
  /** When the first of the timed waits ends; undefined when nothing waits for time. */
  readonly wakeAt?: number;
}

export interface PlanContext extends Omit<Surroundings, 'failures'> {
  /** Workloads that this process is restarting or following now, whether or not their record is written yet. */
  readonly busy: ReadonlySet<WorkloadKey>;
}

/**
 * Decides for every workload: restart, follow, wait or nothing. Pure: the same arguments give the same plan.
 * In-flight counts, failures and the last write come from the records on the workloads, so they survive a crash.
 * Order is by namespace, kind and name.
 */
export function plan(judged: readonly Judged[], context: PlanContext): Plan {
  const sorted = [...judged].sort((a, b) => Number(sortKey(a) > sortKey(b)) - Number(sortKey(a) < sortKey(b)));
  const surroundings: Surroundings = { ...context, failures: failuresByRun(judged) };
  const throttle = new Throttle(judged, context);
  const steps = new Map<WorkloadKey, Step>();
  for (const one of sorted) steps.set(keyOf(one.workload), stepOf(one, surroundings, throttle, context.busy));
  const ends = [...steps.values()].flatMap((step) =>
    step.action === 'wait' && step.until !== undefined ? [step.until] : [],
  );
  return { steps, ...(ends.length > 0 && { wakeAt: Math.min(...ends) }) };
}

const sortKey = ({ workload }: Judged): string => `${workload.namespace}/${workload.kind}/${workload.name}`;

function stepOf(judged: Judged, surroundings: Surroundings, throttle: Throttle, busy: ReadonlySet<WorkloadKey>): Step {
  const record = recordOf(judged.workload);
  if (isInFlight(record) || busy.has(keyOf(judged.workload))) {
    return { action: 'follow', reason: reason('in-flight', 'its restart is being followed') };
  }
  if (canClose(judged)) return { action: 'close' };
  if (!isOutdated(judged)) return { action: 'none' };
  const hold = holdOf(judged, surroundings);
  return hold ? { action: 'wait', ...hold } : throttle.queue(judged);
}

/** Whether an unfinished episode has ended well after all: the right sidecars in pods that are all ready, not just in pods that exist. */
export function canClose({ workload, verdict }: Judged): boolean {
  const outcome = recordOf(workload)?.outcome;
  const open = outcome !== undefined && outcome !== 'verified';
  return open && verdict.state === 'current' && rolloutState(workload).kind === 'complete';
}

/** Failed restarts of each run, from the records. */
export function failuresByRun(judged: readonly Judged[]): Map<string, number> {
  const failures = new Map<string, number>();
  for (const { workload } of judged) {
    const record = recordOf(workload);
    if (isFailure(record?.outcome)) failures.set(record?.run ?? '', (failures.get(record?.run ?? '') ?? 0) + 1);
  }
  return failures;
}

const isFailure = (outcome: Outcome | undefined): boolean => outcome?.startsWith('failed:') ?? false;

/** Counts the restarts in flight while a plan is made. */
class Throttle {
  readonly #context: PlanContext;
  readonly #perNamespace = new Map<string, number>();
  #inFlight = 0;
  #lastWrite = 0;
  #queued = 0;

  constructor(judged: readonly Judged[], context: PlanContext) {
    this.#context = context;
    for (const { workload } of judged) {
      const record = recordOf(workload);
      this.#lastWrite = Math.max(this.#lastWrite, record?.restartedAt ?? 0);
      if (isInFlight(record) || context.busy.has(keyOf(workload))) this.#count(workload.namespace);
    }
  }

  #count(namespace: string): void {
    this.#inFlight += 1;
    this.#perNamespace.set(namespace, (this.#perNamespace.get(namespace) ?? 0) + 1);
  }

  /** Gives a workload its place in the queue, and a start where there is room. */
  queue(judged: Outdated): Step {
    this.#queued += 1;
    const hold = this.#holdOf(judged);
    if (hold) return { action: 'wait', order: this.#queued, ...hold };
    this.#count(judged.workload.namespace);
    this.#lastWrite = this.#context.now;
    return { action: 'restart', order: this.#queued };
  }

  #holdOf({ workload }: Outdated): Hold | undefined {
    const { policy, now } = this.#context;
    const here = this.#perNamespace.get(workload.namespace) ?? 0;
    if (this.#inFlight >= policy.maxInFlight) {
      return { reason: reason('max-in-flight', `${this.#inFlight} of ${policy.maxInFlight} restarts are in flight`) };
    }
    if (here >= policy.maxInFlightPerNamespace) {
      return {
        reason: reason(
          'max-in-flight-per-namespace',
          `${here} of ${policy.maxInFlightPerNamespace} are in flight in this namespace`,
        ),
      };
    }
    const until = this.#lastWrite + policy.restartDelay;
    return policy.restartDelay > 0 && until > now
      ? { reason: reason('restart-delay', 'the last restart was written a moment ago'), until }
      : undefined;
  }
}
