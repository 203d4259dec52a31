import type { Evaluation } from '../plan/evaluate.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { EventSender } from './eventSender.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Logs and counts halts, and sends an Event when one begins. */
export class HaltNews implements EvaluationSubscriber {
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #events: EventSender;
  #known = new Set<string>();

  constructor(logger: Logger, metrics: Metrics, events: EventSender) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#events = events;
  }

  evaluated({ items }: Evaluation): void {
    const halted = new Map<string, string>();
    for (const { workload, injection, step } of items) {
      if (step.action !== 'wait' || step.reason.code !== 'halted' || !injection) continue;
      const run = step.of === 'namespace' ? `${injection.run} in ${workload.namespace}` : injection.run;
      halted.set(run, step.reason.detail);
    }
    for (const [run, detail] of halted) {
      if (this.#known.has(run)) continue;
      this.#logger.error('Restarts halted', { run, detail });
      this.#events.general('RestartsHalted', detail);
    }
    this.#known = new Set(halted.keys());
    this.#metrics.halted(halted.size);
  }
}
