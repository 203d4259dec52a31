import assert from 'node:assert/strict';
import type { EventDraft } from '../../../src/model.ts';
import { explanation } from '../../../src/report/explanation.ts';
import { Metrics } from '../../../src/report/metrics.ts';
import { Report } from '../../../src/report/report.ts';
import { rowOf } from '../../../src/report/row.ts';
import { CLOSED, gateState, metricGate } from '../../builders/metricGate.ts';
import { context, policy } from '../../builders/policy.ts';
import { assessed, NOW } from '../../builders/workload.ts';

const GATE = metricGate();
const UNANSWERED = gateState({ isOpen: false, isAnswered: false, detail: 'HTTP 500' });
const EVIL = '\u001b[2Jup';

/** A report, its log lines, its Events and its metrics. */
function reporting() {
  const metrics = new Metrics('0.0.0');
  const events: EventDraft[] = [];
  const lines: string[] = [];
  const line = (level: string) => (message: string, fields?: object) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`);
  const logger = { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') };
  const cluster = { emit: async (draft: EventDraft) => void events.push(draft) };
  const report = new Report({ logger, metrics, cluster, namespace: 'mesh' });
  const metric = async (name: string): Promise<string[]> =>
    (await metrics.registry.getSingleMetricAsString(`meltemi_${name}`))
      .split('\n')
      .filter((one) => !one.startsWith('#'));
  return { report, events, lines, metric };
}

test('an answer is logged when the gate opens or closes, and not each time', () => {
  const { report, lines } = reporting();
  for (const state of [CLOSED, CLOSED, gateState(), gateState({ detail: '0.005, at most 0.01' }), UNANSWERED])
    report.metricGateAnswered(GATE, state);
  assert.deepEqual(lines, [
    'info Metric gate is closed {"gate":"slo","detail":"0.3 is above the maximum of 0.01"}',
    'info Metric gate is open {"gate":"slo","detail":"0.004, at most 0.01"}',
    'warn Metric gate is closed {"gate":"slo","detail":"HTTP 500"}',
  ]);
});

test('the metrics have a gate only while it is asked', async () => {
  const { report, metric } = reporting();
  report.metricGateAnswered(GATE, gateState());
  report.metricGatesAsked(new Set(['slo']), 1);
  assert.deepEqual(await metric('metric_gate_open'), ['meltemi_metric_gate_open{gate="slo"} 1']);
  assert.deepEqual(await metric('metric_gates_closed_long'), ['meltemi_metric_gates_closed_long 1']);
  report.metricGateAnswered(GATE, CLOSED);
  assert.deepEqual(await metric('metric_gate_open'), ['meltemi_metric_gate_open{gate="slo"} 0']);
  report.metricGatesAsked(new Set(), 0);
  assert.deepEqual(await metric('metric_gate_open'), []);
  assert.deepEqual(await metric('metric_gate_answered_timestamp_seconds'), []);
  assert.deepEqual(await metric('metric_gates_closed_long'), ['meltemi_metric_gates_closed_long 0']);
});

test('a gate that gives no answer has no time of one', async () => {
  const { report, metric } = reporting();
  report.metricGateAnswered(GATE, UNANSWERED);
  assert.deepEqual(await metric('metric_gate_answered_timestamp_seconds'), []);
});

test('a gate that is closed for too long is an Event on the Lease, whatever Prometheus says', () => {
  const { report, events } = reporting();
  report.metricGateClosedLong({ run: 'run', gate: 'slo', since: NOW, detail: `an alert fires: ${EVIL}` });
  assert.deepEqual(
    events.map(({ type, reason, about, message }) => [type, reason, about.kind, message]),
    [
      [
        'Warning',
        'MetricGateClosed',
        'Lease',
        'slo has kept restarts waiting since 2026-01-01T00:00:00Z: an alert fires: \\u001b[2Jup',
      ],
    ],
  );
});

const EXPLAINED: readonly [
  name: string,
  states: Record<string, ReturnType<typeof gateState>>,
  line: string | undefined,
][] = [
  ['an open gate with its value and its bound', { slo: gateState() }, '  slo: open, 0.004, at most 0.01'],
  ['a closed one', { slo: CLOSED }, '  slo: closed, 0.3 is above the maximum of 0.01'],
  ['one that gives no answer', { slo: UNANSWERED }, '  slo: closed, HTTP 500'],
  ['foreign text that cannot act', { slo: { ...CLOSED, detail: EVIL } }, '  slo: closed, \\u001b[2Jup'],
];
for (const [name, states, line] of EXPLAINED)
  test(`an explanation shows ${name}`, () => {
    const one = assessed();
    const gates = context({ policy: policy({ metricGates: [GATE] }), metricGates: new Map(Object.entries(states)) });
    const row = rowOf({ ...one, step: { action: 'none' } });
    const mesh = { injections: [], namespaces: new Map() };
    const lines = explanation({ assessed: one, mesh, row, rules: gates.policy, gates }).split('\n');
    assert.ok(lines.includes('Metric gates') && lines.includes(line ?? ''), lines.join('\n'));
  });

test('an explanation without metric gates has no section for them', () => {
  const one = assessed();
  const row = rowOf({ ...one, step: { action: 'none' } });
  const mesh = { injections: [], namespaces: new Map() };
  assert.doesNotMatch(explanation({ assessed: one, mesh, row, rules: policy(), gates: context() }), /Metric gates/);
});
