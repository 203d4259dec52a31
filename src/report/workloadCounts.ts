import type { Evaluation } from '../plan/evaluate.ts';
import { isInFlight } from '../plan/journalEntry.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { Metrics } from './metrics.ts';

/** Sets the gauges of workloads by verdict and by reason to wait, and of restarts in flight. */
export class WorkloadCounts implements EvaluationSubscriber {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  evaluated({ items }: Evaluation): void {
    this.#metrics.evaluated(
      items.map(({ verdict }) => verdict.state),
      items.flatMap(({ step }) => (step.action === 'wait' ? [step.reason.code] : [])),
      items.filter(isInFlight).length,
    );
  }
}
