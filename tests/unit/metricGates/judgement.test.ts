import assert from 'node:assert/strict';
import { judgementOf } from '../../../src/metricGates/judgement.ts';
import { samplesIn } from '../../../src/metricGates/prometheusAnswer.ts';
import { queryOf } from '../../../src/metricGates/queryOf.ts';
import type { MetricGate } from '../../../src/plan/metricGate.ts';

type Ask = MetricGate['ask'];
const MAX: Ask = { query: 'q', max: 0.01 };
const MIN: Ask = { query: 'q', min: 0.99 };
const BOTH: Ask = { query: 'q', min: 1, max: 5 };
const ALERTS: Ask = { alerts: { severity: 'critical' } };

const answer = (data: unknown, more: object = {}): string => JSON.stringify({ status: 'success', data, ...more });
const vector = (...values: readonly (readonly [value: unknown, labels?: Record<string, unknown>])[]): string =>
  answer({ resultType: 'vector', result: values.map(([value, metric = {}]) => ({ metric, value: [1, value] })) });

/** What an answer makes of a gate: open or closed by its value, or not answered, with the words. */
function judged(ask: Ask, text: string): string {
  try {
    const { isOpen, isAnswered, detail } = judgementOf({ ask }, samplesIn(Buffer.from(text)));
    return `${isOpen ? 'open' : isAnswered ? 'closed' : 'unanswered'}: ${detail}`;
  } catch (error) {
    return `unanswered: ${(error as Error).message}`;
  }
}

const GOOD: readonly [name: string, ask: Ask, text: string, is: string][] = [
  ['a value below the maximum', MAX, vector(['0.004']), 'open: 0.004, at most 0.01'],
  ['the maximum itself', MAX, vector(['0.01']), 'open: 0.01, at most 0.01'],
  ['a value above it', MAX, vector(['0.3']), 'closed: 0.3 is above the maximum of 0.01'],
  [
    'a value just above it, which is not rounded to it',
    MAX,
    vector(['0.0100000001']),
    'closed: 0.0100000001 is above the maximum of 0.01',
  ],
  ['the minimum itself', MIN, vector(['0.99']), 'open: 0.99, at least 0.99'],
  ['a value below the minimum', MIN, vector(['0.5']), 'closed: 0.5 is below the minimum of 0.99'],
  ['a value between both', BOTH, vector(['3']), 'open: 3, from 1 to 5'],
  ['a value below both', BOTH, vector(['0']), 'closed: 0 is below the minimum of 1'],
  ['a value above both', BOTH, vector(['5.5']), 'closed: 5.5 is above the maximum of 5'],
  ['a scalar', MAX, answer({ resultType: 'scalar', result: [1, '0.002'] }), 'open: 0.002, at most 0.01'],
  [
    'all samples within the bound',
    MAX,
    vector(['0.001'], ['0.008']),
    'open: 2 samples from 0.001 to 0.008, at most 0.01',
  ],
  [
    'the last of three samples beyond it',
    MAX,
    vector(['0'], ['0.001'], ['0.02', { namespace: 'shop', app: 'cart' }]),
    'closed: 0.02 of namespace=shop, app=cart is above the maximum of 0.01 (1 of 3 samples)',
  ],
  ['infinity above a maximum', MAX, vector(['+Inf']), 'closed: Infinity is above the maximum of 0.01'],
  ['infinity above a minimum', MIN, vector(['+Inf']), 'open: Infinity, at least 0.99'],
  ['minus infinity below a minimum', MIN, vector(['-Inf']), 'closed: -Infinity is below the minimum of 0.99'],
  ['a number with an exponent', MAX, vector(['1e-05']), 'open: 0.00001, at most 0.01'],
  ['no alert', ALERTS, vector(), 'open: no alert with severity=critical fires'],
  ['one alert', ALERTS, vector(['1', { alertname: 'Down' }]), 'closed: an alert fires: Down'],
  [
    'many alerts',
    ALERTS,
    vector(...['A', 'B', 'C', 'D', 'D'].map((alertname) => ['1', { alertname }] as const)),
    'closed: 5 alerts fire: A, B, C and 1 more',
  ],
  [
    'a remark about the query',
    MAX,
    answer({ resultType: 'scalar', result: [1, '0'] }, { warnings: ['PromQL info: x'] }),
    'open: 0, at most 0.01',
  ],
  [
    'remarks where Prometheus 3 has them',
    MAX,
    answer({ resultType: 'scalar', result: [1, '0'] }, { infos: ['x'] }),
    'open: 0, at most 0.01',
  ],
];
for (const [name, ask, text, is] of GOOD)
  test(`${name} is ${is.split(':')[0]}`, () => assert.equal(judged(ask, text), is));

const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
const NOT: readonly [name: string, ask: Ask, text: string, is: RegExp][] = [
  ['no sample', MAX, vector(), /^the query gives no sample$/],
  ['NaN', MAX, vector(['NaN', { app: 'a' }]), /^the value of app=a is NaN$/],
  ['NaN after a good sample', MAX, vector(['0'], ['NaN']), /^the value is NaN$/],
  ['a range of values', MAX, answer({ resultType: 'matrix', result: [] }), /type matrix; the query must give/],
  ['a text', MAX, answer({ resultType: 'string', result: [1, '0'] }), /type string/],
  ['a range of values for alerts', ALERTS, answer({ resultType: 'matrix', result: [] }), /type matrix/],
  ['a vector that is none', ALERTS, answer({ resultType: 'vector', result: {} }), /type vector/],
  ['nothing', MAX, '', /not JSON/],
  ['HTML', MAX, '<html>', /not JSON/],
  ['half of an answer', MAX, vector(['0']).slice(0, -3), /not JSON/],
  ['what is nested deeply', MAX, deep, /not JSON/],
  ['a list', MAX, '[]', /not a JSON object/],
  ['null', MAX, 'null', /not a JSON object/],
  ['no status', MAX, '{"data":{"resultType":"vector","result":[]}}', /answers with an error/],
  [
    'an error',
    MAX,
    '{"status":"error","errorType":"execution","error":"query timed out"}',
    /error: execution: query timed out$/,
  ],
  ['a success without data', ALERTS, '{"status":"success"}', /has no data/],
  ['data that is null', ALERTS, '{"status":"success","data":null}', /has no data/],
  [
    'a warning',
    MAX,
    answer({ resultType: 'vector', result: [] }, { warnings: ['no store api found'] }),
    /warns of its answer: no store api found/,
  ],
  [
    'a warning beside no alert',
    ALERTS,
    answer({ resultType: 'vector', result: [] }, { warnings: ['partial'] }),
    /warns/,
  ],
  [
    'a warning after a remark',
    ALERTS,
    answer({ resultType: 'vector', result: [] }, { warnings: ['PromQL info: x', 'partial'] }),
    /partial/,
  ],
  [
    'warnings that are no list',
    ALERTS,
    answer({ resultType: 'vector', result: [] }, { warnings: 'partial' }),
    /partial/,
  ],
  ['a histogram', MAX, answer({ resultType: 'vector', result: [{ metric: {}, histogram: [1, {}] }] }), /a histogram/],
  ['a sample without a value', MAX, answer({ resultType: 'vector', result: [{ metric: {} }] }), /no value/],
  ['a sample that is null', MAX, answer({ resultType: 'vector', result: [null] }), /no value/],
  ['a number that is no text', MAX, vector([0]), /no value/],
  ['an empty text', MAX, vector(['']), /not a number/],
  ['a blank', MAX, vector([' ']), /not a number/],
  ['a hexadecimal number', MAX, vector(['0x0']), /not a number: 0x0$/],
  ['the name of a property', MAX, vector(['constructor']), /not a number: constructor$/],
  ['a number of a million digits', MAX, vector(['0'.repeat(1_000_000)]), /no value/],
  ['a scalar without a value', MAX, answer({ resultType: 'scalar', result: [] }), /no value/],
];
for (const [name, ask, text, is] of NOT)
  test(`${name} is no answer, so the gate is closed`, () => {
    const words = judged(ask, text);
    assert.match(words, /^unanswered: /);
    assert.match(words.slice('unanswered: '.length), is);
    assert.ok(words.length < 300);
  });

test('foreign text is cut', () => {
  const labels = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`l${index}`, 'x'.repeat(10_000)]));
  assert.ok(judged(MAX, vector(['1', labels])).length < 700);
  assert.ok(judged(ALERTS, vector(['1', { alertname: 'x'.repeat(100_000) }])).length < 300);
});

const QUERIES: readonly [name: string, ask: Ask, is: string][] = [
  ['a query stays as it is', { query: 'sum(up) ', max: 1 }, 'sum(up) '],
  [
    'alerts are asked by their series',
    { alerts: { severity: 'critical' } },
    'ALERTS{alertstate="firing",severity="critical"}',
  ],
  [
    'a label cannot end its text',
    { alerts: { a: 'x"} or vector(0) #\\' } },
    'ALERTS{alertstate="firing",a="x\\"} or vector(0) #\\\\"}',
  ],
];
for (const [name, ask, is] of QUERIES) test(name, () => assert.equal(queryOf({ ask }), is));
