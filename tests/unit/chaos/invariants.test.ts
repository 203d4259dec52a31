import assert from 'node:assert/strict';
import { breachesText } from '../../live/chaos/breachesText.ts';
import type { History, Invariant, PolicyMark } from '../../live/chaos/history.ts';
import { evictedOnce } from '../../live/chaos/invariants/evictedOnce.ts';
import { closedTimes, leftAlone } from '../../live/chaos/invariants/leftAlone.ts';
import { inFlight, inFlightPerNamespace, perMinute } from '../../live/chaos/invariants/limits.ts';
import { onceForOneTarget, oneTemplateForOneTarget } from '../../live/chaos/invariants/onceForOneTarget.ts';
import { onlyTheHolder } from '../../live/chaos/invariants/onlyTheHolder.ts';
import { waveOrder } from '../../live/chaos/invariants/waveOrder.ts';
import { INVARIANTS } from '../../live/chaos/invariants.ts';
import {
  at,
  creation,
  deletion,
  end,
  endInJournal,
  eviction,
  history,
  lease,
  POLICY,
  restart,
  revision,
} from './madeUpLog.ts';

const ROOMY = { maxInFlight: 10, waves: [] };
const one = { namespace: 'one-web' };
const two = { namespace: 'two-web' };
const rest = { namespace: 'rest-web' };
const held = [lease(0, 'a')];
/** Six restarts in namespaces of their own, one each second, which end at once. */
const quick = Array.from({ length: 6 }, (_, n) => `rest-${n}`).flatMap((namespace, n) => [
  restart(10 + n, { namespace }),
  end(10.5 + n, 10 + n, { namespace }),
]);
const policies = (...marks: readonly Partial<PolicyMark>[]): Pick<History, 'policies'> => ({
  policies: marks.map((mark) => ({ ...POLICY, ...mark })),
});

/** Each row: the invariant, what happens, whether it breaks it, and the history. */
const ROWS: readonly (readonly [Invariant, string, 'holds' | 'broken', History])[] = [
  [onceForOneTarget, 'two workloads', 'holds', history([restart(1, one), restart(2, two)])],
  [onceForOneTarget, 'one workload, twice for one target', 'broken', history([restart(1), end(5, 1), restart(20)])],
  [onceForOneTarget, 'by two operators', 'broken', history([restart(1), restart(20, { user: 'b' })])],
  [onceForOneTarget, 'for two targets', 'holds', history([restart(1), end(5, 1), restart(20, { target: 't2' })])],
  [
    onceForOneTarget,
    'again after another target was expected at the end',
    'holds',
    history([restart(1), end(5, 1, {}, 'superseded:expectation'), restart(20)]),
  ],
  [onceForOneTarget, 'again after a refused write', 'holds', history([restart(1, { code: 409 }), restart(20)])],
  [onceForOneTarget, 'again after it was made anew', 'holds', history([restart(1), restart(20, { uid: 'new' })])],

  [
    oneTemplateForOneTarget,
    'a template whose write has no line of success, and another one for its target',
    'broken',
    history([restart(1, { code: 504 }), restart(20)], { revisions: [revision(1), revision(20)] }),
  ],
  [
    oneTemplateForOneTarget,
    'a write that never landed, and another one',
    'holds',
    history([restart(1, { code: 504 }), restart(20)], { revisions: [revision(20)] }),
  ],
  [
    oneTemplateForOneTarget,
    'a person restarts it as well',
    'holds',
    history([restart(1)], { revisions: [revision(1), revision(20)] }),
  ],

  [inFlight, 'two of two', 'holds', history([restart(1, one), restart(2, two)])],
  [inFlight, 'three of two', 'broken', history([restart(1, one), restart(2, two), restart(3, rest)])],
  [
    inFlight,
    'a third one after an end on the workload',
    'holds',
    history([restart(1, one), restart(2, two), end(3, 1, one), restart(4, rest)]),
  ],
  [
    inFlight,
    'a third one after an end in the journal alone',
    'holds',
    history([restart(1, one), restart(2, two), endInJournal(3, 1, 'Deployment/one-web/web'), restart(4, rest)]),
  ],
  [
    inFlight,
    'a third one after the namespace of the first is gone',
    'holds',
    history([restart(1, one), restart(2, two), deletion(3, 'one-web'), restart(4, rest)]),
  ],
  [
    inFlight,
    'a third one right after the limit was two more',
    'holds',
    history([restart(1, one), restart(2, two), restart(3, rest)], policies({ maxInFlight: 4 }, { time: at(2.5) })),
  ],
  [
    inFlight,
    'a third one long after the limit was two more',
    'broken',
    history([restart(1, one), restart(2, two), restart(30, rest)], policies({ maxInFlight: 4 }, { time: at(2.5) })),
  ],

  [
    inFlightPerNamespace,
    'two of one namespace',
    'broken',
    history([restart(1), restart(2, { name: 'api' })], policies(ROOMY)),
  ],
  [
    inFlightPerNamespace,
    'one after the other',
    'holds',
    history([restart(1), end(2, 1), restart(3, { name: 'api' })], policies(ROOMY)),
  ],

  [
    inFlightPerNamespace,
    'a second one while the namespace is being deleted',
    'broken',
    history([deletion(1, 'one-web'), restart(2, one), restart(3, { ...one, name: 'api' })], policies(ROOMY)),
  ],
  [
    inFlightPerNamespace,
    'one while the namespace is being deleted, and one after it was made anew',
    'holds',
    history(
      [deletion(1, 'one-web'), restart(2, one), creation(3, 'one-web'), restart(4, { ...one, name: 'api' })],
      policies(ROOMY),
    ),
  ],

  [perMinute, 'six of six', 'holds', history(quick, policies({ ...ROOMY, maxRestartsPerMinute: 6 }))],
  [perMinute, 'six of five', 'broken', history(quick, policies({ ...ROOMY, maxRestartsPerMinute: 5 }))],
  [perMinute, 'six, without a limit', 'holds', history(quick, policies(ROOMY))],

  [
    waveOrder,
    'one after the other, with their bakes',
    'holds',
    history([restart(1, one), end(3, 1, one), restart(9, two), end(10, 9, two), restart(16, rest)]),
  ],
  [waveOrder, 'the second before the first', 'broken', history([restart(1, two), restart(9, one)])],
  [
    waveOrder,
    'the second while the first is under way',
    'broken',
    history([restart(1, one), restart(9, two), end(10, 1, one)]),
  ],
  [
    waveOrder,
    'the second before the first has baked',
    'broken',
    history([restart(1, one), end(3, 1, one), restart(5, two)]),
  ],
  [
    waveOrder,
    'a shorter bake right before',
    'holds',
    history([restart(1, one), end(3, 1, one), restart(5, two)], policies({ bake: 1000 }, { time: at(4) })),
  ],
  [
    waveOrder,
    'of another run',
    'holds',
    history([restart(1, { ...two, run: 'r0' }), restart(2, { ...one, target: 't2' })]),
  ],
  [
    waveOrder,
    'what was made anew in the first, while the second is under way',
    'holds',
    history([restart(1, two), deletion(2, 'one-web'), restart(9, one), restart(10, { ...two, name: 'api' })]),
  ],

  [onlyTheHolder, 'the holder', 'holds', history([...held, restart(1)])],
  [onlyTheHolder, 'nobody holds it', 'broken', history([restart(1)])],
  [
    onlyTheHolder,
    'long after another has taken it',
    'broken',
    history([...held, lease(20, 'b'), lease(22, 'b'), restart(26)]),
  ],
  [
    onlyTheHolder,
    'long after another has taken it, in vain',
    'broken',
    history([...held, lease(20, 'b'), restart(26, { code: 409 })]),
  ],
  [
    onlyTheHolder,
    'an eviction long after another has taken it',
    'broken',
    history([...held, lease(20, 'b'), eviction(26, 'web-0', 'p')]),
  ],
  [onlyTheHolder, 'what was on its way when another took it', 'holds', history([...held, lease(20, 'b'), restart(21)])],
  [
    onlyTheHolder,
    'after it has taken it back',
    'holds',
    history([...held, lease(20, 'b'), lease(40, 'a'), restart(41)]),
  ],

  [evictedOnce, 'two pods', 'holds', history([restart(1), eviction(2, 'web-1', 'p'), eviction(9, 'web-0', 'q')])],
  [evictedOnce, 'a pod twice', 'broken', history([restart(1), eviction(2, 'web-1', 'p'), eviction(9, 'web-1', 'p')])],
  [
    evictedOnce,
    'the pod that has just taken its place',
    'broken',
    history([restart(1), eviction(2, 'web-1', 'p'), eviction(9, 'web-1', 'q')]),
  ],
  [
    evictedOnce,
    'again for another target',
    'holds',
    history([restart(1), eviction(2, 'web-1', 'p'), restart(20, { target: 't2' }), eviction(21, 'web-1', 'q')]),
  ],
  [
    evictedOnce,
    'again after the budget has refused',
    'holds',
    history([restart(1), eviction(2, 'web-1', 'p', { code: 429 }), eviction(9, 'web-1', 'p')]),
  ],

  [leftAlone, 'what is opted out is restarted', 'broken', history([restart(1, { namespace: 'out-web' })])],
  [leftAlone, 'what is opted out gets a record', 'broken', history([end(1, 0, { namespace: 'out-web' })])],
  [leftAlone, 'what is not', 'holds', history([restart(1)])],

  [
    closedTimes,
    'a restart while paused',
    'broken',
    history([restart(30)], policies({}, { time: at(1), closed: 'paused' })),
  ],
  [
    closedTimes,
    'an eviction while paused',
    'broken',
    history([eviction(30, 'web-0', 'p')], policies({}, { time: at(1), closed: 'paused' })),
  ],
  [
    closedTimes,
    'right after the pause',
    'holds',
    history([restart(3)], policies({}, { time: at(1), closed: 'paused' })),
  ],
  [
    closedTimes,
    'a restart while frozen',
    'broken',
    history([restart(30)], policies({}, { time: at(1), closed: 'frozen' })),
  ],
  [
    closedTimes,
    'an eviction while frozen, of a restart that has begun',
    'holds',
    history([eviction(30, 'web-0', 'p')], policies({}, { time: at(1), closed: 'frozen' })),
  ],
  [closedTimes, 'an end while paused', 'holds', history([end(30, 0)], policies({}, { time: at(1), closed: 'paused' }))],
];

for (const [invariant, what, state, given] of ROWS)
  test(`${invariant.name}: ${what} (${state})`, () => {
    assert.equal(invariant.breaches(given).length > 0 ? 'broken' : 'holds', state);
  });

test('a breach shows the lines of the log that break the invariant', () => {
  const [first, , second] = [restart(1), end(5, 1), restart(20)];
  const [breach] = onceForOneTarget.breaches(history([first, second]));
  assert.deepEqual(breach?.lines, [first, second]);
});

for (const invariant of INVARIANTS)
  test(`${invariant.name}: a row breaks it, and a row does not`, () => {
    const states = ROWS.filter(([one]) => one === invariant).map(([, , state]) => state);
    assert.deepEqual(new Set(states), new Set(['holds', 'broken']));
  });

test('of many breaches the first are told, and how many there are', () => {
  const many = Array.from({ length: 6 }, (_, n) => restart(20 * n));
  const texts = breachesText(onceForOneTarget, history(many));
  assert.equal(texts.length, 4);
  assert.match(
    texts[0] ?? '',
    /rest-web\/web was restarted twice for t1.*\n {2}2026-01-01T00:00:00.000Z a patch deployments/,
  );
  assert.match(texts[3] ?? '', /2 more breaches/);
});
