import { injectorWord } from '../expect/mesh.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { isGate } from '../plan/gates/gates.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { EventSender } from './eventSender.ts';
import { LongConditions } from './longConditions.ts';
import type { Metrics } from './metrics.ts';

const MINUTE = 60_000;
/** Milliseconds that a gate may stay closed without an Event: an upgrade of a control plane takes minutes. */
const PATIENCE = 30 * MINUTE;

/** Sends an Event for a gate that stays closed: an upgrade of the control plane has stopped half-way. */
export class GateEvents implements EvaluationSubscriber {
  readonly #metrics: Metrics;
  readonly #events: EventSender;
  readonly #closed = new LongConditions(PATIENCE);

  constructor(metrics: Metrics, events: EventSender) {
    this.#metrics = metrics;
    this.#events = events;
  }

  evaluated({ items, at }: Evaluation): void {
    const closed = new Map<string, string>();
    for (const { injection, step } of items) {
      if (step.action !== 'wait' || !isGate(step.reason.code) || !injection) continue;
      closed.set(`${injectorWord(injection)}: ${step.reason.code}`, step.reason.detail);
    }
    for (const gate of this.#closed.note(at, new Set(closed.keys())))
      this.#events.general('GateClosed', `${gate} for ${PATIENCE / MINUTE} minutes: ${closed.get(gate)}`);
    this.#metrics.gates(this.#closed.count);
  }
}
