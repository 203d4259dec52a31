import assert from 'node:assert/strict';
import { noSidecar } from '../../../../src/compare/orphan.ts';
import type { Workload } from '../../../../src/model.ts';
import { RESTART_ANNOTATION, WINDOW_ANNOTATION } from '../../../../src/names.ts';
import { type Assessed, isOutdated } from '../../../../src/plan/assessed.ts';
import { plan } from '../../../../src/plan/plan.ts';
import type { PlanContext } from '../../../../src/plan/planContext.ts';
import type { Policy } from '../../../../src/plan/policy.ts';
import { isHeldByOwnWindow } from '../../../../src/plan/windows/closedWindows.ts';
import type { Freeze } from '../../../../src/plan/windows/freeze.ts';
import type { Window } from '../../../../src/plan/windows/window.ts';
import { readWindows } from '../../../../src/plan/windows/windowAnnotation.ts';
import { journalled, journalOf, restarted } from '../../../builders/journal.ts';
import { context, policy, stepFor } from '../../../builders/policy.ts';
import { assessed, complete, HOUR, MINUTE, NOW, outdated } from '../../../builders/workload.ts';

/** NOW is Thursday, 2026-01-01 00:00 UTC. */
const OPEN = 'daily 23:00-01:00 UTC';
const CLOSED = 'daily 10:00-12:00 UTC';
const TOMORROW = 'Fri 10:00-12:00 UTC';

function window(name: string, text: string, given: Partial<Window> = {}): Window {
  const reading = readWindows(text);
  const [times] = 'windows' in reading ? reading.windows : [];
  assert.ok(times);
  return { name, ...times, ...given };
}
const windows = (...all: Window[]): Partial<Policy> => ({ windows: all });
const FREEZE: Freeze = { name: 'year-end', from: NOW - HOUR, to: NOW + HOUR, timeZone: 'UTC' };
const URGENT = { urgent: [{ images: ['*/nothing'] }, { images: ['*/x', '*/proxyv2:1.31*'] }] };

const own = (value: string): Record<string, string> => ({ [WINDOW_ANNOTATION]: value });
const annotated = (value: string, given: Partial<Workload> = {}): Assessed =>
  assessed({ annotations: own(value), ...given });
const inNamespace = (value: string, one = assessed()): Assessed => ({
  ...one,
  namespace: { labels: {}, annotations: own(value) },
});

function decision(one: Assessed, given: Partial<Policy>, at: Partial<PlanContext> = {}): string {
  const step = stepFor(plan([one], context({ policy: policy(given), ...at })), one.workload);
  return step && 'reason' in step ? `${step.reason.code}: ${step.reason.detail}` : (step?.action ?? 'absent');
}

const orphan: Assessed = assessed({}, outdated({ expected: noSidecar(), drifts: ['orphaned'] }));
const AT_TEN = 'until Thu 2026-01-01 10:00 UTC';
const ON_WORKLOAD = `meltemi.dev/window on the workload ("${CLOSED}")`;

const rows: [name: string, one: Assessed, given: Partial<Policy>, expected: string][] = [
  ['without windows, restarts begin at any time', assessed(), {}, 'restart'],
  ['inside a window', assessed(), windows(window('nights', OPEN)), 'restart'],
  ['outside one', assessed(), windows(window('days', CLOSED)), `window: outside window days, ${AT_TEN}`],
  ['inside one of two', assessed(), windows(window('days', CLOSED), window('nights', OPEN)), 'restart'],
  [
    'outside both',
    assessed(),
    windows(window('days', TOMORROW), window('more', CLOSED)),
    `window: outside windows days, more, ${AT_TEN}`,
  ],
  [
    'a window of other workloads keeps nobody',
    assessed(),
    windows(window('days', CLOSED, { match: [{ namespaces: ['bank'] }] })),
    'restart',
  ],
  [
    'a window of other workloads opens for nobody else',
    assessed(),
    windows(window('days', CLOSED), window('nights', OPEN, { match: [{ namespaces: ['bank'] }] })),
    `window: outside window days, ${AT_TEN}`,
  ],
  [
    'one filter of several is enough',
    assessed(),
    windows(window('days', CLOSED, { match: [{ namespaces: ['bank'] }, { names: ['web'] }] })),
    `window: outside window days, ${AT_TEN}`,
  ],

  ['a freeze', assessed(), { freezes: [FREEZE] }, 'freeze: freeze year-end until Thu 2026-01-01 01:00 UTC'],
  ['a freeze that is over', assessed(), { freezes: [{ ...FREEZE, to: NOW }] }, 'restart'],
  [
    'a freeze comes before an open window',
    assessed(),
    { freezes: [FREEZE], ...windows(window('nights', OPEN)) },
    'freeze: freeze year-end until Thu 2026-01-01 01:00 UTC',
  ],

  ['an annotation without windows of the policy', annotated(OPEN), {}, 'restart'],
  ['outside that of the workload', annotated(CLOSED), {}, `window: outside ${ON_WORKLOAD}, ${AT_TEN}`],
  [
    'outside that of the namespace',
    inNamespace(CLOSED),
    {},
    `window: outside meltemi.dev/window on namespace shop ("${CLOSED}"), ${AT_TEN}`,
  ],
  [
    'an annotation does not widen the windows of the policy',
    annotated('daily 00:00-24:00 UTC'),
    windows(window('days', CLOSED)),
    `window: outside window days, ${AT_TEN}`,
  ],
  [
    'the annotation of a workload does not widen that of its namespace',
    inNamespace(CLOSED, annotated('daily 00:00-24:00 UTC')),
    {},
    `window: outside meltemi.dev/window on namespace shop ("${CLOSED}"), ${AT_TEN}`,
  ],
  [
    'the annotation of a namespace does not widen that of its workload',
    inNamespace('daily 00:00-24:00 UTC', annotated(CLOSED)),
    {},
    `window: outside ${ON_WORKLOAD}, ${AT_TEN}`,
  ],
  [
    'all of them must be open',
    inNamespace('daily 11:00-13:00 UTC', annotated('daily 10:00-11:30 UTC')),
    windows(window('nights', 'Sat 09:00-14:00 UTC')),
    'window: outside window nights and meltemi.dev/window on the workload ("daily 10:00-11:30 UTC") and ' +
      'meltemi.dev/window on namespace shop ("daily 11:00-13:00 UTC"), until Sat 2026-01-03 11:00 UTC',
  ],
  [
    'an annotation that never meets the windows of the policy says so',
    annotated(TOMORROW),
    windows(window('nights', OPEN)),
    `window: outside meltemi.dev/window on the workload ("${TOMORROW}"); ` +
      'in the next 14 days they are never open at the same time',
  ],
  [
    'one that cannot be read',
    annotated('at night'),
    {},
    'window-unreadable: meltemi.dev/window on the workload ("at night") cannot be read: ' +
      '\'at night\' is invalid. It must be days, times and a time zone, such as "Mon-Thu 22:00-05:00 Europe/Athens".',
  ],
  [
    'an empty one',
    inNamespace('', annotated(OPEN)),
    {},
    'window-unreadable: meltemi.dev/window on namespace shop ("") cannot be read: ' +
      '\'\' is invalid. It must be days, times and a time zone, such as "Mon-Thu 22:00-05:00 Europe/Athens".',
  ],
  [
    'a long one is cut',
    annotated('x'.repeat(300)),
    {},
    `window-unreadable: meltemi.dev/window on the workload ("${'x'.repeat(79)}…") cannot be read: ` +
      'It has more than 250 characters.',
  ],

  ['urgent passes windows', assessed(), { ...URGENT, ...windows(window('days', CLOSED)) }, 'restart'],
  ['… and freezes', assessed(), { ...URGENT, freezes: [FREEZE] }, 'restart'],
  ['… and the annotation', annotated(CLOSED), URGENT, 'restart'],
  ['… also one that cannot be read', annotated(''), URGENT, 'restart'],
  [
    '… but no opt-out',
    assessed({ annotations: { [RESTART_ANNOTATION]: 'false' } }),
    URGENT,
    'opted-out: meltemi.dev/restart on the workload is "false"',
  ],
  [
    '… and no unavailable pod',
    assessed({ rollout: { ...complete(3), available: 2 } }),
    URGENT,
    'unavailable: 1 of 3 pods are unavailable, its strategy allows 0',
  ],
  [
    'another image is not urgent',
    assessed(),
    { urgent: [{ images: ['*/proxyv2:1.30.2'] }], freezes: [FREEZE] },
    'freeze: freeze year-end until Thu 2026-01-01 01:00 UTC',
  ],
  [
    'where pods lose their sidecar nothing is urgent',
    orphan,
    { urgent: [{ images: ['*'] }], freezes: [FREEZE], restartOn: new Set(['orphaned'] as const) },
    'freeze: freeze year-end until Thu 2026-01-01 01:00 UTC',
  ],
  [
    'an opt-out comes first',
    assessed({ annotations: { ...own(''), [RESTART_ANNOTATION]: 'false' } }),
    { freezes: [FREEZE] },
    'opted-out: meltemi.dev/restart on the workload is "false"',
  ],
];
for (const [name, one, given, expected] of rows) test(name, () => assert.equal(decision(one, given), expected));

test('urgent passes no gate', () => {
  const unconfirmed = () => 'two replicas differ';
  const { istiod: _unseen, ...injection } = { ...assessed().injection, istiod: undefined };
  const one = { ...assessed(), injection } as Assessed;
  assert.match(decision(one, URGENT, { unconfirmed }), /^unconfirmed-answer/);
});

test('urgent passes no limit', () => {
  const other = journalled(restarted(MINUTE), { name: 'other' });
  const planned = plan(
    [other, assessed()],
    context({ policy: policy({ ...URGENT, freezes: [FREEZE] }), journal: journalOf([other]) }),
  );
  const step = stepFor(planned, assessed().workload);
  assert.ok(step?.action === 'wait' && step.reason.code === 'max-in-flight-per-namespace', JSON.stringify(step));
});

test('a restart under way is followed outside its window', () => {
  const one = journalled(restarted(MINUTE));
  const given = policy({ freezes: [FREEZE], ...windows(window('days', CLOSED)) });
  assert.equal(
    stepFor(plan([one], context({ policy: given, journal: journalOf([one]) })), one.workload)?.action,
    'follow',
  );
});

const ends: [name: string, given: Partial<Policy>, one: Assessed, after: number | undefined][] = [
  ['a window', windows(window('days', CLOSED)), assessed(), 10 * HOUR],
  ['a freeze', { freezes: [FREEZE] }, assessed(), HOUR],
  ['an annotation', {}, annotated(CLOSED), 10 * HOUR],
  ['what cannot be read', {}, annotated(''), undefined],
  ['windows that never meet', windows(window('nights', OPEN)), annotated(TOMORROW), undefined],
];
for (const [name, given, one, after] of ends)
  test(`by the steady clock, the loop wakes when ${name} ends`, () => {
    // the wall clock is ten minutes ahead
    const [wall, now] = [NOW, NOW - 10 * MINUTE];
    const epochSeenAt = new Map([['epoch', now - HOUR]]);
    const { wakeAt } = plan([one], context({ now, wall, epochSeenAt, policy: policy(given) }));
    assert.equal(wakeAt, after === undefined ? undefined : now + after);
  });

test('a clock that is set back closes a window again', () => {
  const given = windows(window('nights', 'daily 23:59-01:00 UTC'));
  assert.equal(decision(assessed(), given, { wall: NOW }), 'restart');
  assert.match(decision(assessed(), given, { wall: NOW - HOUR }), /^window: .* until Wed 2025-12-31 23:59 UTC$/);
  assert.equal(decision(assessed(), given, { wall: NOW }), 'restart');
});

test('another policy with windows of the same names has other windows', () => {
  assert.match(decision(assessed(), windows(window('w', CLOSED))), /^window/);
  assert.equal(decision(assessed(), windows(window('w', OPEN))), 'restart');
});

const held: [name: string, one: Assessed, given: Partial<Policy>, isHeld: boolean][] = [
  ['nothing', assessed(), {}, false],
  ['the policy alone', assessed(), windows(window('days', CLOSED)), false],
  ['an open annotation in a closed window of the policy', annotated(OPEN), windows(window('days', CLOSED)), false],
  ['a closed annotation', annotated(CLOSED), {}, true],
  ['a closed annotation of the namespace', inNamespace(CLOSED), {}, true],
  ['one that cannot be read', annotated('x'), {}, true],
  ['a closed annotation of an urgent restart', annotated(CLOSED), URGENT, false],
];
for (const [name, one, given, isHeld] of held)
  test(`${name} ${isHeld ? 'is' : 'is not'} what its own people hold`, () => {
    assert.ok(isOutdated(one));
    assert.equal(isHeldByOwnWindow(one, policy(given), NOW), isHeld);
  });
