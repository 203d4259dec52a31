import type { Evaluation } from '../plan/evaluate.ts';
import type { WaveProgress, WaveState } from '../plan/wave.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { Metrics, WaveCount } from './metrics.ts';

/** How a wave is that several runs have: as in the run in which it needs most attention. */
const BY_URGENCY: readonly WaveState[] = ['failed', 'running', 'baking', 'waiting', 'done'];

/** Sets the gauges of the waves. Without waves in the policy there are none: they would only repeat those of all workloads. */
export class WaveCounts implements EvaluationSubscriber {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  evaluated({ waves: runs }: Evaluation): void {
    const all = runs.flatMap(({ waves }) => (waves.length > 1 ? waves : []));
    this.#metrics.waves([...Map.groupBy(all, ({ name }) => name).values()].map(inAllRuns));
  }
}

function inAllRuns(same: readonly WaveProgress[]): WaveCount {
  const sum = (count: (one: WaveProgress) => number): number => same.reduce((so, one) => so + count(one), 0);
  return {
    name: same[0]?.name ?? '',
    state: BY_URGENCY.find((state) => same.some((one) => one.state === state)) ?? 'done',
    current: sum(({ current }) => current),
    inFlight: sum(({ inFlight }) => inFlight),
    failed: sum(({ failed }) => failed),
    waiting: sum(({ waiting }) => waiting),
  };
}
