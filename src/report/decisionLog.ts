import { afterSteps, loopSlices } from '../loopSlices.ts';
import { keyOf, type WorkloadKey } from '../model.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { FollowedItems } from '../plan/followedItems.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { Logger } from './logger.ts';
import { type Row, rowsOf } from './row.ts';

/** Logs the decision about each workload when it changes. */
export class DecisionLog implements EvaluationSubscriber {
  readonly #logger: Logger;
  readonly #items = new FollowedItems();
  readonly #logged = new Map<WorkloadKey, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  async evaluated(evaluation: Evaluation): Promise<void> {
    const { isAnew, added } = this.#items.next(evaluation);
    const rows = rowsOf({ items: added });
    const slices = loopSlices();
    await afterSteps(rows.length);
    for (const row of rows) {
      this.#decided(row);
      await slices.step();
    }
    if (!isAnew) return;
    const known = new Set(rows.map(keyOf));
    for (const key of this.#logged.keys()) if (!known.has(key)) this.#logged.delete(key);
  }

  /** Its place in the queue changes with each restart, and is left out. */
  #decided({ order: _, ...row }: Row): void {
    const key = keyOf(row);
    const text = [row.verdict, row.action, row.reason, row.from, row.to, ...row.drifts].join(' ');
    if (this.#logged.get(key) === text) return;
    this.#logged.set(key, text);
    // Jobs and bare pods come and go
    const isQuiet = row.reason === 'not-injected' || (row.reason === 'unsupported' && row.outdatedPods === undefined);
    this.#logger[isQuiet ? 'debug' : 'info']('Decided', row);
  }
}
