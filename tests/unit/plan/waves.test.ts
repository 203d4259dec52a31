import assert from 'node:assert/strict';
import { noSidecar } from '../../../src/compare/orphan.ts';
import type { Verdict } from '../../../src/compare/verdict.ts';
import { nobody } from '../../../src/expect/epoch.ts';
import { keyOf, type Workload } from '../../../src/model.ts';
import { askedMetricGates } from '../../../src/plan/askedMetricGates.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import { gateWaits } from '../../../src/plan/closedSince.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import type { Outcome } from '../../../src/plan/outcomes.ts';
import { type Plan, plan } from '../../../src/plan/plan.ts';
import type { PlanContext } from '../../../src/plan/planContext.ts';
import type { Policy } from '../../../src/plan/policy.ts';
import { fingerprint } from '../../../src/plan/record.ts';
import type { RunNotes, WaveNote } from '../../../src/plan/runNotes.ts';
import type { Wave } from '../../../src/plan/wave.ts';
import { WEEKDAYS } from '../../../src/plan/windows/timeZone.ts';
import type { Window } from '../../../src/plan/windows/window.ts';
import { reason } from '../../../src/reasons.ts';
import { journalled, journalOf, recorded, restarted } from '../../builders/journal.ts';
import { CLOSED, gateState, metricGate } from '../../builders/metricGate.ts';
import { context, POLICY, policy, stepFor } from '../../builders/policy.ts';
import { wave } from '../../builders/waves.ts';
import {
  assessed,
  complete,
  expected,
  group,
  HOUR,
  injection,
  MINUTE,
  NOW,
  outdated,
} from '../../builders/workload.ts';

const current: Verdict = { state: 'current', expected: expected(), drifts: [] };
const BAKE = 30 * MINUTE;
const WAVES = [wave('dev', { bake: BAKE }), wave('test', { bake: BAKE })];
/** The same, the first of them with a metric gate. */
const gated = [wave('dev', { bake: BAKE, gates: ['slo'] }), ...WAVES.slice(1)];

const LATER_IN_DEV: Window = {
  name: 'later',
  match: [{ namespaces: ['dev'] }],
  days: new Set(WEEKDAYS.keys()),
  start: 10 * HOUR,
  end: 12 * HOUR,
  timeZone: 'UTC',
};

const outdatedIn = (namespace: string, given: Partial<Workload> = {}): Assessed =>
  assessed({ namespace, name: 'old', ...given });
const currentIn = (namespace: string): Assessed => assessed({ namespace, name: 'new' }, current);
/** Restarted well, so long ago. */
const verifiedIn = (namespace: string, ago: number, given: Partial<JournalEntry> = {}): Assessed =>
  journalled(
    restarted(ago + MINUTE, 'verified', { endedAt: NOW - ago, ...given }),
    { namespace, name: 'done' },
    current,
  );
/** Restarted well, a little longer ago than a bake takes. */
const unknownEndIn = (namespace: string): Assessed =>
  journalled(restarted(BAKE + 2 * MINUTE, 'verified'), { namespace, name: 'done' }, current);
const inFlightIn = (namespace: string): Assessed => journalled(restarted(MINUTE), { namespace, name: 'busy' });
const failedIn = (namespace: string, ago = HOUR): Assessed =>
  journalled(restarted(ago, 'failed:timeout', { endedAt: NOW - ago }), { namespace, name: `failed${ago}` });

type Given = Partial<Omit<PlanContext, 'policy'>> & {
  waves?: readonly Wave[];
  noted?: Record<string, WaveNote>;
  managed?: Partial<Omit<Policy, 'waves'>>;
};

function planned(all: readonly Assessed[], { waves = WAVES, noted, managed, ...given }: Given = {}): Plan {
  const notes = noted ? { notes: new Map<string, RunNotes>([['run', { waves: noted }]]) } : {};
  return plan(
    all,
    context({
      journal: journalOf(all),
      policy: policy({
        waves,
        maxInFlight: 50,
        maxInFlightPerNamespace: 50,
        ...(waves === gated && { metricGates: [metricGate()] }),
        ...managed,
      }),
      ...notes,
      ...given,
    }),
  );
}

const states = ({ waves }: Plan): string =>
  (waves.find(({ run }) => run === 'run')?.waves ?? []).map(({ name, state }) => `${name} ${state}`).join(', ');

/** What is decided about a workload: a code, or the action. */
function decided(planning: Plan, one: Assessed): string | undefined {
  const step = stepFor(planning, one.workload);
  return step && 'reason' in step ? step.reason.code : step?.action;
}

const REST_HELD = outdatedIn('shop');

/** What the next wave does: `rest` has one outdated workload. */
const rows: [what: string, others: Assessed[], states: string, rest: string, Given?][] = [
  ['the first wave runs, the others wait', [outdatedIn('dev'), outdatedIn('test')], 'running waiting waiting', 'wave'],
  ['a restart in flight keeps the next from beginning', [inFlightIn('dev')], 'running done waiting', 'wave'],
  [
    'a wave with nothing to restart is done at once',
    [currentIn('dev'), currentIn('test')],
    'done done running',
    'restart',
  ],
  ['a wave without workloads, too', [], 'done done running', 'restart'],
  ['a wave bakes after its last restart', [verifiedIn('dev', 10 * MINUTE)], 'baking done waiting', 'wave-baking'],
  ['… and is done then', [verifiedIn('dev', BAKE)], 'done done running', 'restart'],
  ['… which is a moment, not the one before', [verifiedIn('dev', BAKE - 1)], 'baking done waiting', 'wave-baking'],
  [
    'the bake counts from the last of its restarts',
    [
      verifiedIn('dev', HOUR),
      journalled(restarted(20 * MINUTE, 'verified', { endedAt: NOW - 5 * MINUTE }), { namespace: 'dev' }, current),
    ],
    'baking done waiting',
    'wave-baking',
  ],
  [
    'a restart whose end is not known has ended when its time limit had passed',
    [unknownEndIn('dev')],
    'baking done waiting',
    'wave-baking',
  ],
  [
    '… or when that was noted',
    [unknownEndIn('dev')],
    'done done running',
    'restart',
    { noted: { dev: { endedAt: NOW - BAKE - MINUTE } } },
  ],
  [
    '… but not when another one before it had ended',
    [unknownEndIn('dev')],
    'baking done waiting',
    'wave-baking',
    { noted: { dev: { endedAt: NOW - HOUR } } },
  ],
  [
    'a restart for two sidecars, of which the other is of another run, is one of both',
    [verifiedIn('dev', 10 * MINUTE, { others: [{ ...restarted(11 * MINUTE, 'verified'), run: 'vault' }] })],
    'baking done waiting',
    'wave-baking',
  ],
  [
    'a restart of another run is none of this one',
    [verifiedIn('dev', MINUTE, { run: 'earlier' })],
    'done done running',
    'restart',
  ],
  [
    'what runs in an earlier wave after a bake has begun makes the others wait again',
    [verifiedIn('dev', MINUTE), outdatedIn('dev')],
    'running done waiting',
    'wave',
  ],
  ['a failed restart holds the next waves', [failedIn('dev')], 'failed done waiting', 'wave-failed'],
  [
    '… unless the wave bears it; its bake counts',
    [failedIn('dev', MINUTE)],
    'baking done waiting',
    'wave-baking',
    { waves: [wave('dev', { bake: BAKE, maxFailures: 1 }), ...WAVES.slice(1)] },
  ],
  [
    '… and is done then',
    [failedIn('dev')],
    'done done running',
    'restart',
    { waves: [wave('dev', { bake: BAKE, maxFailures: 1 }), ...WAVES.slice(1)] },
  ],
  ['… until somebody resumes', [failedIn('dev')], 'done done running', 'restart', { resumedAt: NOW - MINUTE }],
  ['… who did so after it', [failedIn('dev', MINUTE)], 'failed done waiting', 'wave-failed', { resumedAt: NOW - HOUR }],
  [
    '… or it is current and ready, from when on the wave bakes',
    [{ ...failedIn('dev'), verdict: current }],
    'baking done waiting',
    'wave-baking',
  ],
  [
    '… and is done when that has passed, even where a halt keeps the failure reported',
    [{ ...failedIn('dev'), verdict: current }],
    'done done running',
    'restart',
    { noted: { dev: { endedAt: NOW - BAKE } } },
  ],
  [
    '… which it is not with the right sidecar alone',
    [
      journalled(
        restarted(HOUR, 'failed:timeout'),
        { namespace: 'dev', rollout: { ...complete(3), available: 1 } },
        current,
      ),
    ],
    'failed done waiting',
    'wave-failed',
  ],
  [
    'a failure of another run holds nobody',
    [journalled(restarted(HOUR, 'failed:timeout', { run: 'earlier' }), { namespace: 'dev' }, current)],
    'done done running',
    'restart',
  ],
  ['a failure in the last wave holds nobody', [failedIn('shop')], 'done done running', 'restart'],
  [
    'what its people opted out keeps no wave',
    [outdatedIn('dev', { annotations: { 'meltemi.dev/restart': 'false' } })],
    'done done running',
    'restart',
  ],
  ['what its people have paused, neither', [outdatedIn('dev', { paused: true })], 'done done running', 'restart'],
  [
    'what its people let be restarted at another time, neither',
    [outdatedIn('dev', { annotations: { 'meltemi.dev/window': 'daily 10:00-12:00 UTC' } })],
    'done done running',
    'restart',
  ],
  [
    '… but a window of the policy keeps the wave running until it opens',
    [outdatedIn('dev')],
    'running done waiting',
    'wave',
    { policy: policy({ waves: WAVES, windows: [LATER_IN_DEV] }) } as Given,
  ],
  [
    'what the policy excludes, neither',
    [outdatedIn('dev')],
    'done done running',
    'restart',
    { policy: policy({ waves: WAVES, exclude: [{ namespaces: ['dev'] }] }) } as Given,
  ],
  [
    'what is skipped, neither',
    [assessed({ namespace: 'dev' }, { state: 'skipped', reason: reason('scaled-to-zero', '') })],
    'done done running',
    'restart',
  ],
  [
    'a restart that its owner took back, neither',
    [journalled(restarted(HOUR, 'reverted', { endedAt: NOW - HOUR }), { namespace: 'dev' })],
    'done done running',
    'restart',
  ],
  [
    'what cannot be restarted, neither',
    [assessed({ namespace: 'dev', unsupported: {} })],
    'done done running',
    'restart',
  ],
  [
    'what is not judged yet may be outdated',
    [assessed({ namespace: 'dev' }, { state: 'unknown', reason: reason('not-read', '') })],
    'running done waiting',
    'wave',
  ],
  [
    'what no injector can judge, its own people have to change',
    [assessed({ namespace: 'dev' }, { state: 'unknown', reason: reason('bad-answer', '') })],
    'done done running',
    'restart',
  ],
  [
    'pods that are not available keep the wave running',
    [outdatedIn('dev', { rollout: { ...complete(3), available: 1, ready: 1 } })],
    'running done waiting',
    'wave',
  ],
  [
    'a cooldown keeps it running',
    [journalled(restarted(MINUTE, 'superseded:expectation', { endedAt: NOW }), { namespace: 'dev' })],
    'running done waiting',
    'wave',
  ],
  [
    'a namespace that was not read yet keeps every wave',
    [],
    'running waiting waiting',
    'wave',
    { unseen: 'namespace dev has not been read yet' },
  ],
  [
    '… but none that was done before',
    [],
    'done done running',
    'restart',
    {
      unseen: 'namespace dev has not been read yet',
      noted: { dev: { doneAt: NOW - HOUR }, test: { doneAt: NOW - HOUR } },
    },
  ],
  [
    'a wave that was done stays done',
    [outdatedIn('dev'), inFlightIn('dev')],
    'done done running',
    'restart',
    { noted: { dev: { endedAt: NOW - HOUR, doneAt: NOW - MINUTE } } },
  ],
  [
    '… unless a restart in it fails',
    [failedIn('dev', MINUTE)],
    'failed done waiting',
    'wave-failed',
    { noted: { dev: { endedAt: NOW - HOUR, doneAt: NOW - MINUTE } } },
  ],
  [
    '… or another sidecar is expected of what it has restarted',
    [
      journalled(
        restarted(HOUR, 'verified', { restartedFor: fingerprint(expected({ image: 'istio/proxyv2:1.30.9' })) }),
        { namespace: 'dev' },
      ),
    ],
    'running done waiting',
    'wave',
    { noted: { dev: { endedAt: NOW - HOUR, doneAt: NOW - MINUTE } } },
  ],
  [
    '… which a restart of an earlier run says nothing about',
    [
      journalled(
        restarted(HOUR, 'verified', {
          run: 'earlier',
          restartedFor: fingerprint(expected({ image: 'istio/proxyv2:1.30.9' })),
        }),
        { namespace: 'dev' },
      ),
    ],
    'done done running',
    'restart',
    { noted: { dev: { endedAt: NOW - HOUR, doneAt: NOW - MINUTE } } },
  ],
  [
    '… but not by one namespace alone, whose owner can change that, where another one has shown that it goes well',
    [
      journalled(
        restarted(HOUR, 'verified', { restartedFor: fingerprint(expected({ image: 'istio/proxyv2:1.30.9' })) }),
        { namespace: 'dev' },
      ),
      verifiedIn('dev-2', HOUR),
    ],
    'done done running',
    'restart',
    {
      waves: [{ ...wave('dev', { bake: BAKE }), match: [{ namespaces: ['dev*'] }] }, ...WAVES.slice(1)],
      noted: { dev: { endedAt: NOW - HOUR, doneAt: NOW - MINUTE } },
    },
  ],
  [
    'a longer bake counts for a wave that bakes',
    [verifiedIn('dev', BAKE)],
    'baking done waiting',
    'wave-baking',
    { waves: [wave('dev', { bake: HOUR }), ...WAVES.slice(1)] },
  ],
  [
    '… and not for one that is done',
    [verifiedIn('dev', BAKE)],
    'done done running',
    'restart',
    { waves: [wave('dev', { bake: HOUR }), ...WAVES.slice(1)], noted: { dev: { endedAt: NOW - BAKE, doneAt: NOW } } },
  ],
  [
    'a shorter one counts at once',
    [verifiedIn('dev', MINUTE)],
    'done done running',
    'restart',
    { waves: [wave('dev', { bake: MINUTE }), ...WAVES.slice(1)] },
  ],
  [
    'the end of the last restart is remembered when its entry is gone',
    [currentIn('dev')],
    'baking done waiting',
    'wave-baking',
    { noted: { dev: { endedAt: NOW - MINUTE } } },
  ],
  [
    'a remembered end in the future is now',
    [currentIn('dev')],
    'baking done waiting',
    'wave-baking',
    { noted: { dev: { endedAt: NOW + 1000 * HOUR } } },
  ],
];
for (const [what, others, expectedStates, rest, given] of rows)
  test(what, () => {
    const planning = planned([...others, REST_HELD], given);
    const [dev, tests, last] = expectedStates.split(' ');
    assert.deepEqual(
      [states(planning), decided(planning, REST_HELD)],
      [`dev ${dev}, test ${tests}, rest ${last}`, rest],
    );
  });

const zoneIn = (namespace: string, given: Partial<Workload> = {}): Assessed =>
  outdatedIn(namespace, {
    kind: 'StatefulSet',
    strategy: 'OnDelete',
    rolloutGroup: { name: 'ingester', paused: false },
    ...given,
  });
const OWNED = { owner: { apiVersion: 'kafka.strimzi.io/v1', kind: 'Kafka', name: 'logs' } };

/** No waiting ends these: people have to change something. */
const lasting: [code: string, waiting: Assessed, others: Assessed[], Partial<Policy>?][] = [
  ['not-opted-in', outdatedIn('dev'), [], { optIn: true }],
  ['window-unreadable', outdatedIn('dev', { annotations: { 'meltemi.dev/window': 'at night' } }), []],
  [
    'config-remains',
    journalled(restarted(HOUR, 'verified'), { namespace: 'dev' }, outdated({ drifts: ['config'] })),
    [],
  ],
  [
    'owner-reverts',
    outdatedIn('dev', OWNED),
    [journalled(restarted(HOUR, 'reverted'), { namespace: 'dev', ...OWNED }, current)],
  ],
  ['outage', outdatedIn('dev', { strategy: 'Recreate', maxUnavailable: 3 }), [], { recreate: 'hold' }],
  [
    'do-not-disrupt',
    { ...outdatedIn('dev'), groups: [{ ...group(), doNotDisrupt: 'karpenter.sh/do-not-disrupt: "true"' }] },
    [],
    { doNotDisrupt: 'hold' },
  ],
  ['rollout-paused', zoneIn('dev', { rolloutGroup: { name: 'ingester', paused: true } }), []],
  [
    'group-mixed',
    zoneIn('dev'),
    [{ ...zoneIn('dev', { name: 'other', strategy: 'RollingUpdate' }), verdict: current }],
  ],
];
for (const [code, waiting, others, managed] of lasting)
  test(`a wave is done without what waits for ${code}`, () => {
    const planning = planned([waiting, ...others], { ...(managed && { managed }) });
    assert.deepEqual([decided(planning, waiting), states(planning)], [code, 'dev done, test done, rest done']);
  });

test('a run in which nothing is left asks no gate again, and none of its waves bakes', () => {
  const over = planned([verifiedIn('dev', HOUR)], { waves: gated, noted: { dev: { endedAt: NOW - HOUR } } });
  assert.equal(states(over), 'dev done, test done, rest done');
});

test('… but what appears after it waits for the gates, which nobody has seen open', () => {
  const noted = { dev: { endedAt: NOW - HOUR } };
  const stuck = planned([verifiedIn('dev', HOUR), failedIn('test')], { waves: gated, noted });
  assert.equal(states(stuck), 'dev done, test failed, rest done');
  assert.equal(stuck.toNote.get('run')?.waves?.dev?.doneAt, undefined);
  const later = planned([verifiedIn('dev', HOUR), REST_HELD], { waves: gated, noted });
  assert.equal(states(later), 'dev baking, test done, rest waiting');
});

test('a restart whose workload is not seen may be of the first wave', () => {
  const gone = inFlightIn('elsewhere');
  const planning = planned([REST_HELD], { journal: journalOf([gone]) });
  assert.deepEqual([states(planning), decided(planning, REST_HELD)], ['dev running, test done, rest waiting', 'wave']);
});

test('… or of one that is only listed, because it could not be read', () => {
  const { entry, ...rest } = inFlightIn('elsewhere');
  const listed: Assessed = {
    ...rest,
    workload: { ...rest.workload, unsupported: {} },
    match: { kind: 'none', reason: reason('unsupported', '') },
    verdict: { state: 'skipped', reason: reason('unsupported', '') },
  };
  assert.ok(entry);
  const planning = planned([listed, REST_HELD], { journal: journalOf([{ ...rest, entry }]) });
  assert.deepEqual([states(planning), decided(planning, REST_HELD)], ['dev running, test done, rest waiting', 'wave']);
});

test('… or was found by its pods, and not read', () => {
  const { entry, ...rest } = inFlightIn('elsewhere');
  const verdict: Verdict = { state: 'unknown', reason: reason('not-read', '') };
  const found: Assessed = {
    ...rest,
    workload: { ...rest.workload, resourceVersion: '' },
    verdict,
    ...(entry && { entry }),
  };
  const planning = planned([found, REST_HELD]);
  assert.deepEqual([states(planning), decided(planning, REST_HELD)], ['dev running, test done, rest waiting', 'wave']);
});

describe('a restart that has ended, of a workload that is not seen', () => {
  const [failed, verified] = [failedIn('elsewhere'), verifiedIn('elsewhere', MINUTE)];
  const rollout = { ...failed, workload: { ...failed.workload, kind: 'Rollout' as const } };
  const rows: [what: string, gone: Assessed, states: string, rest: string, Given?][] = [
    ['holds the next waves if it failed', failed, 'failed done waiting', 'wave-failed'],
    [
      '… unless the wave bears it',
      failed,
      'done done running',
      'restart',
      { waves: [wave('dev', { maxFailures: 1 }), wave('test')] },
    ],
    ['… or somebody has resumed since', failed, 'done done running', 'restart', { resumedAt: NOW - MINUTE }],
    [
      '… or its kind is no longer managed',
      rollout,
      'done done running',
      'restart',
      { managed: { kinds: new Set(['Deployment']) } },
    ],
    [
      '… or its namespace',
      failed,
      'done done running',
      'restart',
      { managed: { skipNamespaces: new Set(['elsewhere']) } },
    ],
    [
      '… or the installation manages other namespaces only',
      failed,
      'done done running',
      'restart',
      { managedNamespaces: new Set(['shop']) },
    ],
    [
      'holds them in a namespace that the installation names',
      failed,
      'failed done waiting',
      'wave-failed',
      { managedNamespaces: new Set(['shop', 'elsewhere']) },
    ],
    ['holds none if it went well', verified, 'done done running', 'restart'],
    [
      '… but is under way until its last look has arrived',
      verified,
      'running done waiting',
      'wave',
      { busy: new Set([keyOf(verified.workload)]) },
    ],
  ];
  it.each(rows)('%s', (_, gone, expectedStates, rest, given = {}) => {
    const planning = planned([REST_HELD], { journal: journalOf([gone]), ...given });
    assert.deepEqual(
      [states(planning).replaceAll(/\w+ (\w+),?/g, '$1'), decided(planning, REST_HELD)],
      [expectedStates, rest],
    );
  });
});

test('a restart that is under way counts for its run and its wave, even if no injector matches the workload any more', () => {
  const { injection: _, ...moved } = inFlightIn('dev');
  const unmatched: Assessed = {
    ...moved,
    match: { kind: 'none', reason: reason('not-injected', '') },
    verdict: { state: 'skipped', reason: reason('not-injected', '') },
  };
  const planning = planned([unmatched, REST_HELD]);
  assert.deepEqual([states(planning), decided(planning, REST_HELD)], ['dev running, test done, rest waiting', 'wave']);
});

/** Of a run that removes sidecars, which no injector has. */
const REMOVALS = nobody(undefined);
const unmatched = { kind: 'none', reason: reason('not-injected', 'nobody asks') } as const;
const orphan: Assessed = {
  ...assessed({ namespace: 'shop', name: 'old' }, outdated({ expected: noSidecar(), drifts: ['orphaned'] })),
  match: unmatched,
  injection: REMOVALS,
};

/** Its pods lost their sidecar by a restart that ended so. */
function bare(outcome: Outcome, ago: number, given: Partial<Workload> = {}): Assessed {
  const target = { run: REMOVALS.run, restartedFor: fingerprint(noSidecar()) };
  const entry = restarted(ago + MINUTE, outcome, { endedAt: NOW - ago, ...target });
  const one = journalled(entry, { namespace: 'dev', ...given }, { state: 'skipped', reason: unmatched.reason });
  return { ...one, match: unmatched, injection: REMOVALS };
}

test.each<[what: string, earlier: Assessed, rest: string]>([
  ['bakes like another', bare('verified', 10 * MINUTE), 'wave-baking'],
  ['… and is done then', bare('verified', BAKE), 'restart'],
  [
    'has failed while its pods do not become ready',
    bare('failed:timeout', HOUR, { rollout: { ...complete(3), available: 1 } }),
    'wave-failed',
  ],
  ['… and bakes when they do', bare('failed:timeout', HOUR), 'wave-baking'],
])('a wave in which sidecars were removed %s', (_, earlier, rest) => {
  const given = { orphanedSince: new Map([[keyOf(orphan.workload), NOW - HOUR]]) };
  assert.equal(decided(planned([earlier, orphan], given), orphan), rest);
});

test('after the journal was lost, the record on a workload makes the next wave wait', () => {
  const { entry, ...rest } = verifiedIn('dev', MINUTE);
  assert.ok(entry);
  const told: Assessed = { ...rest, workload: { ...rest.workload, annotations: recorded(entry) } };
  assert.equal(decided(planned([told, REST_HELD]), REST_HELD), 'wave-baking');
  assert.equal(
    decided(planned([told, REST_HELD], { noted: {} }), REST_HELD),
    'restart',
    'what was noted is better known',
  );
  const forged = { ...entry, restartedAt: NOW + 1000 * HOUR };
  const hostile: Assessed = { ...rest, workload: { ...rest.workload, annotations: recorded(forged) } };
  const baking = planned([hostile, REST_HELD]);
  assert.deepEqual(
    baking.toNote.get('run')?.waves,
    { dev: { endedAt: NOW } },
    'it counts once, and as no later than now',
  );
});

test('a forged record does not undo that a wave is done', () => {
  const forged = restarted(HOUR, 'verified', {
    restartedFor: fingerprint(expected({ image: 'istio/proxyv2:1.30.9' })),
  });
  const hostile = outdatedIn('dev', { annotations: recorded(forged) });
  const noted = { dev: { endedAt: NOW - HOUR, doneAt: NOW - MINUTE } };
  assert.equal(decided(planned([hostile, REST_HELD], { noted }), REST_HELD), 'restart');
});

test('the end of a bake is when the plan is made again, and what the wait names', () => {
  const planning = planned([verifiedIn('dev', 10 * MINUTE), REST_HELD]);
  const step = stepFor(planning, REST_HELD.workload);
  assert.equal(planning.wakeAt, NOW + 20 * MINUTE);
  assert.deepEqual(step?.action === 'wait' && [step.until, step.reason.detail], [
    NOW + 20 * MINUTE,
    'wave dev is baking: its bake has not passed since its last restart ended',
  ]);
});

test('the steady clock counts the bake, the wall clock says when it began', () => {
  const planning = planned([verifiedIn('dev', 10 * MINUTE), REST_HELD], { now: 1000 });
  assert.equal(planning.wakeAt, 1000 + 20 * MINUTE);
});

const closed = new Map([['slo', CLOSED]]);
const open = new Map([['slo', gateState()]]);
const old = new Map([['slo', gateState({ askedAt: NOW - MINUTE })]]);
const gates: [what: string, others: Assessed[], given: Given, dev: string | undefined, rest: string][] = [
  ['a closed gate holds its wave', [outdatedIn('dev')], { metricGates: closed }, 'metric-gate', 'wave'],
  ['so does one that was never asked', [outdatedIn('dev')], {}, 'metric-gate', 'wave'],
  ['an open one does not', [outdatedIn('dev')], { metricGates: open }, 'restart', 'wave'],
  ['a closed gate keeps the wave baking', [verifiedIn('dev', HOUR)], { metricGates: closed }, undefined, 'wave-baking'],
  ['an open one ends the bake', [verifiedIn('dev', HOUR)], { metricGates: open }, undefined, 'restart'],
  ['… not if it has answered long ago', [verifiedIn('dev', HOUR)], { metricGates: old }, undefined, 'wave-baking'],
  ['… not before its time', [verifiedIn('dev', MINUTE)], { metricGates: open }, undefined, 'wave-baking'],
  [
    'it holds nothing after the wave is done',
    [currentIn('dev')],
    { metricGates: closed, noted: { dev: { endedAt: NOW - HOUR, doneAt: NOW - MINUTE } } },
    undefined,
    'restart',
  ],
];
for (const [what, others, given, dev, rest] of gates)
  test(what, () => {
    const planning = planned([...others, REST_HELD], { waves: gated, ...given });
    assert.deepEqual([decided(planning, outdatedIn('dev')), decided(planning, REST_HELD)], [dev, rest]);
  });

test('a closed gate keeps a wave baking for whichever later wave has something left', () => {
  const next = outdatedIn('test');
  const planning = planned([verifiedIn('dev', HOUR), next], { waves: gated, metricGates: closed });
  assert.deepEqual([states(planning), decided(planning, next)], ['dev baking, test waiting, rest done', 'wave-baking']);
});

test('a wave that bakes asks its gates, and its run waits for a closed one only when the bake has passed', () => {
  const inputs = context({ policy: policy({ waves: gated, metricGates: [metricGate()] }), metricGates: closed });
  const asked = (all: readonly Assessed[]) => {
    const made = plan(all, { ...inputs, journal: journalOf(all) });
    return [[...askedMetricGates(made, inputs)], gateWaits(made, inputs).map(({ run, gate }) => `${run} ${gate}`)];
  };
  assert.deepEqual(asked([verifiedIn('dev', MINUTE), REST_HELD]), [['slo'], []]);
  assert.deepEqual(asked([verifiedIn('dev', HOUR), REST_HELD]), [['slo'], ['run slo']]);
  assert.deepEqual(asked([outdatedIn('dev'), REST_HELD]), [['slo'], ['run slo']]);
  assert.deepEqual(asked([currentIn('dev'), REST_HELD]), [[], []], 'it is the gate of no other wave');
});

test('a wave is held by its own limit of restarts in flight', () => {
  const waves = [wave('dev', { maxInFlight: 2 })];
  const many = ['a', 'b', 'c'].map((name) => outdatedIn('dev', { name }));
  const free = planned(many, { waves });
  assert.deepEqual(
    many.map((one) => decided(free, one)),
    ['restart', 'restart', 'max-in-flight-per-wave'],
  );
  const busy = planned([inFlightIn('dev'), ...many], { waves });
  assert.deepEqual(
    many.map((one) => decided(busy, one)),
    ['restart', 'max-in-flight-per-wave', 'max-in-flight-per-wave'],
  );
  const unseen = planned(many, { waves, journal: journalOf([inFlightIn('elsewhere')]) });
  assert.deepEqual(
    many.map((one) => decided(unseen, one)),
    ['restart', 'max-in-flight-per-wave', 'max-in-flight-per-wave'],
  );
});

test('another limit does not count what is in flight in other waves', () => {
  const waves = [wave('dev'), wave('test', { maxInFlight: 1 })];
  const noted = { dev: { doneAt: NOW - HOUR } };
  const planning = planned([inFlightIn('dev'), outdatedIn('test')], { waves, noted });
  assert.equal(decided(planning, outdatedIn('test')), 'restart');
});

const notes: [
  what: string,
  all: Assessed[],
  noted: Record<string, WaveNote> | undefined,
  expected: Record<string, WaveNote> | undefined,
][] = [
  ['nothing is noted of a wave that runs', [outdatedIn('dev'), REST_HELD], undefined, undefined],
  [
    'the end of its last restart is noted when it bakes',
    [verifiedIn('dev', MINUTE), REST_HELD],
    undefined,
    { dev: { endedAt: NOW - MINUTE } },
  ],
  ['… once', [verifiedIn('dev', MINUTE), REST_HELD], { dev: { endedAt: NOW - MINUTE } }, undefined],
  [
    'that it is done is noted with the time',
    [verifiedIn('dev', HOUR), REST_HELD],
    { dev: { endedAt: NOW - HOUR } },
    { dev: { endedAt: NOW - HOUR, doneAt: NOW } },
  ],
  ['… once', [verifiedIn('dev', HOUR), REST_HELD], { dev: { endedAt: NOW - HOUR, doneAt: NOW - MINUTE } }, undefined],
  [
    '… once, even if its people hold what another sidecar is expected of since',
    [
      journalled(
        restarted(HOUR, 'verified', {
          restartedFor: fingerprint(expected({ image: 'istio/proxyv2:1.30.9' })),
          endedAt: NOW - HOUR,
        }),
        { namespace: 'dev', paused: true },
      ),
      REST_HELD,
    ],
    { dev: { endedAt: NOW - HOUR, doneAt: NOW - MINUTE } },
    undefined,
  ],
  ['that nothing was to be restarted is not', [currentIn('dev'), REST_HELD], undefined, undefined],
  [
    'what the policy no longer has is forgotten',
    [verifiedIn('dev', MINUTE), REST_HELD],
    { dev: { endedAt: NOW - MINUTE }, other: { doneAt: 1 } },
    { dev: { endedAt: NOW - MINUTE } },
  ],
  [
    'what runs again is no longer noted as ended by then',
    [outdatedIn('dev'), REST_HELD],
    { dev: { endedAt: NOW - MINUTE } },
    undefined,
  ],
  [
    'when all are done, that is forgotten: what drifts later begins with the first wave',
    [verifiedIn('dev', HOUR)],
    { dev: { endedAt: NOW - HOUR, doneAt: NOW - MINUTE } },
    { dev: { endedAt: NOW - HOUR } },
  ],
  [
    '… once, and when something was repaired is not: a halt keeps its failure reported',
    [{ ...failedIn('dev'), verdict: current }],
    { dev: { endedAt: NOW - BAKE } },
    undefined,
  ],
  [
    'a wave in which nothing was restarted since is not noted as done',
    [currentIn('dev'), REST_HELD],
    { dev: { endedAt: NOW - HOUR } },
    undefined,
  ],
];
for (const [what, all, noted, expectedNotes] of notes)
  test(`notes: ${what}`, () => {
    assert.deepEqual(planned(all, noted ? { noted } : {}).toNote.get('run')?.waves, expectedNotes);
  });

test('without waves in the policy one wave tells how far a run is, and nothing is noted', () => {
  const all = [outdatedIn('dev'), inFlightIn('dev'), currentIn('dev'), failedIn('shop')];
  const { waves, toNote } = plan(all, context({ journal: journalOf(all), policy: POLICY }));
  assert.deepEqual(waves, [
    {
      run: 'run',
      waves: [
        {
          name: 'rest',
          state: 'running',
          detail: '2 of 4 workloads are left: see Deployment dev/old',
          total: 4,
          current: 1,
          inFlight: 1,
          failed: 1,
          waiting: 1,
        },
      ],
    },
  ]);
  assert.equal(toNote.size, 0);
});

test('each run has waves of its own', () => {
  const other = injection({ run: 'other', epoch: 'epoch' });
  const elsewhere: Assessed = { ...outdatedIn('shop', { name: 'elsewhere' }), injection: other };
  const planning = planned([inFlightIn('dev'), REST_HELD, elsewhere]);
  assert.deepEqual([decided(planning, REST_HELD), decided(planning, elsewhere)], ['wave', 'restart']);
});

test('waves come first in the order, then outages, then the oldest proxy, then names', () => {
  const proxy = (version: string) =>
    ({ ...outdated(), actual: { ...assessedActual(), image: `istio/proxyv2:${version}` } }) as Verdict;
  const all = [
    assessed({ namespace: 'b', name: 'newer' }, proxy('1.30.2')),
    assessed({ namespace: 'c', name: 'older' }, proxy('1.9.0')),
    assessed({ namespace: 'a', name: 'unknown' }, proxy('latest')),
    assessed({ namespace: 'a', name: 'outage', strategy: 'Recreate', maxUnavailable: 3 }, proxy('1.8.0')),
    assessed({ namespace: 'test', name: 'second' }, proxy('1.7.0')),
    assessed({ namespace: 'dev', name: 'first' }, proxy('1.30.2')),
    assessed({ namespace: 'a', name: 'same' }, proxy('1.30.2')),
  ];
  const noted = { dev: { doneAt: 1 }, test: { doneAt: 1 } };
  assert.deepEqual(
    planned(all, { noted }).items.map(({ workload }) => workload.name),
    ['first', 'second', 'older', 'same', 'newer', 'unknown', 'outage'],
  );
});

const assessedActual = () => {
  const { verdict } = assessed();
  if (verdict.state !== 'outdated') throw new Error('outdated');
  return verdict.actual;
};

test('Meltemi itself is last of all, whatever its wave', () => {
  const own = outdatedIn('dev', { name: 'meltemi' });
  const noted = { dev: { doneAt: 1 }, test: { doneAt: 1 } };
  const { items } = planned([own, REST_HELD], { own: keyOf(own.workload), noted });
  assert.equal(items.at(-1)?.workload.name, 'meltemi');
});

test('each workload names its wave', () => {
  const job = assessed({ namespace: 'dev', name: 'job', unsupported: {} });
  const { items } = planned([outdatedIn('dev'), REST_HELD, job]);
  assert.deepEqual(items.map(({ workload, wave: of }) => [workload.name, workload.namespace, of]).sort(), [
    ['job', 'dev', undefined],
    ['old', 'dev', 'dev'],
    ['old', 'shop', 'rest'],
  ]);
});
