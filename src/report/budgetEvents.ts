import { keyOf, type Workload } from '../model.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { EventSender } from './eventSender.ts';
import { LongConditions } from './longConditions.ts';

const MINUTE = 60_000;
/** Milliseconds that a workload may wait for its PodDisruptionBudget without an Event. */
const PATIENCE = 60 * MINUTE;

/** Sends an Event about a workload that waits long for its PodDisruptionBudget: one that never allows a disruption keeps it outdated. */
export class BudgetEvents implements EvaluationSubscriber {
  readonly #events: EventSender;
  readonly #waiting = new LongConditions(PATIENCE);

  constructor(events: EventSender) {
    this.#events = events;
  }

  evaluated({ items, at }: Evaluation): void {
    const waiting = new Map<string, { readonly workload: Workload; readonly detail: string }>();
    for (const { workload, step } of items) {
      if (step.action === 'wait' && step.reason.code === 'pdb')
        waiting.set(keyOf(workload), { workload, detail: step.reason.detail });
    }
    for (const key of this.#waiting.note(at, new Set(waiting.keys()))) {
      const { workload, detail } = waiting.get(key) ?? {};
      if (workload) this.#events.about(workload, 'RestartWaiting', `for ${PATIENCE / MINUTE} minutes: ${detail}`);
    }
  }
}
