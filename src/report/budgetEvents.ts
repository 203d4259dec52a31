import { keyOf } from '../model.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { FollowedItems } from '../plan/followedItems.ts';
import type { Planned } from '../plan/plan.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { EventSender } from './eventSender.ts';
import { LongConditions } from './longConditions.ts';

const MINUTE = 60_000;
/** Milliseconds that a workload may wait for its PodDisruptionBudget without an Event. */
const PATIENCE = 60 * MINUTE;

/** Sends an Event about a workload that waits long for its PodDisruptionBudget: one that never allows a disruption keeps it outdated. */
export class BudgetEvents implements EvaluationSubscriber {
  readonly #events: EventSender;
  readonly #items = new FollowedItems();
  readonly #waiting = new Map<string, Planned>();
  readonly #long = new LongConditions(PATIENCE);

  constructor(events: EventSender) {
    this.#events = events;
  }

  evaluated(evaluation: Evaluation): void {
    const { isAnew, added } = this.#items.next(evaluation);
    if (isAnew) this.#waiting.clear();
    for (const one of added) {
      const key = keyOf(one.workload);
      if (one.step.action === 'wait' && one.step.reason.code === 'pdb') this.#waiting.set(key, one);
      else this.#waiting.delete(key);
    }
    for (const key of this.#long.note(evaluation.at, new Set(this.#waiting.keys()))) {
      const { workload, step } = this.#waiting.get(key) ?? {};
      if (workload && step && 'reason' in step)
        this.#events.about(workload, 'RestartWaiting', `for ${PATIENCE / MINUTE} minutes: ${step.reason.detail}`);
    }
  }
}
