import assert from 'node:assert/strict';
import { askedMetricGates } from '../../../src/plan/askedMetricGates.ts';
import { type Assessed, isOutdated } from '../../../src/plan/assessed.ts';
import { holds } from '../../../src/plan/closedMetricGates.ts';
import { closedSince, gateWaits, longClosed, untilLongClosed } from '../../../src/plan/closedSince.ts';
import { historyOf } from '../../../src/plan/history.ts';
import { COUNTS_FOR, type MetricGate, type MetricGateState, whyClosed } from '../../../src/plan/metricGate.ts';
import { plan } from '../../../src/plan/plan.ts';
import type { PlanContext } from '../../../src/plan/planContext.ts';
import { rolloutGroupsOf } from '../../../src/plan/rolloutGroups.ts';
import { waitBetweenPods } from '../../../src/plan/rules/rules.ts';
import type { RunNotes } from '../../../src/plan/runNotes.ts';
import type { Wave } from '../../../src/plan/wave.ts';
import { journalled, journalOf, restarted } from '../../builders/journal.ts';
import { CLOSED, gateState, metricGate } from '../../builders/metricGate.ts';
import { context, policy, stepFor } from '../../builders/policy.ts';
import { assessed, expected, HOUR, MINUTE, NOW } from '../../builders/workload.ts';

const wave = (name: string, gates: readonly string[]): Wave => ({ name, match: [], bake: 0, gates, maxFailures: 0 });

/** A context with these gates, and what they have answered. */
const given = (
  gates: readonly MetricGate[],
  states: Record<string, MetricGateState>,
  more: Partial<PlanContext> = {},
) => context({ policy: policy({ metricGates: gates }), metricGates: new Map(Object.entries(states)), ...more });

const HELD: readonly [
  name: string,
  gate: Partial<MetricGate>,
  waves: readonly Wave[],
  wave: string | undefined,
  is: boolean,
][] = [
  ['without waves, whatever it matches', {}, [], undefined, true],
  ['without waves, nothing that it does not match', { match: [{ namespaces: ['bank'] }] }, [], undefined, false],
  [
    'what one of its filters matches',
    { match: [{ namespaces: ['bank'] }, { namespaces: ['shop'] }] },
    [],
    undefined,
    true,
  ],
  ['everything where no wave names it', {}, [wave('canary', []), wave('prod', [])], 'prod', true],
  ['the wave that names it', {}, [wave('canary', ['slo']), wave('prod', [])], 'canary', true],
  ['no other wave', {}, [wave('canary', ['slo']), wave('prod', [])], 'prod', false],
  ['both waves that name it', {}, [wave('canary', ['slo']), wave('prod', ['other', 'slo'])], 'prod', true],
  [
    'of its wave only what it matches',
    { match: [{ namespaces: ['bank'] }] },
    [wave('canary', ['slo'])],
    'canary',
    false,
  ],
  ['what is in no known wave, if a wave names it', {}, [wave('canary', ['slo'])], undefined, true],
];
for (const [name, gate, waves, of, is] of HELD)
  test(`a gate holds ${name}`, () => assert.equal(holds(metricGate(gate), assessed(), { waves }, of), is));

const STATES: readonly [name: string, state: MetricGateState | undefined, is: RegExp | undefined][] = [
  ['an open answer', gateState(), undefined],
  ['a closed one', CLOSED, /^0.3 is above/],
  ['no answer yet', undefined, /^it has not been asked yet$/],
  ['an open one that still counts', gateState({ askedAt: NOW - COUNTS_FOR }), undefined],
  ['an open one that is too old', gateState({ askedAt: NOW - COUNTS_FOR - 1 }), /^its last answer is 25 s old$/],
  ['a closed one that is too old', { ...CLOSED, askedAt: NOW - HOUR }, /^0.3 is above/],
];
for (const [name, state, is] of STATES)
  test(`${name}: ${is ? 'closed' : 'open'}`, () => {
    const metricGates = new Map(state ? [['slo', state]] : []);
    const words = whyClosed('slo', { metricGates, now: NOW });
    if (is) assert.match(words ?? 'open', is);
    else assert.equal(words, undefined);
  });

const SLO = metricGate();
const OTHER = metricGate({ name: 'other' });
const BANK = metricGate({ name: 'bank', match: [{ namespaces: ['bank'] }] });

/** The decision about an outdated workload that nothing else keeps back. */
function decision(inputs: PlanContext): string {
  const one = assessed();
  const step = stepFor(plan([one], inputs), one.workload);
  return step && 'reason' in step ? `${step.reason.code}: ${step.reason.detail}` : (step?.action ?? 'absent');
}

const DECISIONS: readonly [name: string, inputs: PlanContext, is: string][] = [
  ['an open gate lets it be restarted', given([SLO], { slo: gateState() }), 'restart'],
  ['a closed one holds it', given([SLO], { slo: CLOSED }), 'metric-gate: slo: 0.3 is above the maximum of 0.01'],
  ['one that was not asked holds it', given([SLO], {}), 'metric-gate: slo: it has not been asked yet'],
  [
    'one that was asked too long ago holds it',
    given([SLO], { slo: gateState({ askedAt: NOW - HOUR }) }),
    'metric-gate: slo: its last answer is 3600 s old',
  ],
  ['a closed one for others does not', given([SLO, BANK], { slo: gateState(), bank: CLOSED }), 'restart'],
  [
    'of several closed ones all are named',
    given([SLO, OTHER], { slo: CLOSED, other: CLOSED }),
    'metric-gate: slo: 0.3 is above the maximum of 0.01; also closed: other',
  ],
  [
    'the second one alone holds it',
    given([SLO, OTHER], { slo: gateState(), other: CLOSED }),
    'metric-gate: other: 0.3 is above the maximum of 0.01',
  ],
  ['a pause is said first', given([SLO], { slo: CLOSED }, { paused: 'freeze' }), 'operator-paused: freeze'],
];
for (const [name, inputs, is] of DECISIONS) test(name, () => assert.equal(decision(inputs), is));

test('a closed gate also keeps the next pod from being evicted', () => {
  const one = assessed();
  assert.ok(isOutdated(one));
  const inputs = given([SLO], { slo: CLOSED });
  const rules = {
    ...inputs,
    history: historyOf(new Map(), [one], NOW),
    rolloutGroups: rolloutGroupsOf([one.workload]),
  };
  assert.equal(waitBetweenPods(one, rules)?.reason.code, 'metric-gate');
  assert.equal(waitBetweenPods(one, { ...rules, metricGates: new Map([['slo', gateState()]]) }), undefined);
});

const LIMITED = policy({ metricGates: [SLO, BANK], maxInFlight: 1 });
const IN_FLIGHT = restarted(1000);

const ASKED: readonly [name: string, items: ReturnType<typeof assessed>[], inputs: PlanContext, is: string[]][] = [
  ['what would be restarted', [assessed()], given([SLO, BANK], { slo: gateState() }), ['slo']],
  ['what a gate holds', [assessed()], given([SLO, BANK], { slo: CLOSED }), ['slo']],
  [
    'what has a place in the queue',
    [assessed({ namespace: 'bank' }), assessed({ namespace: 'shop' })],
    { ...given([], { slo: gateState(), bank: gateState() }), policy: LIMITED },
    ['slo', 'bank'],
  ],
  ['not for what is paused', [assessed()], given([SLO], {}, { paused: 'freeze' }), []],
  ['not for what is opted out', [assessed({ annotations: { 'meltemi.dev/restart': 'false' } })], given([SLO], {}), []],
  [
    'not for what is current',
    [assessed({}, { state: 'current', expected: expected(), drifts: [] })],
    given([SLO], {}),
    [],
  ],
  ['not for a restart that is only followed', [{ ...assessed(), entry: IN_FLIGHT }], given([SLO], {}), []],
  [
    'for pods that are being evicted',
    [{ ...assessed(), entry: { ...IN_FLIGHT, evicts: true } }],
    given([SLO], {}),
    ['slo'],
  ],
  [
    'for a restart that is about to be written',
    [assessed()],
    given([SLO], {}, { busy: new Set(['Deployment/shop/web']), starting: new Set(['Deployment/shop/web']) }),
    ['slo'],
  ],
  ['not without gates', [assessed()], given([], {}), []],
];
for (const [name, items, inputs, is] of ASKED)
  test(`gates are asked: ${name}`, () =>
    assert.deepEqual([...askedMetricGates(plan(items, inputs), inputs)].sort(), [...is].sort()));

/** What is noted of the run `run` after an evaluation at a time. */
function noted(states: Record<string, MetricGateState>, before: RunNotes, wall = NOW): unknown {
  const inputs = given([SLO], states, { wall, notes: new Map([['run', before]]) });
  return closedSince(gateWaits(plan([assessed()], inputs), inputs), inputs).get('run');
}

const TIMES: readonly [name: string, states: Record<string, MetricGateState>, before: RunNotes, is: unknown][] = [
  ['the first wait for a closed gate begins its time', { slo: CLOSED }, {}, { slo: NOW }],
  ['a later one changes nothing', { slo: CLOSED }, { closedSince: { slo: NOW - HOUR } }, undefined],
  ['an open gate ends it', { slo: gateState() }, { closedSince: { slo: NOW - HOUR } }, {}],
  ['one that was not asked yet begins no time', {}, {}, undefined],
  ['and ends none, as after a change of leader', {}, { closedSince: { slo: NOW - HOUR } }, undefined],
  [
    'a gate that the policy has no longer ends',
    { slo: CLOSED },
    { closedSince: { slo: NOW, gone: NOW } },
    { slo: NOW },
  ],
  ['a time in the future begins anew', { slo: CLOSED }, { closedSince: { slo: NOW + HOUR } }, { slo: NOW }],
  ['so does one before all times', { slo: CLOSED }, { closedSince: { slo: -1e300 } }, { slo: NOW }],
];
for (const [name, states, before, is] of TIMES) test(name, () => assert.deepEqual(noted(states, before), is));

const LONG: readonly [name: string, since: number, gate: Partial<MetricGate>, is: string[]][] = [
  ['a gate is closed for long from its time limit on', NOW - HOUR, {}, ['slo']],
  ['and not before', NOW - HOUR + 1, {}, []],
  ['with its own limit', NOW - HOUR, { timeLimit: 2 * HOUR }, []],
  ['only where the policy has it', NOW - HOUR, { name: 'other' }, []],
];
for (const [name, since, gate, is] of LONG)
  test(name, () => {
    const inputs = given([metricGate(gate)], { slo: CLOSED });
    const long = longClosed(new Map([['run', { closedSince: { slo: since } }]]), inputs);
    assert.deepEqual(
      long.map((one) => one.gate),
      is,
    );
  });

const CANARY = { ...wave('canary', ['slo']), match: [{ namespaces: ['shop'] }], bake: HOUR };
const inShop = assessed();
const inBank = assessed({ namespace: 'bank' });

/** The gates that are asked, and what waits for them, with a wave `canary` of the namespace `shop` that names the gate `slo`. */
function inWaves(items: readonly Assessed[], states: Record<string, MetricGateState>, gates = [SLO]) {
  const inputs = context({
    policy: policy({ metricGates: gates, waves: [CANARY], maxInFlight: 9 }),
    metricGates: new Map(Object.entries(states)),
    journal: journalOf(items),
  });
  const planned = plan(items, inputs);
  const step = stepFor(planned, inBank.workload);
  return {
    asked: [...askedMetricGates(planned, inputs)],
    waits: gateWaits(planned, inputs).map(({ gate }) => gate),
    bank: step && 'reason' in step ? step.reason.code : step?.action,
  };
}

const currentShop = (ago: number): Assessed =>
  journalled(
    restarted(ago, 'verified', { endedAt: NOW - ago }),
    {},
    { state: 'current', expected: expected(), drifts: [] },
  );

const WAVES: readonly [name: string, given: ReturnType<typeof inWaves>, is: ReturnType<typeof inWaves>][] = [
  [
    'a gate of the wave is asked while the wave runs',
    inWaves([inShop, inBank], {}),
    { asked: ['slo'], waits: ['slo'], bank: 'wave' },
  ],
  [
    'while it bakes, without a wait',
    inWaves([currentShop(MINUTE), inBank], {}),
    { asked: ['slo'], waits: [], bank: 'wave-baking' },
  ],
  [
    'after the bake the closed gate is waited for',
    inWaves([currentShop(2 * HOUR), inBank], { slo: CLOSED }),
    { asked: ['slo'], waits: ['slo'], bank: 'wave-baking' },
  ],
  [
    'and when it is open, it is asked no more',
    inWaves([currentShop(2 * HOUR), inBank], { slo: gateState() }),
    { asked: [], waits: [], bank: 'restart' },
  ],
  [
    'a gate that no wave names holds the last wave, too',
    inWaves([inBank], { other: CLOSED }, [SLO, OTHER]),
    { asked: ['other'], waits: ['other'], bank: 'metric-gate' },
  ],
];
for (const [name, given, is] of WAVES) test(name, () => assert.deepEqual(given, is));

const TIMED = new Map([['run', { closedSince: { slo: NOW - HOUR / 2, gone: NOW } }]]);
const AHEAD: readonly [name: string, wall: number, is: number | undefined][] = [
  ['the next look is when the time limit ends', NOW, HOUR / 2],
  ['and not after it has ended', NOW + HOUR, undefined],
];
for (const [name, wall, is] of AHEAD)
  test(name, () => assert.equal(untilLongClosed(TIMED, given([SLO], {}, { wall })), is));
