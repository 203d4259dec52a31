import type { Verdict } from '../compare/verdict.ts';
import { countedAs } from '../kinds/unsupportedKinds.ts';
import { keyOf, type WorkloadKey } from '../model.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { FollowedItems } from '../plan/followedItems.ts';
import { isInFlight } from '../plan/journalEntry.ts';
import type { Planned } from '../plan/plan.ts';
import type { ReasonCode } from '../plan/reasonCatalogue.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { Metrics } from './metrics.ts';
import { Occurrences } from './occurrences.ts';
import { ProxyVersions } from './proxyVersions.ts';

/**
 * Sets the gauges of workloads by verdict and by reason to wait, of restarts in flight, of proxies by version, and of what is outdated:
 * since when, and the pods that cannot be restarted.
 */
export class WorkloadCounts implements EvaluationSubscriber {
  readonly #metrics: Metrics;
  readonly #wall: () => number;
  readonly #items = new FollowedItems();
  #sums = new Sums();
  /** When each outdated workload was first seen as such, by the wall clock in milliseconds. */
  #outdatedSince = new Map<WorkloadKey, number>();

  /** @param wall wall clock, milliseconds */
  constructor(metrics: Metrics, wall: () => number = Date.now) {
    this.#metrics = metrics;
    this.#wall = wall;
  }

  evaluated(evaluation: Evaluation): void {
    const { isAnew, added, gone } = this.#items.next(evaluation);
    if (isAnew) this.#sums = new Sums();
    for (const one of gone) this.#sums.add(one, -1);
    for (const one of added) this.#sums.add(one, 1);
    this.#noteOutdated(added, isAnew);
    const { states, waiting, inFlight, pods, proxies } = this.#sums;
    this.#metrics.evaluated(states.counts, waiting.counts, inFlight);
    this.#metrics.unsupported(pods.counts);
    this.#metrics.proxies(proxies.sums());
    this.#metrics.oldestOutdated(earliest(this.#outdatedSince.values()));
  }

  #noteOutdated(added: readonly Planned[], isAnew: boolean): void {
    const [before, now] = [this.#outdatedSince, this.#wall()];
    if (isAnew) this.#outdatedSince = new Map();
    for (const { workload, verdict } of added) {
      const key = keyOf(workload);
      if (verdict.state === 'outdated') this.#outdatedSince.set(key, before.get(key) ?? now);
      else this.#outdatedSince.delete(key);
    }
  }
}

/** What is counted of all workloads. */
class Sums {
  readonly states = new Occurrences<Verdict['state']>();
  readonly waiting = new Occurrences<ReasonCode>();
  readonly pods = new Occurrences<string>();
  readonly proxies = new ProxyVersions();
  inFlight = 0;

  add(one: Planned, by: 1 | -1): void {
    const { workload, verdict, step } = one;
    this.states.change(verdict.state, by);
    if (step.action === 'wait') this.waiting.change(step.reason.code, by);
    if (isInFlight(one)) this.inFlight += by;
    this.proxies.add(one, by);
    if (workload.unsupported && 'outdatedPods' in verdict)
      this.pods.change(countedAs(workload.kind), by * verdict.outdatedPods);
  }
}

function earliest(times: Iterable<number>): number | undefined {
  let first: number | undefined;
  for (const time of times) first = Math.min(first ?? time, time);
  return first;
}
