import type { Verdict } from '../compare/verdict.ts';
import { afterSteps, loopSlices } from '../loopSlices.ts';
import { keyOf, type WorkloadKey } from '../model.ts';
import { type Evaluation, wallAhead } from '../plan/evaluate.ts';
import { FollowedItems } from '../plan/followedItems.ts';
import type { Planned } from '../plan/plan.ts';
import type { ReasonCode } from '../plan/reasonCatalogue.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { Logger } from './logger.ts';
import { rowOf } from './row.ts';

/** What was logged of a workload last. */
interface Logged {
  /** The verdict of the last evaluation. */
  verdict: Verdict;
  readonly decision: string;
  /** Of a workload in the queue: the limits that were logged since it got there. */
  readonly limits?: Set<ReasonCode>;
}

/**
 * Logs the decision about each workload when it changes. In the queue each limit is logged once: which of them is reached can change with
 * every restart, for all that wait.
 */
export class DecisionLog implements EvaluationSubscriber {
  readonly #logger: Logger;
  readonly #items = new FollowedItems();
  readonly #logged = new Map<WorkloadKey, Logged>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  async evaluated(evaluation: Evaluation): Promise<void> {
    const { isAnew, added } = this.#items.next(evaluation);
    const slices = loopSlices();
    const ahead = wallAhead(evaluation);
    await afterSteps(added.length);
    for (const one of added) {
      this.#decided(one, ahead);
      await slices.step();
    }
    if (!isAnew) return;
    const known = new Set(added.map(({ workload }) => keyOf(workload)));
    for (const key of this.#logged.keys()) if (!known.has(key)) this.#logged.delete(key);
  }

  #decided(planned: Planned, ahead: number): void {
    const { verdict } = planned;
    const key = keyOf(planned.workload);
    const limit = limitOf(planned);
    const before = this.#logged.get(key);
    // after each restart, this is the case for nearly all workloads of a large queue
    if (limit && before?.verdict === verdict && before.limits?.has(limit)) return;
    const row = rowOf(planned, undefined, ahead);
    const decision = [row.verdict, row.action, limit ? 'queued' : row.reason, row.from, row.to, ...row.drifts].join(
      ' ',
    );
    const isSame = before?.decision === decision;
    if (isSame) before.verdict = verdict;
    if (isSame && (!limit || before.limits?.has(limit))) return;
    if (isSame && limit) before.limits?.add(limit);
    else this.#logged.set(key, { verdict, decision, ...(limit && { limits: new Set([limit]) }) });
    // Jobs and bare pods come and go
    const isQuiet = row.reason === 'not-injected' || (row.reason === 'unsupported' && row.outdatedPods === undefined);
    this.#logger[isQuiet ? 'debug' : 'info']('Decided', row);
  }
}

/** The limit that keeps a workload in the queue, if that is where it is. */
const limitOf = ({ step }: Planned): ReasonCode | undefined =>
  step.action === 'wait' && step.isQueued ? step.reason.code : undefined;
