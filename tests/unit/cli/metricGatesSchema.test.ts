import assert from 'node:assert/strict';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { policyOf } from '../../../src/cli/policyOf.ts';
import { problemLines } from '../../../src/cli/policySource.ts';
import { defaults } from '../../../src/cli/settings.ts';
import type { MetricGate } from '../../../src/plan/metricGate.ts';
import { HOUR } from '../../builders/workload.ts';

function gatesIn(text: string): readonly MetricGate[] | undefined {
  const reading = readPolicy(text);
  assert.ok('policy' in reading, 'problems' in reading ? problemLines('p', reading.problems).join('\n') : '');
  return policyOf(defaults(), new Set(), reading.policy).metricGates;
}

function complaints(text: string): string[] {
  const reading = readPolicy(text);
  return 'problems' in reading ? problemLines('p', reading.problems) : [];
}

/** A policy with one gate of these fields, as YAML. */
const gate = (fields: string, address = 'https://prometheus.monitoring:9090'): string =>
  `metricGates: [{ name: slo, prometheus: '${address}', ${fields} }]`;
const BASE = { name: 'slo', prometheus: 'https://prometheus.monitoring:9090', timeLimit: HOUR };

const RIGHT: readonly [name: string, fields: string, is: Partial<MetricGate>][] = [
  ['a query with a maximum', 'query: up, max: 0.01', { ask: { query: 'up', max: 0.01 } }],
  ['a minimum', 'query: up, min: 1', { ask: { query: 'up', min: 1 } }],
  ['both', 'query: up, min: -1e3, max: .5', { ask: { query: 'up', min: -1000, max: 0.5 } }],
  ['the same as both', 'query: up, min: 1, max: 1', { ask: { query: 'up', min: 1, max: 1 } }],
  ['alerts', 'alerts: { severity: critical, team: "1" }', { ask: { alerts: { severity: 'critical', team: '1' } } }],
  ['a time limit', 'query: up, max: 1, timeLimit: 2h', { ask: { query: 'up', max: 1 }, timeLimit: 2 * HOUR }],
  [
    'filters',
    'query: up, max: 1, match: [{ namespaces: [shop] }]',
    { ask: { query: 'up', max: 1 }, match: [{ namespaces: ['shop'] }] },
  ],
  [
    'files',
    'query: up, max: 1, tokenFile: /t, caFile: /c',
    { ask: { query: 'up', max: 1 }, tokenFile: '/t', caFile: '/c' },
  ],
];
for (const [name, fields, is] of RIGHT)
  test(`a gate may have ${name}`, () => assert.deepEqual(gatesIn(gate(fields)), [{ ...BASE, ...is }]));

for (const address of ['http://localhost:9090', 'https://mimir/prometheus', 'http://[::1]:9090/', 'HTTP://thanos'])
  test(`the address may be ${address}`, () => assert.equal(gatesIn(gate('query: up, max: 1', address))?.length, 1));

test('a policy without gates has none', () => assert.equal(gatesIn('{}'), undefined));

const AN_ADDRESS = 'It must be an http or https URL such as http://prometheus.monitoring:9090.';
const A_NAME =
  'It must have at most 63 lower-case letters, digits and dashes, and begin and end with a letter or digit.';
const AT = 'p:1:';
const WRONG: readonly [name: string, text: string, says: string][] = [
  ['neither query nor alerts', gate('max: 1'), 'metricGates[0]: needs one of query and alerts'],
  ['both of them', gate('query: up, max: 1, alerts: { a: b }'), 'metricGates[0]: needs one of query and alerts'],
  ['a query without a bound', gate('query: up'), 'metricGates[0]: needs a bound for its query: min, max or both'],
  ['alerts with a bound', gate('alerts: { a: b }, max: 1'), 'metricGates[0].max: is for a query, not for alerts'],
  [
    'a minimum above the maximum',
    gate('query: up, min: 2, max: 1'),
    "metricGates[0].min: '2' is invalid. It must not be greater than max.",
  ],
  [
    'a bound that is no number',
    gate('query: up, max: 1%'),
    "metricGates[0].max: '1%' is invalid. It must be a number such as 0.01.",
  ],
  [
    'a bound that is infinite',
    gate('query: up, max: 1e999'),
    "metricGates[0].max: '1e999' is invalid. It must be a number such as 0.01.",
  ],
  [
    'a bound that is NaN',
    gate('query: up, max: NaN'),
    "metricGates[0].max: 'NaN' is invalid. It must be a number such as 0.01.",
  ],
  ['an empty query', gate("query: '', max: 1"), 'metricGates[0].query: has no value'],
  [
    'no labels',
    gate('alerts: {}'),
    'metricGates[0].alerts: selects all alerts; name at least one label, such as severity',
  ],
  ['a label without a value', gate("alerts: { a: '' }"), 'metricGates[0].alerts.a: has no value'],
  ['what is no label', gate('alerts: { a-b: c }'), 'metricGates[0].alerts.a-b: It must be the name of a label.'],
  [
    'the state of alerts',
    gate('alerts: { alertstate: pending }'),
    'metricGates[0].alerts: must not have alertstate, which is always firing',
  ],
  [
    'the name of the series',
    gate('alerts: { __name__: up }'),
    'metricGates[0].alerts: must not have __name__, which is always ALERTS',
  ],
  [
    'a name in capitals',
    gate('query: up, max: 1').replace('slo', 'SLO'),
    `metricGates[0].name: 'SLO' is invalid. ${A_NAME}`,
  ],
  ['no address', 'metricGates: [{ name: slo, query: up, max: 1 }]', 'metricGates[0].prometheus: is missing'],
  [
    'no scheme',
    gate('query: up, max: 1', 'prometheus:9090'),
    `metricGates[0].prometheus: 'prometheus:9090' is invalid. ${AN_ADDRESS}`,
  ],
  [
    'another scheme',
    gate('query: up, max: 1', 'file:///etc/passwd'),
    `metricGates[0].prometheus: 'file:///etc/passwd' is invalid. ${AN_ADDRESS}`,
  ],
  [
    'credentials, which are not said again',
    gate('query: up, max: 1', 'https://me:secret@prometheus'),
    "metricGates[0].prometheus: '…@prometheus' is invalid. It must have no credentials, because people read the policy. Use tokenFile.",
  ],
  [
    'a query in the address',
    gate('query: up, max: 1', 'http://p?x=1'),
    "metricGates[0].prometheus: 'http://p?x=1' is invalid. It must end with its path, without ? and #.",
  ],
  [
    'a relative file',
    gate('query: up, max: 1, caFile: ca.crt'),
    "metricGates[0].caFile: 'ca.crt' is invalid. It must be the absolute path of a file.",
  ],
  [
    'a token over http',
    gate('query: up, max: 1, tokenFile: /t', 'http://p'),
    'metricGates[0].tokenFile: needs an https address, because over http anyone on the way reads the token',
  ],
  [
    'a CA over http',
    gate('query: up, max: 1, caFile: /c', 'http://p'),
    'metricGates[0].caFile: needs an https address',
  ],
  [
    'a time limit of zero',
    gate('query: up, max: 1, timeLimit: 0'),
    "metricGates[0].timeLimit: '0' is invalid. It must be a duration such as 30m or 2h.",
  ],
  [
    'no filter',
    gate('query: up, max: 1, match: []'),
    'metricGates[0].match: is an empty list; leave the key out instead',
  ],
  ['a misspelt key', gate('querry: up, max: 1'), 'metricGates[0].querry: is unknown; did you mean query?'],
  [
    'a misspelt key of a filter',
    gate('query: up, max: 1, match: [{ namespace: [a] }]'),
    'metricGates[0].match[0].namespace: is unknown; did you mean namespaces?',
  ],
  [
    'a name twice',
    'metricGates: [{ name: a, prometheus: http://p, query: up, max: 1 }, { name: a, prometheus: http://q, query: up, max: 2 }]',
    "metricGates[1].name: 'a' is given twice. Choose another name than metricGates[0] has.",
  ],
  [
    'too many gates',
    `metricGates: [${Array.from({ length: 21 }, (_, index) => `{ name: g${index}, prometheus: http://p, query: up, max: 1 }`).join(', ')}]`,
    'metricGates: must have at most 20 entries',
  ],
];
for (const [name, text, says] of WRONG)
  test(`a gate must not have ${name}`, () => {
    const said = complaints(text);
    assert.ok(
      said.some((line) => line.startsWith(AT) && line.endsWith(`: ${says}`)),
      said.join('\n') || 'nothing is wrong with it',
    );
    assert.ok(!said.some((line) => line.includes('secret')), said.join('\n'));
  });
