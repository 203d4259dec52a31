import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { atOnce } from '../../src/atOnce.ts';
import { systemClock } from '../../src/cluster/clock.ts';
import { keyOf } from '../../src/model.ts';
import { type Evaluation, evaluate } from '../../src/plan/evaluate.ts';
import { Evaluator } from '../../src/plan/evaluator.ts';
import type { Logger } from '../../src/report/logger.ts';
import { Metrics } from '../../src/report/metrics.ts';
import { Report } from '../../src/report/report.ts';
import { wireOperator } from '../../src/wireOperator.ts';
import { FakeStore } from '../builders/journalStore.ts';
import { NOBODY_TOLD } from '../builders/notify.ts';
import { policy } from '../builders/policy.ts';
import { wave } from '../builders/waves.ts';
import { expected } from '../builders/workload.ts';
import { ObservedWorkloads } from './observedWorkloads.ts';
import { printTable } from './printTable.ts';
import { VirtualCluster } from './virtualCluster.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '500,5000,20000' },
    restarts: { type: 'string', default: '500' },
    waves: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'evaluationCost [--sizes 500,5000,20000] [--restarts 500] [--waves]\n' +
      'What a change costs in clusters of so many workloads, without a testbed.',
  );
  process.exit(0);
}
const IN_FLIGHT = 50;
/** A tenth of everything, and then the rest. */
const WAVES = [wave('ns-*', { name: 'first', percent: 10 })];
const sizes = values.sizes.split(',').map(Number);
const silent = (): void => undefined;

function quantile(numbers: readonly number[], share: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(share * (numbers.length - 1))] ?? Number.NaN;
}

const shown = (milliseconds: number): string => milliseconds.toFixed(milliseconds < 10 ? 2 : 0).padStart(8);

/** What one evaluation costs after a restart has ended: of everything, and of what has changed. */
function evaluations(size: number): string[] {
  const workloads = new ObservedWorkloads(size);
  const evaluator = new Evaluator();
  const [changed, whole]: [number[], number[]] = [[], []];
  let last: Evaluation = atOnce(evaluator.evaluate(workloads.inputs()));
  for (let turn = 0; turn < 100; turn++) {
    workloads.now += 500;
    for (const { workload, step } of last.items) if (step.action === 'restart') workloads.begins(keyOf(workload));
    const [flying] = last.items.filter(({ step }) => step.action === 'follow');
    if (flying) workloads.ends(keyOf(flying.workload));
    const inputs = workloads.inputs();
    const began = performance.now();
    last = atOnce(evaluator.evaluate(inputs));
    changed.push(performance.now() - began);
    if (turn % 20 > 0) continue;
    const wholeBegan = performance.now();
    const { items } = evaluate(inputs);
    whole.push(performance.now() - wholeBegan);
    assert.deepEqual(last.items, items);
  }
  const [before, after] = [quantile(whole, 0.5), quantile(changed, 0.5)];
  return [shown(before), shown(after), `${(before / after).toFixed(0)} ×`.padStart(7)];
}

interface Upgrade {
  readonly first: number;
  readonly perRestart: number;
  /** The longest time for which nothing else could run, after the first restart. */
  readonly longestBlock: number;
  /** Processor time of the thread from the end of a restart until the next one is begun. */
  readonly gaps: readonly number[];
}

/** Lets the real operator restart some workloads of a cluster in memory. */
async function upgrade(size: number, restarts: number): Promise<Upgrade> {
  const cluster = new VirtualCluster(size);
  const stop = new AbortController();
  const store = new FakeStore();
  store.kept.push = () => 0;
  const logger: Logger = { error: console.error, warn: console.warn, info: silent, debug: silent };
  const metrics = new Metrics('bench');
  const report = new Report({ logger, metrics, cluster: cluster.api, namespace: 'meltemi' });
  const gaps: number[] = [];
  let [ended, endedAt, usage, began] = [0, 0, process.cpuUsage(), performance.now()];
  const worked = (): number => Object.values(process.threadCpuUsage()).reduce((sum, one) => sum + one, 0) / 1000;
  let first = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const only = policy({
    istiodConfigReadDelay: 0,
    maxInFlight: IN_FLIGHT,
    maxInFlightPerNamespace: IN_FLIGHT,
    ...(values.waves && { waves: WAVES }),
  });
  const { operator, journal } = wireOperator({
    cluster: cluster.api,
    lease: {
      text: () => store.text(),
      keep: (text) => store.keep(text),
      pauseState: () => ({}),
      onPauseState: () => silent,
      publishes: silent,
    },
    watch: () => ({
      onChange: silent,
      settled: async () => undefined,
      mesh: () => cluster.mesh,
      stale: () => undefined,
      answersChanged: silent,
      answersDiffer: silent,
      sourcesChanged: silent,
    }),
    post: async () => ({ kind: 'sidecar', sidecar: expected() }),
    policy: () => only,
    reconcilePeriod: 0,
    namespaces: [],
    dryRun: false,
    report,
    now: () => performance.timeOrigin + performance.now(),
    wall: Date.now,
    sleep: systemClock.sleep,
    own: undefined,
    notify: NOBODY_TOLD,
    signal: stop.signal,
  });
  const loop = monitorEventLoopDelay({ resolution: 5 });
  const begin = journal.begin.bind(journal);
  journal.begin = (ref, entry) => {
    if (first === 0) {
      first = performance.now() - began;
      usage = process.cpuUsage();
      loop.enable();
    }
    if (endedAt > 0) gaps.push(worked() - endedAt);
    endedAt = 0;
    return begin(ref, entry);
  };
  const end = journal.end.bind(journal);
  journal.end = (...args) => {
    ended += 1;
    if (ended >= restarts) resolve();
    endedAt = worked();
    return end(...args);
  };
  began = performance.now();
  const running = [operator.run(stop.signal), operator.lead(stop.signal)];
  await promise;
  const { user, system } = process.cpuUsage(usage);
  loop.disable();
  stop.abort();
  await Promise.all(running);
  const perRestart = (user + system) / 1000 / restarts;
  return { first, perRestart, longestBlock: loop.max / 1e6, gaps };
}

console.log('milliseconds      evaluation        whole  changed   ratio');
for (const size of sizes) console.log(`${String(size).padStart(7)} workloads           ${evaluations(size).join(' ')}`);
const table = [['milliseconds', 'CPU per restart', 'an end is worked in', '99 %', 'longest block', 'first restart']];
for (const size of sizes) {
  const restarts = Math.min(size, Number(values.restarts));
  const { first, perRestart, longestBlock, gaps } = await upgrade(size, restarts);
  const times = [perRestart, quantile(gaps, 0.5), quantile(gaps, 0.99), longestBlock, first];
  table.push([`${size} workloads`, ...times.map((time) => shown(time).trim())]);
}
console.log();
printTable(table);
process.exit(0);
