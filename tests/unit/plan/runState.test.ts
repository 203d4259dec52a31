import assert from 'node:assert/strict';
import { WINDOW_ANNOTATION } from '../../../src/names.ts';
import type { RunCounts } from '../../../src/plan/notification.ts';
import { type Planned, plan } from '../../../src/plan/plan.ts';
import type { ReasonCode } from '../../../src/plan/reasonCatalogue.ts';
import type { RunState } from '../../../src/plan/runState.ts';
import { WAIT_REASONS } from '../../../src/plan/waitReasons.ts';
import { reason } from '../../../src/reasons.ts';
import { restarted } from '../../builders/journal.ts';
import { context } from '../../builders/policy.ts';
import { current, ended, gaveUp, inFlight, judged, notes, runState, waiting } from '../../builders/runs.ts';
import { assessedSidecar, vault } from '../../builders/sidecars.ts';
import { assessed, injection, MINUTE, outdated } from '../../builders/workload.ts';

const NONE: RunCounts = { outdated: 0, inFlight: 0, verified: 0, failed: 0, waiting: 0 };

const counted: readonly [name: string, items: readonly Planned[], counts: Partial<RunCounts>][] = [
  ['nothing', [], {}],
  ['what was current all along', [current('a')], {}],
  ['what waits for a slot', [waiting('a', 'max-in-flight')], { outdated: 1, waiting: 1 }],
  ['what is in flight', [inFlight('a')], { outdated: 1, inFlight: 1 }],
  ['what was restarted well', [ended('a', 'verified')], { verified: 1 }],
  ['what has failed', [gaveUp('a')], { outdated: 1, failed: 1 }],
  ['what its owner reverted', [gaveUp('a', 'reverted')], { outdated: 1, failed: 1 }],
  ['what somebody else restarted meanwhile', [ended('a', 'superseded')], { outdated: 1, waiting: 1 }],
  [
    'all of them',
    [current('a'), waiting('b', 'max-in-flight'), inFlight('c'), ended('d', 'verified'), gaveUp('e')],
    { outdated: 3, inFlight: 1, verified: 1, failed: 1, waiting: 1 },
  ],
];
for (const [name, items, counts] of counted)
  test(`a run counts ${name}`, () => assert.deepEqual(runState(items).counts, { ...NONE, ...counts }));

test('a failed workload that somebody has repaired is no failure any more', () => {
  const repaired = { ...current('a'), entry: gaveUp('a').entry } as Planned;
  assert.deepEqual(runState([repaired]).counts, NONE);
});

test('restarts from before the run started are no part of it', () => {
  const { counts, members } = runState([ended('a', 'verified')], notes({ startedAt: 0 }));
  assert.equal(counts.verified, 1);
  assert.equal(members[0]?.restartedAt, ended('a', 'verified').entry?.restartedAt);
  const later = runState([ended('a', 'verified')], notes({ startedAt: Number.MAX_SAFE_INTEGER }));
  assert.deepEqual([later.counts.verified, later.members[0]?.restartedAt], [0, undefined]);
});

test('restarts that the journal has forgotten are counted', () =>
  assert.equal(runState([ended('a', 'verified')], notes({ forgotten: 7 })).counts.verified, 8));

test('a workload of another run counts for this one only with its restart', () => {
  const elsewhere = injection({ run: 'other' });
  const moved: Planned = { ...waiting('a', 'max-in-flight'), injection: elsewhere };
  assert.deepEqual(runState([moved]).members, []);
  const restartedHere = { ...moved, entry: restarted(5 * MINUTE, 'verified') };
  assert.deepEqual(runState([restartedHere]).counts, { ...NONE, verified: 1 });
});

test('another sidecar belongs to its own run, with its own wait', () => {
  const other = assessedSidecar(vault(), 'vault:2');
  const both: Planned = {
    ...waiting('a', 'opted-out'),
    injection: injection({ run: 'other' }),
    others: [{ ...other, injection: injection({ run: 'run' }), verdict: outdated() }],
  };
  const [member] = runState([both]).members;
  assert.equal(member?.verdict.state, 'outdated');
  assert.equal(member?.wait, undefined);
});

/** As it is planned with a window of its own, and another one of its namespace that is never open at the same time. */
function outsideOf(own: string): Planned {
  const { namespace } = assessed();
  const given = assessed({ annotations: { [WINDOW_ANNOTATION]: own } });
  const annotations = { ...namespace.annotations, [WINDOW_ANNOTATION]: 'daily 14:00-15:00 UTC' };
  const [item] = plan([{ ...given, namespace: { ...namespace, annotations } }], context()).items;
  assert.ok(item);
  return item;
}

const left: readonly [name: string, items: readonly Planned[], left: RunState['left']][] = [
  ['no workload', [], 'nothing'],
  ['current ones', [current('a'), ended('b', 'verified')], 'nothing'],
  ['one in flight', [ended('b', 'verified'), inFlight('a')], 'more'],
  ['one that is restarted now', [{ ...waiting('a', 'cooldown'), step: { action: 'restart' } }], 'more'],
  ['a slot to wait for', [waiting('a', 'max-in-flight')], 'more'],
  ['a gate to wait for', [waiting('a', 'istiod-rolling')], 'more'],
  ['a person to wait for, who has paused everything', [waiting('a', 'operator-paused')], 'more'],
  ['a person to wait for, because the run is halted', [waiting('a', 'halted', 'run')], 'more'],
  ['a halted namespace', [waiting('a', 'halted', 'namespace')], 'nothing'],
  ['one that has failed for good', [gaveUp('a')], 'nothing'],
  ['one that its people have opted out', [waiting('a', 'opted-out')], 'nothing'],
  ['one that the policy excludes', [waiting('a', 'excluded')], 'nothing'],
  ['one whose people have paused its rollout', [waiting('a', 'paused')], 'nothing'],
  ['a window to wait for', [waiting('a', 'window')], 'more'],
  ['windows that never open together', [outsideOf('daily 11:00-13:00 UTC')], 'nothing'],
  ['one that cannot become ready', [waiting('a', 'unavailable')], 'stuck'],
  ['one that cannot become ready, beside one that goes on', [waiting('a', 'unavailable'), inFlight('b')], 'more'],
  ['one whose budget allows nothing', [waiting('a', 'pdb')], 'stuck'],
  [
    'an injector that does not answer now',
    [judged('a', { state: 'unknown', reason: reason('injector-unreachable', '') })],
    'more',
  ],
  [
    'a namespace that is not seen yet',
    [judged('a', { state: 'unknown', reason: reason('namespace-not-seen', '') })],
    'more',
  ],
  ['one that could not be read', [judged('a', { state: 'unknown', reason: reason('not-read', '') })], 'more'],
  [
    'one that no injector can be found for',
    [judged('a', { state: 'unknown', reason: reason('match-conditions', '') })],
    'nothing',
  ],
];
for (const [name, items, what] of left)
  test(`of a run with ${name}, ${what} is left`, () => assert.equal(runState(items).left, what));

test('every wait that ends neither by itself nor with the run names who keeps the workload back', () => {
  const held = [...WAIT_REASONS.values()].filter(({ heldBy }) => heldBy !== undefined).map(({ code }) => code);
  const expected: ReadonlySet<ReasonCode> = new Set([
    'opted-out',
    'window-unreadable',
    'not-opted-in',
    'excluded',
    'config-remains',
    'gave-up',
    'halted',
    'owner-reverts',
    'outage',
    'do-not-disrupt',
    'paused',
    'rollout-paused',
    'group-mixed',
    'update-pending',
    'canary-analysis',
    'rolling',
    'unavailable',
    'group-not-ready',
    'pdb',
  ]);
  assert.deepEqual(new Set(held), expected);
});
