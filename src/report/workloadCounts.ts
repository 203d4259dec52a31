import { countedAs } from '../kinds/unsupportedKinds.ts';
import { keyOf, type WorkloadKey } from '../model.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { isInFlight } from '../plan/journalEntry.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { Metrics } from './metrics.ts';
import { ProxyVersions } from './proxyVersions.ts';

/**
 * Sets the gauges of workloads by verdict and by reason to wait, of restarts in flight, of proxies by version, and of what is outdated:
 * since when, and the pods that cannot be restarted.
 */
export class WorkloadCounts implements EvaluationSubscriber {
  readonly #metrics: Metrics;
  readonly #wall: () => number;
  /** When each outdated workload was first seen as such, by the wall clock in milliseconds. */
  #outdatedSince = new Map<WorkloadKey, number>();

  /** @param wall wall clock, milliseconds */
  constructor(metrics: Metrics, wall: () => number = Date.now) {
    this.#metrics = metrics;
    this.#wall = wall;
  }

  evaluated({ items }: Evaluation): void {
    this.#metrics.evaluated(
      items.map(({ verdict }) => verdict.state),
      items.flatMap(({ step }) => (step.action === 'wait' ? [step.reason.code] : [])),
      items.filter(isInFlight).length,
    );
    const proxies = new ProxyVersions();
    const pods = new Map<string, number>();
    const since = new Map<WorkloadKey, number>();
    const now = this.#wall();
    for (const one of items) {
      const { workload, verdict } = one;
      proxies.add(one);
      const key = verdict.state === 'outdated' && keyOf(workload);
      if (key) since.set(key, this.#outdatedSince.get(key) ?? now);
      if (!workload.unsupported || !('outdatedPods' in verdict)) continue;
      const kind = countedAs(workload.kind);
      pods.set(kind, (pods.get(kind) ?? 0) + verdict.outdatedPods);
    }
    this.#outdatedSince = since;
    this.#metrics.unsupported(pods);
    this.#metrics.proxies(proxies.sums());
    this.#metrics.oldestOutdated(earliest(since.values()));
  }
}

function earliest(times: Iterable<number>): number | undefined {
  let first: number | undefined;
  for (const time of times) first = Math.min(first ?? time, time);
  return first;
}
