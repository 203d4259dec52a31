import assert from 'node:assert/strict';
import type { EventDraft } from '../../../src/model.ts';
import type { Evaluation } from '../../../src/plan/evaluate.ts';
import type { Outcome } from '../../../src/plan/outcomes.ts';
import type { Planned, Step } from '../../../src/plan/plan.ts';
import type { WaitCode } from '../../../src/plan/waitReasons.ts';
import { reason } from '../../../src/reasons.ts';
import { Metrics } from '../../../src/report/metrics.ts';
import { Report } from '../../../src/report/report.ts';
import { evaluation } from '../../builders/evaluation.ts';
import { assessed, entry, expected, injection, MINUTE, NOW } from '../../builders/workload.ts';

/** A report with nobody to hear it, and what it tells. */
function reporting() {
  const metrics = new Metrics('0.0.0');
  const events: EventDraft[] = [];
  const cluster = { emit: async (draft: EventDraft) => void events.push(draft) };
  const logger = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
  const report = new Report({ logger, metrics, cluster, namespace: 'mesh' });
  const metric = async (name: string): Promise<number> => {
    const text = await metrics.registry.getSingleMetricAsString(`meltemi_${name}`);
    return Number(text.split(' ').at(-1));
  };
  return { report, metrics, events, metric };
}

const rows: [Outcome, string][] = [
  ['verified', 'verified'],
  ['failed:timeout', 'failed'],
  ['reverted', 'reverted'],
  ['superseded', 'superseded'],
  ['superseded:expectation', 'superseded'],
];

for (const [outcome, result] of rows) {
  test(`a restart that ended as ${outcome} is counted as ${result}`, async () => {
    const { report, metrics } = reporting();
    report.ended(assessed(), outcome, '');
    const text = await metrics.registry.metrics();
    assert.ok(text.includes(`meltemi_restarts_total{kind="Deployment",result="${result}"} 1`));
    assert.ok(!text.includes('superseded:'), 'the label set is closed');
  });
}

const byConfiguration = (configuration: string) => injection({ entry: entry({ configuration }) });
const [plain, canary] = [byConfiguration('plain'), byConfiguration('canary')];
const meshOf = (...injections: (typeof plain)[]) => ({ injections, namespaces: new Map() });

test('an injector that is silent counts as unreachable until it answers', async () => {
  const { report, events, metric } = reporting();
  report.mesh(meshOf(plain, canary));
  report.reachable(plain, 'ECONNREFUSED');
  assert.equal(await metric('injectors_unreachable'), 1);
  assert.deepEqual(
    events.map(({ reason, type }) => `${type} ${reason}`),
    ['Warning InjectorUnreachable'],
  );
  report.reachable(plain, undefined);
  assert.equal(await metric('injectors_unreachable'), 0);
});

test('an injector that is silent and whose configuration is deleted is none that does not answer', async () => {
  const { report, metric } = reporting();
  report.mesh(meshOf(plain, canary));
  report.reachable(plain, 'ECONNREFUSED');
  report.reachable(canary, 'ECONNREFUSED');
  report.mesh(meshOf(canary));
  await report.evaluated(evaluation([]));
  assert.equal(await metric('injectors_unreachable'), 1);
});

/** Minutes at which an evaluation finds a gate closed, or none; what is told by then. */
const gates: readonly [string, (readonly [minute: number, gate: WaitCode | ''])[], { told: string[]; long: number }][] =
  [
    [
      'for less than 30 minutes is not told',
      [
        [0, 'istiod-rolling'],
        [29.99, 'istiod-rolling'],
      ],
      { told: [], long: 0 },
    ],
    [
      'for 30 minutes is told',
      [
        [0, 'istiod-rolling'],
        [30, 'istiod-rolling'],
      ],
      { told: ['istiod-rolling'], long: 1 },
    ],
    [
      'for hours is told once',
      [
        [0, 'istiod-rolling'],
        [30, 'istiod-rolling'],
        [31, 'istiod-rolling'],
        [600, 'istiod-rolling'],
      ],
      { told: ['istiod-rolling'], long: 1 },
    ],
    [
      'that was told and opens is closed no longer',
      [
        [0, 'istiod-rolling'],
        [30, 'istiod-rolling'],
        [31, ''],
      ],
      { told: ['istiod-rolling'], long: 0 },
    ],
    [
      'that opens in between begins anew',
      [
        [0, 'istiod-rolling'],
        [20, ''],
        [21, 'istiod-rolling'],
        [50, 'istiod-rolling'],
      ],
      { told: [], long: 0 },
    ],
    [
      'that was told, opens and closes for as long again is told again',
      [
        [0, 'istiod-rolling'],
        [30, 'istiod-rolling'],
        [31, ''],
        [32, 'istiod-rolling'],
        [62, 'istiod-rolling'],
      ],
      { told: ['istiod-rolling', 'istiod-rolling'], long: 1 },
    ],
    [
      'that gives way to another one does not lend it its time',
      [
        [0, 'istiod-rolling'],
        [29, 'chart-mismatch'],
        [31, 'chart-mismatch'],
      ],
      { told: [], long: 0 },
    ],
    [
      'is not what a paused rollout is',
      [
        [0, 'paused'],
        [60, 'paused'],
      ],
      { told: [], long: 0 },
    ],
  ];

for (const [name, evaluations, { told, long }] of gates) {
  test(`a gate closed ${name}`, async () => {
    const { report, events, metric } = reporting();
    const one = assessed({}, { state: 'unknown', reason: reason('bad-answer', '') });
    for (const [minute, gate] of evaluations) {
      const step: Step = gate ? { action: 'wait', reason: reason(gate, 'why') } : { action: 'none' };
      await report.evaluated(evaluation([{ ...one, step }], { at: NOW + minute * MINUTE }));
    }
    const expected = told.map((gate) => `Warning GateClosed istio-sidecar-injector: ${gate} for 30 minutes: why`);
    assert.deepEqual(
      events.map(({ type, reason, message }) => `${type} ${reason} ${message}`),
      expected,
    );
    assert.equal(await metric('gates_closed_long'), long);
  });
}

test('a workload that waits an hour for its budget is told once, on the workload', async () => {
  const { report, events } = reporting();
  const one = assessed({}, { state: 'unknown', reason: reason('bad-answer', '') });
  const held: Step = { action: 'wait', reason: reason('pdb', 'shop/web allows no disruption') };
  for (const minute of [0, 59, 60, 61, 600])
    await report.evaluated(evaluation([{ ...one, step: held }], { at: NOW + minute * MINUTE }));
  assert.deepEqual(
    events.map(({ type, reason, about, message }) => [type, reason, about.name, message]),
    [['Warning', 'RestartWaiting', 'web', 'for 60 minutes: shop/web allows no disruption']],
  );
});

describe.each(['pdb', 'istiod-rolling'] as const)(
  'that a workload waits for %s is not told when its time is over',
  (code) => {
    const one = assessed({}, { state: 'unknown', reason: reason('bad-answer', '') });
    const held: Planned = { ...one, step: { action: 'wait', reason: reason(code, 'why') } };
    const freed: Planned = { ...one, step: { action: 'none' } };
    const rows: [string, readonly Planned[], Partial<Evaluation>][] = [
      ['if it has gone on since', [freed], { serial: 2, changes: { changed: [freed], gone: [held] } }],
      ['if it was deleted since', [], {}],
    ];
    for (const [name, items, given] of rows)
      it(name, async () => {
        const { report, events } = reporting();
        await report.evaluated(evaluation([held], { serial: 1 }));
        await report.evaluated(evaluation(items, { ...given, at: NOW + 20 * MINUTE }));
        const unchanged = { changed: [], gone: [] };
        for (const [index, minute] of [60, 120].entries())
          await report.evaluated(
            evaluation(items, { serial: 3 + index, changes: unchanged, at: NOW + minute * MINUTE }),
          );
        assert.deepEqual(events, []);
      });
  },
);

test('a workload that was deleted and made again is told of again', async () => {
  const { report, events } = reporting();
  const outdated: Planned = { ...assessed(), step: { action: 'none' } };
  for (const items of [[outdated], [outdated], [], [outdated]]) await report.evaluated(evaluation(items));
  assert.deepEqual(
    events.map(({ reason }) => reason),
    ['SidecarOutdated', 'SidecarOutdated'],
  );
});

test('a workload that was current and lacks the same sidecar again is told of again', async () => {
  const { report, events } = reporting();
  const outdated: Planned = { ...assessed(), step: { action: 'none' } };
  const current: Planned = {
    ...assessed({}, { state: 'current', expected: expected(), drifts: [] }),
    step: outdated.step,
  };
  for (const one of [outdated, current, outdated]) await report.evaluated(evaluation([one]));
  assert.equal(events.length, 2);
});

test('the metric of what is outdated for longest counts only what still is', async () => {
  const times: (number | undefined)[] = [];
  const { report, metrics } = reporting();
  metrics.oldestOutdated = (since) => void times.push(since);
  const outdated: Planned = { ...assessed(), step: { action: 'none' } };
  const current: Planned = {
    ...assessed({}, { state: 'current', expected: expected(), drifts: [] }),
    step: outdated.step,
  };
  const changed = { changes: { changed: [current], gone: [outdated] }, serial: 2 };
  await report.evaluated(evaluation([outdated], { serial: 1 }));
  await report.evaluated(evaluation([current], changed));
  await report.evaluated(evaluation([outdated]));
  await report.evaluated(evaluation([]));
  assert.deepEqual(
    times.map((time) => time !== undefined),
    [true, false, true, false],
  );
});

test('that admission refuses the record is told as an Event once for each namespace', () => {
  const { report, events } = reporting();
  for (const namespace of ['shop', 'bank', 'shop']) report.recordRefused(assessed({ namespace }), 'a policy');
  assert.deepEqual(
    events.map(({ about }) => about.namespace),
    ['shop', 'bank'],
  );
});

test('a restart that its owners have reverted is told as an Event, as a failure is', async () => {
  const { report, events } = reporting();
  report.ended(assessed(), 'reverted', 'the annotation was removed');
  assert.deepEqual(
    events.map(({ reason, message }) => `${reason} ${message}`),
    ['RestartFailed reverted: the annotation was removed'],
  );
});

test('what has lasted long in an earlier term begins anew with the next one: another process may have led in between', async () => {
  const { report, events, metric } = reporting();
  const one = assessed({}, { state: 'unknown', reason: reason('bad-answer', '') });
  const waits = ['istiod-rolling', 'pdb'] as const;
  const held = waits.map((code) => ({ ...one, step: { action: 'wait', reason: reason(code, 'why') } as const }));
  const evaluate = (minute: number) => report.evaluated(evaluation(held, { at: NOW + minute * MINUTE }));
  await evaluate(0);
  report.begin();
  await evaluate(90);
  assert.deepEqual([events, await metric('gates_closed_long')], [[], 0]);
});

test('a process that stops leading shows no workloads any longer, so that no alert outlives its cause', async () => {
  const { metrics, metric } = reporting();
  metrics.leads(true);
  metrics.evaluated(new Map([['outdated', 1]]), new Map([['cooldown', 1]]), 1);
  metrics.halted(1);
  metrics.gates(1);
  metrics.unreachable(1);
  metrics.leads(false);
  const text = await metrics.registry.metrics();
  assert.doesNotMatch(text, /^meltemi_(workloads|waiting_workloads)\{/m);
  for (const name of ['leader', 'restarts_in_flight', 'halted_runs', 'gates_closed_long', 'injectors_unreachable'])
    assert.equal(await metric(name), 0, name);
});

test('a former leader knows nothing of injectors, whatever becomes of the mesh', async () => {
  const { report, metrics, metric } = reporting();
  report.reachable(plain, 'ECONNREFUSED');
  metrics.leads(false);
  report.mesh(meshOf(plain, canary));
  assert.equal(await metric('injectors_unreachable'), 0);
});

test('whether the watches are stale is asked at each scrape', async () => {
  const { metrics, metric } = reporting();
  let stale = false;
  metrics.watches(() => stale);
  assert.equal(await metric('watch_stale'), 0);
  stale = true;
  assert.equal(await metric('watch_stale'), 1);
});

test('a halted run is told once and counted until it goes on', async () => {
  const { report, events, metric } = reporting();
  const one = assessed({}, { state: 'unknown', reason: reason('bad-answer', '') });
  const halted: Step = { action: 'wait', reason: reason('halted', '3 restarts failed') };
  const evaluate = (step: Step) => report.evaluated(evaluation([{ ...one, step }]));
  await evaluate(halted);
  await evaluate(halted);
  assert.deepEqual(
    events.map(({ reason }) => reason),
    ['RestartsHalted'],
  );
  assert.equal(await metric('halted_runs'), 1);
  await evaluate({ action: 'none' });
  assert.equal(await metric('halted_runs'), 0);
});

test('every failed scan is counted, and told when it is news', async () => {
  const told: [string, object][] = [];
  const note = (message: string, fields: object = {}): void => void told.push([message, fields]);
  const metrics = new Metrics('0.0.0');
  const logger = { error: note, warn: note, info: note, debug: note };
  const report = new Report({ logger, metrics, cluster: { emit: async () => undefined }, namespace: 'mesh' });
  const failure = { namespace: 'b', isGone: true };
  report.scanFailed(new Error('forbidden'), 1000, { ...failure, isNews: true });
  report.scanFailed(new Error('forbidden'), 2000, { ...failure, isNews: false });
  assert.equal(told.length, 1);
  assert.deepEqual(told[0]?.[1], {
    namespace: 'b',
    err: 'forbidden',
    hint: 'namespace b does not exist; check --namespaces',
    retryInSeconds: 1,
  });
  assert.match(await metrics.registry.metrics(), /meltemi_scans_total\{result="error"\} 2/);
});

test('a restart whose workload cannot be read any more is counted, logged and sent as an Event like any failure', async () => {
  const { report, events, metrics } = reporting();
  report.lost({ kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u' }, 'failed:unverified', 'unreadable');
  assert.deepEqual(
    events.map(({ reason, about, message }) => [reason, about.uid, message]),
    [['RestartFailed', 'u', 'failed:unverified: unreadable']],
  );
  const text = await metrics.registry.metrics();
  assert.match(text, /^meltemi_restarts_total\{kind="Deployment",result="failed"\} 1$/m);
});
