import { countedAs } from '../kinds/unsupportedKinds.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { isInFlight } from '../plan/journalEntry.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { Metrics } from './metrics.ts';

/** Sets the gauges of workloads by verdict and by reason to wait, of restarts in flight, and of outdated pods that cannot be restarted. */
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
    const pods = new Map<string, number>();
    for (const { workload, verdict } of items) {
      if (!workload.unsupported || !('outdatedPods' in verdict)) continue;
      const kind = countedAs(workload.kind);
      pods.set(kind, (pods.get(kind) ?? 0) + verdict.outdatedPods);
    }
    this.#metrics.unsupported(pods);
  }
}
