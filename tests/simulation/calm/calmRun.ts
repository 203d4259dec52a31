// before the operator's code
import './inOneTurn.ts';
import { NO_NAMESPACE } from '../../../src/model.ts';
import type { Forecast } from '../../../src/plan/eta/forecast.ts';
import { wireOperator } from '../../../src/wireOperator.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { NOBODY_TOLD } from '../../builders/notify.ts';
import { expected, injection, NOW } from '../../builders/workload.ts';
import type { RandomCluster } from '../../unit/plan/eta/randomCluster.ts';
import { Lane } from '../lane.ts';
import { VirtualTime } from '../virtualTime.ts';
import { CalmCluster, type RolledOut } from './calmCluster.ts';

/** How the operator brought a cluster up to date, and what it expected on the way. */
export interface CalmRun {
  readonly began: number;
  /** When the last restart was verified. */
  readonly ended: number;
  readonly restarts: readonly RolledOut[];
  readonly forecasts: readonly Forecast[];
}

/** An evaluation is cut before and after each long part of it, and an estimate is made beside it. */
const TURNS = 40;

/**
 * Lets the real operator restart a cluster to the end, in virtual time.
 * @param estimates whether it estimates its end on the way
 */
export async function calmRun(cluster: RandomCluster, estimates = true): Promise<CalmRun> {
  const time = new VirtualTime(NOW);
  const lane = new Lane(time);
  const calm = new CalmCluster(cluster, lane);
  const store = new FakeStore();
  const stop = new AbortController();
  const silent = (): undefined => undefined;
  const forecasts: Forecast[] = [];
  let left = cluster.assessed.length;
  let ended = NOW;
  const mesh = {
    injections: [injection()],
    namespaces: new Map(calm.namespaces.map((name) => [name, NO_NAMESPACE])),
  };
  const { operator } = wireOperator({
    cluster: calm.asCluster(),
    lease: {
      text: () => store.text(),
      keep: async (text) => {
        await lane.sleep(30);
        await store.keep(text);
      },
      pauseState: () => ({}),
      onPauseState: () => silent,
      publishes: silent,
    },
    watch: () => ({
      onChange: silent,
      settled: async () => undefined,
      mesh: () => mesh,
      stale: silent,
      answersChanged: silent,
      answersDiffer: silent,
      sourcesChanged: silent,
    }),
    post: async () => {
      await lane.sleep(40);
      return { kind: 'sidecar', sidecar: expected() };
    },
    policy: () => cluster.policy,
    reconcilePeriod: 10 * 60_000,
    namespaces: [],
    dryRun: false,
    own: undefined,
    notify: NOBODY_TOLD,
    signal: stop.signal,
    report: {
      mesh: silent,
      trouble: (what, error) => {
        throw new Error(`trouble with ${JSON.stringify(what)}`, { cause: error });
      },
      restarted: silent,
      question: silent,
      reachable: silent,
      answersChanged: silent,
      answersDiffer: silent,
      lost: silent,
      ended: (_assessed, outcome, detail) => {
        if (outcome !== 'verified') throw new Error(`a restart ended as ${outcome}: ${detail}`);
        left -= 1;
        ended = time.now;
      },
      evicted: silent,
      recordRefused: silent,
      learnt: silent,
      notServed: silent,
      ownerUnread: silent,
      scanned: silent,
      scanFailed: silent,
      evaluated: async () => undefined,
      ...(estimates && { forecast: (forecast) => void (forecast && forecasts.push(forecast)) }),
      metricGateAnswered: silent,
      metricGatesAsked: silent,
      metricGateClosedLong: silent,
      journalUnreadable: silent,
      journalRebuilt: silent,
    },
    now: lane.now,
    wall: lane.now,
    sleep: lane.sleep,
  });
  lane.wake(0, () => {
    void operator.run(stop.signal);
    void operator.lead(stop.signal);
  });
  await time.pass(() => left === 0 || time.now > NOW + 100 * 24 * 60 * 60_000, TURNS);
  lane.kill();
  const restarts = [...calm.rolledOut.values()];
  const began = Math.min(...restarts.map((one) => one.began));
  return { began, ended, restarts, forecasts };
}
