import type { Evaluation } from '../plan/evaluate.ts';
import { FollowedItems } from '../plan/followedItems.ts';
import type { Planned } from '../plan/plan.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { EventSender } from './eventSender.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { Occurrences } from './occurrences.ts';

/** Logs and counts halts, and sends an Event when one begins. */
export class HaltNews implements EvaluationSubscriber {
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #events: EventSender;
  readonly #items = new FollowedItems();
  /** Workloads that wait for each halt. */
  readonly #waiting = new Occurrences<string>();

  constructor(logger: Logger, metrics: Metrics, events: EventSender) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#events = events;
  }

  evaluated(evaluation: Evaluation): void {
    const { isAnew, added, gone } = this.#items.next(evaluation);
    const known = new Set(this.#waiting.counts.keys());
    const details = new Map<string, string>();
    if (isAnew) this.#waiting.clear();
    for (const one of gone) this.#count(one, -1);
    for (const one of added) {
      const halt = this.#count(one, 1);
      if (halt) details.set(halt.run, halt.detail);
    }
    for (const [run, detail] of details) {
      if (known.has(run)) continue;
      this.#logger.error('Restarts halted', { run, detail });
      this.#events.general('RestartsHalted', detail);
    }
    this.#metrics.halted(this.#waiting.counts.size);
  }

  #count(
    { workload, injection, step }: Planned,
    by: 1 | -1,
  ): { readonly run: string; readonly detail: string } | undefined {
    if (step.action !== 'wait' || step.reason.code !== 'halted' || !injection) return undefined;
    const run = step.of === 'namespace' ? `${injection.run} in ${workload.namespace}` : injection.run;
    this.#waiting.change(run, by);
    return { run, detail: step.reason.detail };
  }
}
