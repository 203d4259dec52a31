import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { Metrics } from '../../src/report/metrics.ts';
import { toolbox } from '../testbed/build.ts';
import { run } from '../testbed/run.ts';
import { only, render } from './chart.ts';
import { unknownMetrics } from './metricNames.ts';
import { reasonsIn, unknownReasons } from './reasonCodes.ts';

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

const folder = mkdtempSync(join(tmpdir(), 'meltemi-alerts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const { spec } = only(await render({ prometheusRule: { enabled: true, force: true } }), 'PrometheusRule');
const RULES = join(folder, 'rules.yaml');
writeFileSync(RULES, stringify(spec));
const rules = spec.groups.flatMap((group: { rules: Rule[] }) => group.rules) as Rule[];
const promtool = (...args: string[]): Promise<string> => run(toolbox().program('promtool'), args);

test('promtool finds nothing wrong with the rules', async () => {
  assert.match(
    await promtool('check', 'rules', '--lint=all', '--lint-fatal', RULES),
    new RegExp(`${rules.length} rules found`),
  );
});

test('every metric in the rules exists', () =>
  assert.deepEqual(
    rules.flatMap(({ expr }) => unknownMetrics(expr)),
    [],
  ));

test('every reason in the rules is in the catalogue', () => {
  assert.ok(rules.some(({ expr }) => reasonsIn(expr).length > 0));
  assert.deepEqual(
    rules.flatMap(({ expr }) => unknownReasons(expr)),
    [],
  );
});

for (const [expression, unknown] of [
  ['meltemi_waiting_workloads{reason="excluded"}', []],
  ['meltemi_waiting_workloads{state="a", reason="no-such-reason"}', ['no-such-reason']],
  ['meltemi_waiting_workloads{reason=~"opted-out|no-such-reason|excluded"}', ['no-such-reason']],
  ['meltemi_waiting_workloads{reason!~"renamed|gave-up"}', ['renamed']],
  ['max by (reason) (meltemi_waiting_workloads{state="renamed"})', []],
] as const)
  test(`reasons that are in no catalogue in ${expression}: ${unknown.length}`, () =>
    assert.deepEqual(unknownReasons(expression), unknown));

test('every rule looks only at the namespace of its release', () => {
  for (const { alert, expr } of rules) {
    const selectors = expr.match(/meltemi_[a-z_]+\{/g)?.length ?? 0;
    assert.equal(expr.match(/namespace="ops"/g)?.length, selectors, alert);
  }
});

type Series = Readonly<Record<string, string>>;

/**
 * Series of pods `a` and `b`, a value a minute in promtool's notation, at what minute it is looked, and the alert that fires then, if any.
 */
interface Row {
  readonly series: Series;
  readonly alert: string;
  readonly fires: readonly number[];
  readonly silent: readonly number[];
}

const pod = (metric: string, name: string, more = ''): string =>
  `${metric}{namespace="ops",pod="${name}",instance="${name}"${more}}`;
const outdated = (name: string): string => pod('meltemi_workloads', name, ',state="outdated"');
const waiting = (name: string, reason: string): string => pod('meltemi_waiting_workloads', name, `,reason="${reason}"`);
const scans = (name: string, result: string): string => pod('meltemi_scans_total', name, `,result="${result}"`);
const wave = (name: string, state: string, of = 'first'): string =>
  pod('meltemi_wave_state', name, `,wave="${of}",state="${state}"`);
const inWave = (name: string, state: string): string =>
  pod('meltemi_wave_workloads', name, `,wave="first",state="${state}"`);
const DAY = 24 * 60;

const ROWS: Readonly<Record<string, Row>> = {
  'Meltemi vanishes': {
    series: { [pod('meltemi_build_info', 'a')]: '1x20 _x40' },
    alert: 'MeltemiDown',
    silent: [20, 30],
    fires: [40, 60],
  },
  'a Meltemi of another namespace is no substitute': {
    series: { 'meltemi_build_info{namespace="else"}': '1x60' },
    alert: 'MeltemiDown',
    silent: [5],
    fires: [30],
  },
  'nobody leads': {
    series: { [pod('meltemi_leader', 'a')]: '1x10 0x30', [pod('meltemi_leader', 'b')]: '0x40' },
    alert: 'MeltemiNoLeader',
    silent: [10, 13],
    fires: [20],
  },
  'the leader changes': {
    series: { [pod('meltemi_leader', 'a')]: '1x10 0x30', [pod('meltemi_leader', 'b')]: '0x11 1x30' },
    alert: 'MeltemiNoLeader',
    silent: [10, 20, 30],
    fires: [],
  },
  'workloads are outdated for a day, over a change of leader': {
    series: { [outdated('a')]: `2x600 _x1200`, [outdated('b')]: `_x608 1x1200` },
    alert: 'MeltemiProxiesOutdated',
    silent: [600, 1400],
    fires: [DAY + 5],
  },
  'an upgrade brings everything up to date in time': {
    series: { [outdated('a')]: `50x600 0x1200` },
    alert: 'MeltemiProxiesOutdated',
    silent: [600, DAY + 5],
    fires: [],
  },
  'outdated by the will of people': {
    series: { [outdated('a')]: `3x2000`, [waiting('a', 'excluded')]: '2x2000', [waiting('a', 'opted-out')]: '1x2000' },
    alert: 'MeltemiProxiesOutdated',
    silent: [DAY + 5],
    fires: [],
  },
  'outside their window, or frozen': {
    series: { [outdated('a')]: `3x2000`, [waiting('a', 'window')]: '2x2000', [waiting('a', 'freeze')]: '1x2000' },
    alert: 'MeltemiProxiesOutdated',
    silent: [DAY + 5],
    fires: [],
  },
  'nobody can read when they may be restarted': {
    series: {
      [outdated('a')]: `3x2000`,
      [waiting('a', 'window')]: '2x2000',
      [waiting('a', 'window-unreadable')]: '1x2000',
    },
    alert: 'MeltemiProxiesOutdated',
    silent: [],
    fires: [DAY + 5],
  },
  'one more than people want': {
    series: { [outdated('a')]: `3x2000`, [waiting('a', 'excluded')]: '2x2000', [waiting('a', 'gave-up')]: '1x2000' },
    alert: 'MeltemiProxiesOutdated',
    silent: [],
    fires: [DAY + 5],
  },
  'a run is halted': {
    series: { [pod('meltemi_halted_runs', 'a')]: '0x10 1x20 0x10' },
    alert: 'MeltemiRestartsHalted',
    silent: [10, 40],
    fires: [15],
  },
  'restarts fail': {
    series: { [pod('meltemi_restarts_total', 'a', ',kind="Deployment",result="failed"')]: '0x10 1x200' },
    alert: 'MeltemiRestartsFailing',
    silent: [10, 90],
    fires: [30],
  },
  'restarts that end well': {
    series: { [pod('meltemi_restarts_total', 'a', ',kind="Deployment",result="verified"')]: '0+1x200' },
    alert: 'MeltemiRestartsFailing',
    silent: [30],
    fires: [],
  },
  'an injector is silent': {
    series: { [pod('meltemi_injectors_unreachable', 'a')]: '0x10 1x30' },
    alert: 'MeltemiInjectorUnreachable',
    silent: [10, 20],
    fires: [30],
  },
  'an injector rejects the pods of a workload': {
    series: { [pod('meltemi_workloads', 'a', ',state="unknown"')]: '0x10 2x50' },
    alert: 'MeltemiWorkloadsUnknown',
    silent: [10, 35],
    fires: [45],
  },
  'an injector restarts': {
    series: { [pod('meltemi_workloads', 'a', ',state="unknown"')]: '0x10 200x10 0x40' },
    alert: 'MeltemiWorkloadsUnknown',
    silent: [15, 45],
    fires: [],
  },
  'two injectors match the same pods': {
    series: { [pod('meltemi_workloads', 'a', ',state="conflict"')]: '0x10 1x50' },
    alert: 'MeltemiWebhooksConflict',
    silent: [10, 35],
    fires: [45],
  },
  'a watch fails': {
    series: { [pod('meltemi_watch_stale', 'a')]: '0x10 1x30', [pod('meltemi_watch_stale', 'b')]: '0x40' },
    alert: 'MeltemiWatchStale',
    silent: [10, 20],
    fires: [30],
  },
  'every scan fails': {
    series: { [scans('a', 'success')]: '0+1x10 10x150', [scans('a', 'error')]: '0x10 0+1x150' },
    alert: 'MeltemiScansFailing',
    silent: [10, 60],
    fires: [100, 150],
  },
  'scans fail and then succeed': {
    series: { [scans('a', 'success')]: '0x20 0+1x150', [scans('a', 'error')]: '0+1x20 20x150' },
    alert: 'MeltemiScansFailing',
    silent: [30, 60, 150],
    fires: [],
  },
  'a gate stays closed': {
    series: { [pod('meltemi_gates_closed_long', 'a')]: '0x10 1x30' },
    alert: 'MeltemiGateClosed',
    silent: [10, 13],
    fires: [20],
  },
  'restarts fail in a wave': {
    series: { [wave('a', 'failed')]: '0x10 1x40 0x40', [wave('a', 'failed', 'second')]: '0x90' },
    alert: 'MeltemiWaveStuck',
    silent: [10, 20, 60],
    fires: [30],
  },
  'a wave makes no progress, over a change of leader': {
    series: {
      [wave('a', 'running')]: '0x10 1x40 _x100',
      [inWave('a', 'current')]: '0x20 3x30 _x100',
      [wave('b', 'running')]: '_x51 1x100',
      [inWave('b', 'current')]: '_x51 3x100',
    },
    alert: 'MeltemiWaveStuck',
    silent: [20, 40, 65],
    fires: [96, 140],
  },
  'a long wave goes on': {
    series: {
      [wave('a', 'running')]: '1x300',
      [inWave('a', 'in-flight')]: '1x300',
      [inWave('a', 'current')]: '0x40 1x40 2x40 3x40 4x140',
    },
    alert: 'MeltemiWaveStuck',
    silent: [30, 90, 150],
    fires: [300],
  },
  'a wave bakes for long': {
    series: {
      [wave('a', 'running')]: '1x10 0x300',
      [wave('a', 'baking')]: '0x10 1x300',
      [inWave('a', 'current')]: '3x300',
    },
    alert: 'MeltemiWaveStuck',
    silent: [90, 200],
    fires: [],
  },
  'a wave of a Meltemi that is paused': {
    series: {
      [wave('a', 'running')]: '1x300',
      [inWave('a', 'current')]: '3x300',
      [waiting('a', 'operator-paused')]: '2x300',
    },
    alert: 'MeltemiWaveStuck',
    silent: [90, 200],
    fires: [],
  },
  'a wave that waits for the night': {
    series: {
      [wave('a', 'running')]: '1x300',
      [inWave('a', 'current')]: '3x300',
      [waiting('a', 'window')]: '2x300',
    },
    alert: 'MeltemiWaveStuck',
    silent: [90, 200],
    fires: [],
  },
  'a metric gate stays closed for longer than its time limit': {
    series: {
      [pod('meltemi_metric_gates_closed_long', 'a')]: '0x10 1x30',
      [pod('meltemi_metric_gate_open', 'a', ',gate="slo"')]: '0x40',
    },
    alert: 'MeltemiMetricGateClosed',
    silent: [8, 10],
    fires: [20],
  },
  'a metric gate is closed, and not for long': {
    series: {
      [pod('meltemi_metric_gates_closed_long', 'a')]: '0x40',
      [pod('meltemi_metric_gate_open', 'a', ',gate="slo"')]: '0x40',
    },
    alert: 'MeltemiMetricGateClosed',
    silent: [20],
    fires: [],
  },
  'a receiver refuses notifications': {
    series: { [pod('meltemi_notifications_total', 'a', ',receiver="slack",result="failed"')]: '0x10 2x200' },
    alert: 'MeltemiNotificationsFailing',
    silent: [10, 90],
    fires: [15, 30],
  },
  'notifications arrive': {
    series: {
      [pod('meltemi_notifications_total', 'a', ',receiver="slack",result="sent"')]: '0+1x100',
      [pod('meltemi_notifications_total', 'a', ',receiver="slack",result="failed"')]: '0x100',
    },
    alert: 'MeltemiNotificationsFailing',
    silent: [30, 90],
    fires: [],
  },
  'the policy is broken': {
    series: { [pod('meltemi_policy_invalid', 'a')]: '0x10 1x30' },
    alert: 'MeltemiPolicyInvalid',
    silent: [10, 13],
    fires: [20],
  },
};

for (const [index, [what, { series, alert, fires, silent }]] of Object.entries(ROWS).entries()) {
  test(`${what}: ${alert} ${fires.length > 0 ? 'fires' : 'is silent'}`, async () => {
    const expression = (firing: boolean) =>
      `count(ALERTS{alertname="${alert}",alertstate="firing"}) ${firing ? '> 0' : ''}`;
    const file = join(folder, `test-${index}.yaml`);
    const one = {
      interval: '1m',
      input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
      promql_expr_test: [...fires, ...silent].map((minute) => ({
        expr: expression(fires.includes(minute)),
        eval_time: `${minute}m`,
        exp_samples: fires.includes(minute) ? [{ labels: '{}', value: 1 }] : [],
      })),
    };
    writeFileSync(file, stringify({ rule_files: [RULES], evaluation_interval: '1m', tests: [one] }));
    await promtool('test', 'rules', file);
  });
}

test('every alert has rows', () =>
  assert.deepEqual(new Set(Object.values(ROWS).map(({ alert }) => alert)), new Set(rules.map(({ alert }) => alert))));

async function changed(alerts: Readonly<Record<string, unknown>>): Promise<Rule[]> {
  const rule = only(await render({ prometheusRule: { enabled: true, force: true, alerts } }), 'PrometheusRule');
  return rule.spec.groups.flatMap((group: { rules: Rule[] }) => group.rules) as Rule[];
}

test('an alert can be left out by values', async () =>
  assert.deepEqual(
    await changed({ MeltemiGateClosed: { enabled: false } }),
    rules.filter(({ alert }) => alert !== 'MeltemiGateClosed'),
  ));

test('an alert takes its time and its labels from values, and keeps the labels that it has', async () => {
  const change = { for: '1h', labels: { severity: 'info', team: 'mesh' } };
  assert.deepEqual(
    await changed({ MeltemiWatchStale: change, MeltemiDown: { enabled: true, labels: { team: 'mesh' } } }),
    rules.map((rule) => {
      if (rule.alert === 'MeltemiWatchStale') return { ...rule, ...change };
      return rule.alert === 'MeltemiDown' ? { ...rule, labels: { severity: 'critical', team: 'mesh' } } : rule;
    }),
  );
});

test('promtool finds nothing wrong with the metrics', async () => {
  const metrics = new Metrics('1.2.3');
  metrics.leads(true);
  metrics.watches(() => false);
  metrics.evaluated(new Map([['current', 1]]), new Map([['gave-up', 1]]), 1);
  metrics.waves([{ name: 'first', state: 'done', current: 1, inFlight: 0, failed: 0, waiting: 0 }]);
  await run(toolbox().program('promtool'), ['check', 'metrics'], { input: await metrics.registry.metrics() });
});
