import { injectorWord } from '../expect/mesh.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { FollowedItems } from '../plan/followedItems.ts';
import { isGate } from '../plan/gates/gates.ts';
import type { Planned } from '../plan/plan.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { EventSender } from './eventSender.ts';
import { LongConditions } from './longConditions.ts';
import type { Metrics } from './metrics.ts';
import { Occurrences } from './occurrences.ts';

const MINUTE = 60_000;
/** Milliseconds that a gate may stay closed without an Event: an upgrade of a control plane takes minutes. */
const PATIENCE = 30 * MINUTE;

/** Sends an Event for a gate that stays closed: an upgrade of the control plane has stopped half-way. */
export class GateEvents implements EvaluationSubscriber {
  readonly #metrics: Metrics;
  readonly #events: EventSender;
  readonly #items = new FollowedItems();
  /** Workloads that wait for each closed gate, by its name and what it says. */
  readonly #waiting = new Occurrences<string>();
  readonly #closed = new LongConditions(PATIENCE);

  constructor(metrics: Metrics, events: EventSender) {
    this.#metrics = metrics;
    this.#events = events;
  }

  evaluated(evaluation: Evaluation): void {
    const { isAnew, added, gone } = this.#items.next(evaluation);
    if (isAnew) this.#waiting.clear();
    for (const one of gone) this.#count(one, -1);
    for (const one of added) this.#count(one, 1);
    const closed = new Map([...this.#waiting.counts.keys()].map((words) => words.split('\n', 2) as [string, string]));
    for (const gate of this.#closed.note(evaluation.at, new Set(closed.keys())))
      this.#events.general('GateClosed', `${gate} for ${PATIENCE / MINUTE} minutes: ${closed.get(gate)}`);
    this.#metrics.gates(this.#closed.count);
  }

  #count({ injection, step }: Planned, by: 1 | -1): void {
    if (step.action !== 'wait' || !isGate(step.reason.code) || !injection) return;
    this.#waiting.change(`${injectorWord(injection)}: ${step.reason.code}\n${step.reason.detail}`, by);
  }
}
