import assert from 'node:assert/strict';
import { RESTARTABLE } from '../../../src/compare/drift.ts';
import { noSidecar } from '../../../src/compare/orphan.ts';
import type { Verdict } from '../../../src/compare/verdict.ts';
import { nobody } from '../../../src/expect/epoch.ts';
import { type Budget, keyOf, type WorkloadKey } from '../../../src/model.ts';
import { FORTSA_RESTARTED_AT, RESTARTED_AT, RETRY } from '../../../src/names.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import { contradictionsIn } from '../../../src/plan/contradictions.ts';
import type { JournalEntry } from '../../../src/plan/journalEntry.ts';
import { orphansIn } from '../../../src/plan/orphans.ts';
import { plan } from '../../../src/plan/plan.ts';
import type { PlanContext } from '../../../src/plan/planContext.ts';
import { fingerprint } from '../../../src/plan/record.ts';
import { SinceWhen } from '../../../src/plan/sinceWhen.ts';
import { reason } from '../../../src/reasons.ts';
import { rowsOf } from '../../../src/report/row.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import { journalled, journalOf, recorded, restarted, writesAgo } from '../../builders/journal.ts';
import { context, POLICY, policy, stepFor } from '../../builders/policy.ts';
import {
  assessed,
  complete,
  expected,
  group,
  HOUR,
  injection,
  istiod,
  MINUTE,
  NOW,
  outdated,
  sidecar,
} from '../../builders/workload.ts';

const current: Verdict = { state: 'current', expected: expected(), drifts: [] };
const contradicted = journalled(restarted(HOUR, 'verified', { restartedFor: 'other' }));
const inFlight = restarted(MINUTE);

const stepOf = (one: Assessed, given: Partial<PlanContext> = {}): string => {
  const step = stepFor(plan([one], context({ journal: journalOf([one]), ...given })), one.workload);
  return step && 'reason' in step ? `${step.action} ${step.reason.code}` : (step?.action ?? 'absent');
};

const chart = (version: string): [string, string] => [`istiod-${version}`, version];
const mixed: Assessed = {
  ...assessed(),
  injection: injection({ istiod: istiod({ chart: chart('1.30.2') }), configChart: chart('1.31.0') }),
};
const unlabelled: Assessed = { ...assessed(), injection: injection({ configChart: chart('1.31.0') }) };
const remote: Assessed = { ...assessed(), injection: { entry: injection().entry, epoch: 'epoch', run: 'run' } };

const RESTART_ON_ALL = { ...POLICY, restartOn: new Set(RESTARTABLE) };
const configured = outdated({ drifts: ['config'] });
const uninjected: Verdict = { state: 'skipped', reason: reason('not-injected', 'nobody asks') };
const orphan: Assessed = {
  ...assessed({}, outdated({ expected: noSidecar(), drifts: ['orphaned'] })),
  match: { kind: 'none', reason: reason('not-injected', 'nobody asks') },
  injection: nobody(undefined),
};

const single: [string, Assessed, string, Partial<PlanContext>?][] = [
  ['an outdated workload is restarted', assessed(), 'restart'],
  ['a current one is not', assessed({}, current), 'none'],
  ['a paused one waits', assessed({ paused: true }), 'wait paused'],
  ['one whose rollout is in progress waits', assessed({ rollout: { ...complete(3), updated: 1 } }), 'wait rolling'],
  ['one whose controller has not seen the last change waits', assessed({ generation: 2 }), 'wait rolling'],
  ['one with old pods left waits', assessed({ rollout: { ...complete(3), existing: 4 } }), 'wait rolling'],
  [
    'a StatefulSet with a pending update waits',
    assessed({ kind: 'StatefulSet', rollout: { ...complete(3), updateRevision: 'r2' } }),
    'wait rolling',
  ],
  ['one with a pod down already waits', assessed({ rollout: { ...complete(3), available: 2 } }), 'wait unavailable'],
  [
    '… unless its own strategy allows that',
    assessed({ maxUnavailable: 1, rollout: { ...complete(3), available: 2 } }),
    'restart',
  ],
  ['one restarted a moment ago waits', journalled(restarted(MINUTE, 'verified')), 'wait cooldown'],
  [
    'one that Fortsa restarted a moment ago waits',
    assessed({ template: { labels: {}, annotations: { [FORTSA_RESTARTED_AT]: timestamp(NOW - MINUTE) }, spec: {} } }),
    'wait cooldown',
  ],
  [
    '… whoever did it, as kubectl',
    assessed({ template: { labels: {}, annotations: { [RESTARTED_AT]: timestamp(NOW - MINUTE) }, spec: {} } }),
    'wait cooldown',
  ],
  [
    '… also where only the workload tells of it',
    assessed({ annotations: recorded(restarted(MINUTE, 'verified')) }),
    'wait cooldown',
  ],
  [
    '… but not by a time that is still to come',
    assessed({ annotations: recorded(restarted(-MINUTE, 'verified')) }),
    'restart',
  ],
  [
    '… nor by one in the template',
    assessed({ template: { labels: {}, annotations: { [RESTARTED_AT]: timestamp(NOW + MINUTE) }, spec: {} } }),
    'restart',
  ],
  ['drift after a verified restart is a new episode', journalled(restarted(HOUR, 'verified')), 'restart'],
  [
    'a failed restart is not repeated for the same sidecar',
    journalled(restarted(HOUR, 'failed:timeout')),
    'wait gave-up',
  ],
  [
    '… also where only the workload tells of it',
    assessed({ annotations: recorded(restarted(HOUR, 'failed:timeout')) }),
    'wait gave-up',
  ],
  ['… or tells of no end', assessed({ annotations: recorded(restarted(HOUR)) }), 'wait gave-up'],
  ['a reverted restart is not repeated', journalled(restarted(HOUR, 'reverted')), 'wait gave-up'],
  [
    '… not even with attempts left',
    journalled(restarted(HOUR, 'reverted')),
    'wait gave-up',
    { policy: { ...POLICY, maxAttempts: 2 } },
  ],
  [
    'a failed one that is complete by now has a second attempt if allowed',
    journalled(restarted(HOUR, 'failed:timeout')),
    'restart',
    { policy: { ...POLICY, maxAttempts: 2 } },
  ],
  [
    'another expected sidecar is another episode',
    journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other' })),
    'restart',
  ],
  [
    'a record older than the workload was copied with its manifest',
    assessed({ createdAt: NOW - MINUTE, annotations: recorded(restarted(HOUR, 'failed:timeout')) }),
    'restart',
  ],
  [
    'three writes within a day that did not end well are enough',
    journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other', writes: writesAgo([1, 2, 3]) })),
    'wait daily-cap',
  ],
  [
    '… whether the journal or the workload tells of them, and each counts once',
    {
      ...journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other', writes: writesAgo([1, 2]) })),
      workload: assessed({
        annotations: recorded(restarted(HOUR, 'failed:timeout', { restartedFor: 'other', writes: writesAgo([1, 3]) })),
      }).workload,
    },
    'wait daily-cap',
  ],
  [
    '… of two that both tell of there are two',
    {
      ...journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other', writes: writesAgo([1, 2]) })),
      workload: assessed({
        annotations: recorded(restarted(HOUR, 'failed:timeout', { restartedFor: 'other', writes: writesAgo([1, 2]) })),
      }).workload,
    },
    'restart',
  ],
  [
    '… a day later it may go',
    journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other', writes: writesAgo([1, 2, 25]) })),
    'restart',
  ],
  [
    '… as those of this hour are, also by a clock that is half an hour ahead',
    journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other', writes: writesAgo([0.2, 0.4, -0.5]) })),
    'wait daily-cap',
  ],
  [
    '… but not by one that is no clock',
    journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other', writes: writesAgo([1, 2, -2]) })),
    'restart',
  ],
  [
    '… as it may while the third has ended well',
    journalled(restarted(HOUR, 'verified', { restartedFor: 'other', writes: writesAgo([1, 2, 3]) })),
    'restart',
  ],
  [
    'nine writes within a day that ended well leave room for a tenth',
    journalled(restarted(HOUR, 'verified', { writes: writesAgo([1, 2, 3, 4, 5, 6, 7, 8, 9], true) })),
    'restart',
  ],
  [
    '… ten do not',
    journalled(restarted(HOUR, 'verified', { writes: writesAgo([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], true) })),
    'wait daily-cap',
  ],
  [
    'a configuration that one restart did not bring is not tried again',
    journalled(restarted(HOUR, 'config-remains'), {}, configured),
    'wait config-remains',
  ],
  [
    '… nor one that came back after a restart that brought it',
    journalled(restarted(HOUR, 'verified'), {}, configured),
    'wait config-remains',
  ],
  [
    '… also where only the workload tells of it',
    assessed({ annotations: recorded(restarted(HOUR, 'verified')) }, configured),
    'wait config-remains',
  ],
  [
    '… unless a person asks for it',
    journalled(restarted(HOUR, 'config-remains'), { annotations: { [RETRY]: '1' } }, configured),
    'restart',
  ],
  [
    'another configuration is another episode',
    journalled(restarted(HOUR, 'verified', { restartedFor: 'other' }), {}, configured),
    'restart',
  ],
  [
    'an image is restarted for, whatever is known of the configuration',
    journalled(restarted(HOUR, 'config-remains', { restartedFor: 'other' })),
    'restart',
  ],
  [
    'orphans wait a minute',
    orphan,
    'wait recently-orphaned',
    { orphanedSince: new Map([[keyOf(orphan.workload), NOW - 59_000]]) },
  ],
  ['… from when they are first seen', orphan, 'wait recently-orphaned', { orphanedSince: new Map() }],
  ['… and are restarted', orphan, 'restart', { orphanedSince: new Map([[keyOf(orphan.workload), NOW - MINUTE]]) }],
  ['a plan that restarts nothing shows them at once', orphan, 'restart'],
  [
    'an answer that contradicts a verified restart of the same run waits for half a minute',
    contradicted,
    'wait answer-contradicted',
    { contradictedSince: new Map([[keyOf(contradicted.workload), NOW - 29_000]]) },
  ],
  ['… from when it is first seen', contradicted, 'wait answer-contradicted', { contradictedSince: new Map() }],
  [
    '… and is believed',
    contradicted,
    'restart',
    { contradictedSince: new Map([[keyOf(contradicted.workload), NOW - MINUTE / 2]]) },
  ],
  ['a plan that restarts nothing believes it at once', contradicted, 'restart'],
  [
    'another configuration of the injector may give another answer',
    journalled(restarted(HOUR, 'verified', { restartedFor: 'other', run: 'before' })),
    'restart',
    { contradictedSince: new Map() },
  ],
  [
    'a workload that has lost the sidecar that it was restarted for waits for nothing',
    journalled(restarted(HOUR, 'verified')),
    'restart',
    { contradictedSince: new Map() },
  ],
  [
    'the last restart of another sidecar says nothing about this one',
    journalled(restarted(HOUR, 'verified', { restartedFor: 'vault:other' })),
    'restart',
    { contradictedSince: new Map() },
  ],
  [
    'an orphan whose failed restart was followed by pods without sidecar is closed',
    journalled(restarted(HOUR, 'failed:still-injected', { restartedFor: fingerprint(noSidecar()) }), {}, uninjected),
    'close',
  ],
  [
    '… but not one that was restarted for a sidecar',
    journalled(restarted(HOUR, 'failed:timeout'), {}, uninjected),
    'none',
  ],
  ['a journalled restart without outcome is followed', journalled(inFlight), 'follow in-flight'],
  ['… whatever its pods look like', journalled(inFlight, {}, current), 'follow in-flight'],
  [
    'a failed one whose pods became current is closed',
    journalled(restarted(HOUR, 'failed:timeout'), {}, current),
    'close',
  ],
  [
    '… not where its pods are current only by an answer for another sidecar: a replica may be behind',
    journalled(restarted(HOUR, 'reverted', { restartedFor: 'other' }), {}, current),
    'none',
  ],
  [
    '… but where the injector has changed since',
    journalled(restarted(HOUR, 'reverted', { restartedFor: 'other', run: 'earlier' }), {}, current),
    'close',
  ],
  [
    '… a failure that only stands on the workload is nobody’s to close',
    assessed({ annotations: recorded(restarted(HOUR, 'failed:timeout')) }, current),
    'none',
  ],
  ['a verified one needs no closing', journalled(restarted(HOUR, 'verified'), {}, current), 'none'],
  [
    'a new injector configuration is given time',
    assessed(),
    'wait config-read-delay',
    { epochSeenAt: new Map([['epoch', NOW - 9000]]) },
  ],
  [
    'G1: istiod is rolling',
    { ...assessed(), injection: injection({ istiod: istiod({ rollout: { ...complete(1), updated: 0 } }) }) },
    'wait istiod-rolling',
  ],
  [
    'G1: istiod has not seen its change',
    { ...assessed(), injection: injection({ istiod: istiod({ generation: 2 }) }) },
    'wait istiod-rolling',
  ],
  [
    'G1: istiod is scaled to zero',
    { ...assessed(), injection: injection({ istiod: istiod({ rollout: complete(0) }) }) },
    'wait istiod-rolling',
  ],
  [
    'G4: the proxy would be newer than istiod',
    { ...assessed(), injection: injection({ istiod: istiod({ image: 'istio/pilot:1.30.2' }) }) },
    'wait proxy-newer-than-istiod',
  ],
  [
    'G4: a variant is no newer version',
    { ...assessed(), injection: injection({ istiod: istiod({ image: 'istio/pilot:1.31.0-distroless' }) }) },
    'restart',
  ],
  [
    'G4: an unparsable version closes nothing',
    { ...assessed(), injection: injection({ istiod: istiod({ image: 'istio/pilot:latest' }) }) },
    'restart',
  ],
  ['G2: ConfigMap and istiod come from different chart versions', mixed, 'wait chart-mismatch'],
  ['G2: objects that do not say their chart version close nothing', unlabelled, 'restart'],
  [
    'G3: an invisible istiod must answer the same twice',
    remote,
    'wait unconfirmed-answer',
    { unconfirmed: () => 'asked once' },
  ],
  ['G3: a visible one need not', assessed(), 'restart', { unconfirmed: () => 'asked once' }],
  [
    'an ignored gate holds nothing back',
    mixed,
    'restart',
    { policy: { ...POLICY, ignoreGate: new Set(['chart-mismatch']) } },
  ],
  ['where no istiod is visible no gate applies', remote, 'restart'],
  [
    'an unknown verdict is never restarted',
    assessed({}, { state: 'unknown', reason: { code: 'injector-unreachable', detail: '' } }),
    'none',
  ],
  [
    'an error is backed off',
    assessed(),
    'wait error',
    { retryAt: new Map([[keyOf(assessed().workload), { until: NOW + 1000, problem: 'x' }]]) },
  ],
];

test('orphans are counted from when they are first seen, and anew after they were none', () => {
  const since = new SinceWhen(orphansIn);
  const key = keyOf(orphan.workload);
  const seen = (all: Assessed[], now: number): number | undefined => {
    since.note(all, now);
    return since.times.get(key);
  };
  assert.deepEqual(
    [seen([orphan], 1), seen([orphan], 2), seen([assessed()], 3), seen([orphan], 4)],
    [1, 1, undefined, 4],
  );
});

test('of several orphaned sidecars, the last one counts, and not the first one that is none any more', () => {
  let orphans = ['istio'];
  const since = new SinceWhen(() => orphans);
  const seen = (now: number, ...names: string[]): number | undefined => {
    orphans = names;
    since.note([orphan], now);
    return since.times.get(keyOf(orphan.workload));
  };
  assert.deepEqual([seen(1, 'istio'), seen(60, 'istio', 'dapr'), seen(70, 'dapr'), seen(80, 'istio')], [1, 60, 60, 80]);
});

test('since when an answer contradicts the last restart is kept until the next one is known to be written', () => {
  const since = new SinceWhen(contradictionsIn);
  const { workload, entry } = contradicted;
  const begun = {
    ...restarted(0, undefined, { confirmed: false, uid: workload.uid }),
    ...(entry && { before: entry }),
  };
  const seen = (known: JournalEntry | undefined, now: number): number | undefined => {
    since.note([{ ...contradicted, ...(known && { entry: known }) }], now);
    return since.times.get(keyOf(workload));
  };
  const written: JournalEntry = restarted(0, undefined, { uid: workload.uid });
  assert.deepEqual([seen(entry, 1), seen(begun, 2), seen(entry, 3), seen(written, 4)], [1, 1, 1, undefined]);
});

for (const [name, one, expectedStep, given] of single)
  test(name, () => assert.equal(stepOf(one, { policy: RESTART_ON_ALL, ...given }), expectedStep));

const budget = (given: Partial<Budget> = {}): Budget => ({
  namespace: 'shop',
  name: 'web',
  selector: {},
  allowed: 1,
  detail: '',
  ...given,
});
const owner = { apiVersion: 'kafka.strimzi.io/v1beta2', kind: 'Kafka', name: 'events' };
const secondsAgo = (...all: number[]) => all.map((seconds) => ({ at: NOW - seconds * 1000, well: true }));
const spent = { budgets: [budget({ allowed: 0 })] };
const lowering = { maxUnavailable: 1 };
const evicted = { ...lowering, kind: 'StatefulSet', strategy: 'OnDelete' } as const;
const unready = { ...group(), ready: false };
const LETS_GO = { letsUnreadyGo: true } as const;
/** A restart by evictions has failed: its new pod never became Ready. Another sidecar is expected since. */
const stuckBy = (given: Partial<Budget>): Assessed => ({
  ...journalled(
    restarted(HOUR, 'failed:timeout', { restartedFor: 'other' }),
    { ...evicted, rollout: { ...complete(3), ready: 2, available: 2 } },
    outdated({ outdatedGroups: [unready, group()] }),
  ),
  groups: [unready, group()],
  budgets: [budget({ allowed: 0, ...given })],
});
const IGNORES_BUDGETS = { policy: { ...POLICY, pdb: 'ignore' } } as const;
const CAREFUL = policy({ doNotDisrupt: 'hold' });
const calm = (value = 'true'): Assessed =>
  assessed({ template: { labels: {}, annotations: { 'karpenter.sh/do-not-disrupt': value }, spec: {} } });
const calmPod = (): Assessed => ({
  ...assessed(),
  groups: [group(), { ...group(), count: 1, doNotDisrupt: 'karpenter.sh/do-not-disrupt: "true"' }],
});

const recreated = { strategy: 'Recreate', maxUnavailable: 3 };
const failedOpen = journalled(restarted(HOUR, 'failed:no-sidecar'), { name: 'open' });
const remains = journalled(restarted(HOUR, 'config-remains', { restartedFor: 'x' }), { name: 'other' }, current);
const elsewhere = journalled(restarted(HOUR, 'config-remains', { restartedFor: 'x' }), { namespace: 'b' }, current);
const takenBack = journalled(restarted(HOUR, 'reverted'), { name: 'other', owner });

const down = (given: Partial<Assessed> = {}): Assessed => ({
  ...assessed({ ...recreated, name: 'a', rollout: { ...complete(3), ready: 0, available: 0 } }),
  groups: [{ ...group(), ready: false }],
  ...given,
});

/** What is decided for the last of several. */
const lastOf = (all: Assessed[], given: Partial<PlanContext> = {}): string => {
  const last = all.at(-1);
  const step = last && stepFor(plan(all, context({ journal: journalOf(all), ...given })), last.workload);
  return step && 'reason' in step ? `${step.action} ${step.reason.code}` : (step?.action ?? 'absent');
};

const safety: [string, Assessed[], string, Partial<PlanContext>?][] = [
  [
    'nothing begins while the policy has paused',
    [assessed()],
    'wait operator-paused',
    { policy: { ...POLICY, paused: 'first look' } },
  ],
  ['nothing begins while a person has paused', [assessed()], 'wait operator-paused', { paused: 'audit' }],
  [
    'a retry asked for by a person is made',
    [journalled(restarted(HOUR, 'failed:timeout'), { annotations: { [RETRY]: '1' } })],
    'restart',
  ],
  [
    '… once',
    [journalled(restarted(HOUR, 'failed:timeout', { retried: '1' }), { annotations: { [RETRY]: '1' } })],
    'wait gave-up',
  ],
  [
    '… and again for another value, also after a revert',
    [journalled(restarted(HOUR, 'reverted', { retried: '1' }), { annotations: { [RETRY]: '2' } })],
    'restart',
  ],
  [
    '… but not past the daily cap',
    [
      journalled(restarted(HOUR, 'failed:timeout', { writes: writesAgo([1, 2, 3]) }), {
        annotations: { [RETRY]: '1' },
      }),
    ],
    'wait daily-cap',
  ],
  ['new pods ready without a sidecar halt their run at once', [failedOpen, assessed()], 'wait halted'],
  ['… until a person resumes', [failedOpen, assessed()], 'restart', { resumedAt: NOW - MINUTE }],
  [
    '… nor one that a clock ahead has put into the future',
    [failedOpen, assessed()],
    'wait halted',
    { resumedAt: NOW + HOUR },
  ],
  ['… which forgives nothing that fails later', [failedOpen, assessed()], 'wait halted', { resumedAt: NOW - 2 * HOUR }],
  [
    '… nor what was begun a moment later in the same second, to which records are cut',
    [failedOpen, assessed()],
    'wait halted',
    { resumedAt: NOW - HOUR + 400 },
  ],
  [
    'an owner that took a restart back keeps the others of its kind',
    [takenBack, assessed({ owner })],
    'wait owner-reverts',
  ],
  ['… and nobody else', [takenBack, assessed()], 'restart'],
  ['… of another group either', [takenBack, assessed({ owner: { ...owner, apiVersion: 'other/v1' } })], 'restart'],
  [
    'a configuration that another restart did not bring is not tried here',
    [remains, assessed({}, configured)],
    'wait config-remains',
  ],
  [
    '… nor elsewhere, once two namespaces have shown it',
    [remains, elsewhere, assessed({ namespace: 'c' }, configured)],
    'wait config-remains',
  ],
  ['… but elsewhere as long as one has', [remains, assessed({ namespace: 'c' }, configured)], 'restart'],
  ['… and nobody is held for an image', [remains, elsewhere, assessed()], 'restart'],
  ['… until a person resumes', [remains, assessed({}, configured)], 'restart', { resumedAt: NOW - MINUTE }],
  ['… until a person resumes', [takenBack, assessed({ owner })], 'restart', { resumedAt: NOW - MINUTE }],
  ['a rollout that takes pods away waits for its budget', [{ ...assessed(lowering), ...spent }], 'wait pdb'],
  [
    '… also where the pod that has spent it is not Ready, and the API server would let it be evicted',
    [
      {
        ...assessed(lowering, outdated({ outdatedGroups: [unready, group()] })),
        budgets: [budget({ allowed: 0, ...LETS_GO })],
      },
    ],
    'wait pdb',
  ],
  ['so do evictions, where a pod that is not Ready has spent it', [stuckBy({})], 'wait pdb'],
  ['… unless the API server lets that pod go, which nothing else may ever replace', [stuckBy(LETS_GO)], 'restart'],
  ['… and the outdated pods are all Ready', [{ ...assessed(evicted), budgets: stuckBy(LETS_GO).budgets }], 'wait pdb'],
  ['… unless told to ignore it', [{ ...assessed(lowering), ...spent }], 'restart', IGNORES_BUDGETS],
  [
    '… and even then where its pods are evicted, which the API server refuses whatever the policy',
    [{ ...assessed(evicted), ...spent }],
    'wait pdb',
    IGNORES_BUDGETS,
  ],
  ['… but not where a disruption is left', [{ ...assessed(evicted), budgets: [budget()] }], 'restart', IGNORES_BUDGETS],
  [
    '… nor where an outdated pod is not Ready, which may be let go',
    [
      {
        ...assessed({ ...evicted, rollout: { ...complete(3), available: 2 } }, outdated({ outdatedGroups: [unready] })),
        ...spent,
      },
    ],
    'restart',
    IGNORES_BUDGETS,
  ],
  [
    '… nor where nobody may read the budgets, so that only the API server knows',
    [{ ...assessed(evicted), budgets: [budget({ name: '', allowed: 0 })] }],
    'restart',
    IGNORES_BUDGETS,
  ],
  ['… one that only surges asks no budget', [{ ...assessed(), ...spent }], 'restart'],
  ['… one with a disruption left goes', [{ ...assessed(lowering), budgets: [budget()] }], 'restart'],
  [
    'a budget that our own failed rollout has spent is no hindrance to another sidecar',
    [
      {
        ...journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other' }), {
          ...lowering,
          template: { labels: {}, annotations: { [RESTARTED_AT]: timestamp(NOW - HOUR) }, spec: {} },
          rollout: { ...complete(3), available: 0 },
        }),
        ...spent,
      },
    ],
    'restart',
  ],
  [
    '… but it is where the failed rollout has ended and others have spent it',
    [
      {
        ...journalled(restarted(HOUR, 'failed:no-sidecar', { restartedFor: 'other', run: 'before' }), {
          ...lowering,
          template: { labels: {}, annotations: { [RESTARTED_AT]: timestamp(NOW - HOUR) }, spec: {} },
        }),
        ...spent,
      },
    ],
    'wait pdb',
  ],
  [
    'a workload that was restarted twice within a minute counts twice',
    [
      journalled(restarted(20_000, 'verified', { writes: secondsAgo(20, 40) }), { name: 'a' }, current),
      assessed({ name: 'b' }),
    ],
    'wait max-restarts-per-minute',
    { policy: policy({ maxRestartsPerMinute: 2 }) },
  ],
  [
    'an operator waits for the restart of its other workload, also where that could not be read',
    [assessed({ owner })],
    'wait owner-kind',
    { journal: journalOf([journalled(inFlight, { namespace: 'bank', name: 'unread', owner })]) },
  ],
  ['pods that ask not to be disrupted are by default', [calm()], 'restart'],
  ['… and are not where the policy says so', [calm()], 'wait do-not-disrupt', { policy: CAREFUL }],
  ['… where only a pod asks, too', [calmPod()], 'wait do-not-disrupt', { policy: CAREFUL }],
  ['… and not where the annotation says the opposite', [calm('false')], 'restart', { policy: CAREFUL }],
  ['Recreate goes where outages are allowed', [assessed(recreated)], 'restart'],
  [
    '… and is held where they are not',
    [assessed(recreated)],
    'wait outage',
    { policy: { ...POLICY, recreate: 'hold' } },
  ],
  [
    '… as is whoever may lose all pods at once',
    [assessed({ maxUnavailable: 3 })],
    'wait outage',
    { policy: { ...POLICY, recreate: 'hold' } },
  ],
  [
    '… but nobody who keeps one',
    [assessed({ maxUnavailable: 2 })],
    'restart',
    { policy: { ...POLICY, recreate: 'hold' } },
  ],
  [
    'Recreate is not begun while a pod is missing',
    [assessed({ ...recreated, rollout: { ...complete(3), available: 2 } })],
    'wait unavailable',
  ],
  [
    'a DaemonSet waits while lost nodes use up what may be unavailable',
    [{ ...assessed({ kind: 'DaemonSet', ...lowering, rollout: { ...complete(3), available: 2 } }), onLostNodes: 1 }],
    'wait unavailable',
  ],
  [
    '… and goes with some to spare',
    [
      {
        ...assessed({ kind: 'DaemonSet', maxUnavailable: 2, rollout: { ...complete(3), available: 2 } }),
        onLostNodes: 1,
      },
    ],
    'restart',
  ],
  [
    'a StatefulSet with a partition is settled between revisions',
    [assessed({ kind: 'StatefulSet', partition: 2, rollout: { ...complete(3), updated: 1, updateRevision: 'r2' } })],
    'restart',
  ],
  [
    '… and rolling while pods after it are not updated',
    [assessed({ kind: 'StatefulSet', partition: 2, rollout: { ...complete(3), updated: 0, updateRevision: 'r2' } })],
    'wait rolling',
  ],
  ['what is outdated and down altogether is restarted', [down()], 'restart'],
  ['… whatever its budget allows', [down(spent)], 'restart'],
  ['… nor does it mean an outage', [down()], 'restart', { policy: { ...POLICY, recreate: 'hold' } }],
  ['… not where a pod is current', [down({ verdict: outdated({ outdatedPods: 2 }) })], 'wait unavailable'],
  ['… not where a pod is Ready', [down({ groups: [group()] })], 'wait unavailable'],
  ['… not where its nodes are lost', [down({ onLostNodes: 1 })], 'wait unavailable'],
  ['… not while it rolls', [down({ workload: { ...down().workload, generation: 2 } })], 'wait rolling'],
  ['… once', [{ ...down(), entry: restarted(HOUR, 'failed:timeout') }], 'wait gave-up'],
];
for (const [name, all, expectedStep, given] of safety) test(name, () => assert.equal(lastOf(all, given), expectedStep));

/** A workload of which the journal tells this, and the workload itself that. */
const twice = (entry: JournalEntry, record: JournalEntry, annotations: Record<string, string> = {}): Assessed =>
  journalled(entry, { annotations: { ...recorded(record), ...annotations } });
const third = { restartedFor: 'other', writes: writesAgo([1, 2, 3]) };

/** What a workload tells can hold it, and never lets go what the journal holds. */
const careful: [string, Assessed, string][] = [
  [
    'a record that ended well lifts no failure of the journal',
    twice(restarted(HOUR, 'failed:timeout'), restarted(HOUR / 2, 'verified')),
    'wait gave-up',
  ],
  [
    '… nor does one for another sidecar',
    twice(restarted(HOUR, 'failed:timeout'), restarted(HOUR / 2, 'verified', { restartedFor: 'other' })),
    'wait gave-up',
  ],
  ['… nor one that lies ahead', twice(restarted(HOUR, 'failed:timeout'), restarted(-HOUR, 'verified')), 'wait gave-up'],
  [
    'a record that failed holds what the journal knows to have ended well before',
    twice(restarted(HOUR, 'verified'), restarted(HOUR / 2, 'failed:timeout')),
    'wait gave-up',
  ],
  [
    '… but not what it knows to have ended well after',
    twice(restarted(HOUR, 'verified'), restarted(2 * HOUR, 'failed:timeout')),
    'restart',
  ],
  [
    'a person whom the journal has answered is not asking again, whatever the record says',
    twice(restarted(HOUR, 'failed:timeout', { retried: '1' }), restarted(HOUR / 2, 'failed:timeout'), { [RETRY]: '1' }),
    'wait gave-up',
  ],
  [
    'writes that the record says ended well count as the journal knows them',
    twice(
      restarted(HOUR, 'failed:timeout', third),
      restarted(HOUR, 'verified', { ...third, writes: writesAgo([1, 2, 3], true) }),
    ),
    'wait daily-cap',
  ],
  [
    '… also where it says that they did not',
    twice(
      restarted(HOUR, 'verified', { ...third, writes: writesAgo([1, 2, 3], true) }),
      restarted(HOUR, 'failed:timeout', third),
    ),
    'restart',
  ],
];
for (const [name, one, expectedStep] of careful) test(name, () => assert.equal(stepOf(one), expectedStep));

const broken = journalled(restarted(HOUR, 'failed:timeout'), { rollout: { ...complete(3), available: 0 } }, current);

test('a failed restart whose pods have the right sidecar but are not ready stays a failure', () => {
  assert.equal(stepOf(broken), 'none');
  assert.equal(stepOf({ ...broken, workload: { ...broken.workload, rollout: complete(3) } }), 'close');
});

test('an outcome that cannot be written is backed off, too', () => {
  const healed = journalled(restarted(HOUR, 'failed:timeout'), {}, current);
  const retryAt = new Map([[keyOf(healed.workload), { until: NOW + 1000, problem: 'denied' }]]);
  assert.equal(stepOf(healed, { retryAt }), 'wait error');
  assert.equal(stepOf(healed, { retryAt, now: NOW + 1000 }), 'close');
});

test('a halt outlives that what failed becomes current later; a resume closes it', () => {
  const healed = ['a', 'b', 'c'].map((name) => journalled(restarted(HOUR, 'failed:timeout'), { name }, current));
  assert.deepEqual(actions([...healed, assessed({ name: 'd' })]), ['none', 'none', 'none', 'halted']);
  const resumed = { resumedAt: NOW - MINUTE };
  assert.deepEqual(actions([...healed, assessed({ name: 'd' })], resumed), ['close', 'close', 'close', 'restart']);
});

test('a restart that the mesh outran may be made again for its own sidecar', () => {
  assert.equal(stepOf(journalled(restarted(HOUR, 'superseded:expectation'))), 'restart');
  assert.equal(stepOf(journalled(restarted(HOUR, 'superseded'))), 'wait gave-up');
});

test('a daily cap ends by the steady clock, as every wait', () => {
  const capped = journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other', writes: writesAgo([1, 2, 3]) }));
  // the clock of this machine is ten minutes ahead of that of the API server
  const now = NOW + 10 * MINUTE;
  const { wakeAt } = plan([capped], context({ now, wall: NOW, journal: journalOf([capped]) }));
  assert.equal(wakeAt, now + 21 * HOUR);
});

test('a frozen watch holds everything back', () => {
  assert.equal(stepOf(assessed(), { stale: 'namespaces: connection refused' }), 'wait watch-stale');
});

test('an annotation that no calendar can write ends nothing', () => {
  const annotations = { [FORTSA_RESTARTED_AT]: '+275760-09-13T00:00:00Z' };
  assert.equal(stepOf(assessed({ template: { labels: {}, annotations, spec: {} } })), 'restart');
});

test('a rollout that our own failed restart left stuck is no hindrance to a restart for another sidecar', () => {
  const template = { labels: {}, annotations: { [RESTARTED_AT]: timestamp(NOW - HOUR) }, spec: {} };
  const rollout = { ...complete(3), existing: 4, available: 2 };
  const failed = (restartedFor: string): Assessed =>
    journalled(restarted(HOUR, 'failed:timeout', { restartedFor }), { template, rollout });
  assert.equal(stepOf(failed('other')), 'restart');
  assert.equal(stepOf(failed(fingerprint(expected()))), 'wait gave-up', 'for the same sidecar it is not repeated');
  assert.equal(
    stepOf(journalled(restarted(HOUR, 'failed:timeout', { restartedFor: 'other' }), { rollout })),
    'wait rolling',
    'somebody else’s rollout',
  );
});

const named = (namespace: string, name: string, entry?: JournalEntry): Assessed =>
  entry ? journalled(entry, { namespace, name }) : assessed({ namespace, name });
const actions = (all: Assessed[], given: Partial<PlanContext> = {}): string[] =>
  all
    .map((one) => stepFor(plan(all, context({ journal: journalOf(all), ...given })), one.workload))
    .map((step) => (step && 'reason' in step ? step.reason.code : (step?.action ?? '')));

/** This process is about to write the restart of this workload. */
const about = (key: WorkloadKey): Pick<PlanContext, 'busy' | 'starting'> => ({
  busy: new Set([key]),
  starting: new Set([key]),
});

const wide = { ...POLICY, maxInFlightPerNamespace: 9 };
const sharing: [string, Assessed[], string[], Partial<PlanContext>?][] = [
  [
    'workloads under one budget go one after the other',
    [
      { ...assessed({ name: 'a', ...lowering }), budgets: [budget()] },
      { ...assessed({ name: 'b', ...lowering }), budgets: [budget()] },
      { ...assessed({ name: 'c', ...lowering }), budgets: [budget({ name: 'other' })] },
    ],
    ['restart', 'pdb', 'restart'],
  ],
  [
    '… where the policy ignores them only those whose pods are evicted',
    [
      { ...assessed({ name: 'a', ...lowering }), budgets: [budget()] },
      { ...assessed({ name: 'b', ...evicted }), budgets: [budget()] },
      { ...assessed({ name: 'c', ...lowering }), budgets: [budget()] },
    ],
    ['restart', 'pdb', 'restart'],
    { policy: { ...wide, pdb: 'ignore' } },
  ],
  [
    '… also where the budgets of the one in flight could not be read',
    [
      {
        ...journalled(inFlight, { name: 'a', ...lowering }),
        budgets: [budget({ namespace: 'shop', name: '', allowed: 0 })],
      },
      { ...assessed({ name: 'b', ...lowering }), budgets: [budget()] },
      { ...assessed({ name: 'c', ...lowering }), budgets: [] },
    ],
    ['in-flight', 'pdb', 'restart'],
  ],
  [
    '… and where the one in flight was never read itself, so that nobody knows its labels',
    [
      journalled(inFlight, { name: 'a', resourceVersion: '', maxUnavailable: 0 }),
      { ...assessed({ name: 'b', ...lowering }), budgets: [budget()] },
      { ...assessed({ name: 'c', ...lowering }), budgets: [] },
    ],
    ['in-flight', 'pdb', 'restart'],
  ],
  [
    '… but those that only surge share nothing',
    [
      { ...assessed({ name: 'a' }), budgets: [budget()] },
      { ...assessed({ name: 'b' }), budgets: [budget()] },
    ],
    ['restart', 'restart'],
  ],
  [
    'workloads of one operator go one after the other',
    [
      assessed({ name: 'a', owner }),
      assessed({ name: 'b', owner: { ...owner, name: 'logs' } }),
      assessed({ name: 'c' }),
    ],
    ['restart', 'owner-kind', 'restart'],
  ],
  [
    'where images seem to be rewritten, one restart shows how before others are made',
    [
      journalled(inFlight, { name: 'a' }),
      { ...assessed({ name: 'b' }), hinted: true },
      { ...assessed({ name: 'c' }), hinted: false },
    ],
    ['in-flight', 'first-of-its-kind', 'restart'],
  ],
  [
    '… unless it takes longer than a restart may, as where its people have paused it',
    [journalled(restarted(HOUR), { name: 'a' }), { ...assessed({ name: 'b' }), hinted: true }],
    ['in-flight', 'restart'],
  ],
  [
    'so many a minute and no more',
    [assessed({ name: 'a' }), assessed({ name: 'b' }), assessed({ name: 'c' })],
    ['restart', 'restart', 'max-restarts-per-minute'],
    { policy: { ...wide, maxRestartsPerMinute: 2 } },
  ],
  [
    '… counting those of the last minute, whoever wrote them',
    [
      journalled(restarted(30_000, 'verified'), { name: 'a' }, current),
      assessed({ name: 'b' }),
      assessed({ name: 'c' }),
    ],
    ['none', 'restart', 'max-restarts-per-minute'],
    { policy: { ...wide, maxRestartsPerMinute: 2 } },
  ],
  [
    '… and one that is about to be written',
    [assessed({ name: 'a' }), assessed({ name: 'b' })],
    ['in-flight', 'max-restarts-per-minute'],
    { policy: { ...wide, maxRestartsPerMinute: 1 }, ...about('Deployment/shop/a') },
  ],
  [
    'the restart delay counts from one that is about to be written',
    [assessed({ name: 'a' }), assessed({ name: 'b' })],
    ['in-flight', 'restart-delay'],
    { policy: { ...wide, restartDelay: 1000 }, ...about('Deployment/shop/a') },
  ],
  [
    'what means an outage goes last',
    [assessed({ name: 'a', ...recreated }), assessed({ name: 'b' })],
    ['max-in-flight', 'restart'],
    { policy: { ...wide, maxInFlight: 1 } },
  ],
  [
    '… and after that what is down altogether',
    [down(), assessed({ name: 'b', ...recreated }), assessed({ name: 'c' })],
    ['max-in-flight', 'restart', 'restart'],
    { policy: { ...wide, maxInFlight: 2 } },
  ],
  [
    'Meltemi itself goes when nothing else is left',
    [assessed({ name: 'a' }), assessed({ name: 'b' })],
    ['own-workload', 'restart'],
    { own: 'Deployment/shop/a' },
  ],
  [
    '… not while another is in flight',
    [assessed({ name: 'a' }), journalled(inFlight, { name: 'b' }, current)],
    ['own-workload', 'in-flight'],
    { own: 'Deployment/shop/a' },
  ],
  [
    '… but without waiting for what is held for good',
    [assessed({ name: 'a' }), journalled(restarted(HOUR, 'reverted'), { name: 'b' })],
    ['restart', 'gave-up'],
    { own: 'Deployment/shop/a' },
  ],
];
for (const [name, all, expectedActions, given] of sharing)
  test(name, () => assert.deepEqual(actions(all, { policy: wide, ...given }), expectedActions));

test('one at a time in a namespace', () => {
  assert.deepEqual(actions([named('a', '1'), named('a', '2'), named('b', '1')]), [
    'restart',
    'max-in-flight-per-namespace',
    'restart',
  ]);
});

test('a journalled restart takes its place in the namespace', () => {
  assert.deepEqual(actions([named('a', '1', inFlight), named('a', '2')]), ['in-flight', 'max-in-flight-per-namespace']);
});

test('no more than allowed overall', () => {
  const six = ['a', 'b', 'c', 'd', 'e', 'f'].map((namespace) => named(namespace, 'web'));
  assert.deepEqual(actions(six), ['restart', 'restart', 'restart', 'restart', 'restart', 'max-in-flight']);
});

test('a record on a workload whose deletion has begun is neither followed nor counted', () => {
  const gone: Verdict = { state: 'skipped', reason: reason('deleting', 'deletion has begun') };
  const dying = assessed({ namespace: 'a', name: '1', deleting: true, annotations: recorded(inFlight) }, gone);
  assert.deepEqual(actions([dying, named('a', '2')]), ['none', 'restart']);
});

test('a workload that this process is about to write counts as in flight', () => {
  const given = about('Deployment/a/1');
  assert.deepEqual(actions([named('a', '1'), named('a', '2')], given), ['in-flight', 'max-in-flight-per-namespace']);
});

test('… also where its last restart has ended, and the next one is not in the journal yet', () => {
  const again = named('a', '1', restarted(HOUR, 'verified', { restartedFor: 'other' }));
  const given = about('Deployment/a/1');
  assert.deepEqual(actions([again, named('a', '2')], given), ['in-flight', 'max-in-flight-per-namespace']);
});

test('the restart delay lets one go, then the next when its time has come', () => {
  const policy = { ...POLICY, restartDelay: MINUTE };
  const all = [named('a', '1'), named('b', '1')];
  assert.deepEqual(actions(all, { policy }), ['restart', 'restart-delay']);
  assert.equal(plan(all, context({ policy })).wakeAt, NOW + MINUTE);
});

test('the restart delay counts from the last journalled write', () => {
  const policy = { ...POLICY, restartDelay: 10 * MINUTE };
  const last = journalled(restarted(MINUTE, 'verified'), { namespace: 'x' }, current);
  assert.deepEqual(actions([last, named('a', '1')], { policy }), ['none', 'restart-delay']);
});

const FAR = Date.UTC(2099, 0);
const strangeTime = restarted(0, 'verified', { restartedAt: FAR, writes: [{ at: FAR, well: false }] });

test('a time that no clock can have shown paces no other workload', () => {
  const strange = assessed({ namespace: 'x', annotations: recorded(strangeTime) }, current);
  const pace = { restartDelay: MINUTE, maxRestartsPerMinute: 1 };
  assert.deepEqual(actions([strange, named('a', '1')], { policy: { ...POLICY, ...pace } }), ['none', 'restart']);
});

/** Failed restarts, each in a namespace of its own. */
const failures = (count: number, run = 'run'): Assessed[] =>
  Array.from({ length: count }, (_, i) => named(`failed-${i}`, 'web', restarted(HOUR, 'failed:timeout', { run })));

test('three failures of a run halt it', () => {
  assert.equal(actions([...failures(3), named('a', '1')]).at(-1), 'halted');
});

test('two do not', () => {
  assert.equal(actions([...failures(2), named('a', '1')]).at(-1), 'restart');
});

test('failures of another run do not', () => {
  assert.equal(actions([...failures(3, 'before'), named('a', '1')]).at(-1), 'restart');
});

test('a Deployment and a StatefulSet of one name are two workloads', () => {
  const both = [assessed({ kind: 'Deployment' }), assessed({ kind: 'StatefulSet' })];
  assert.equal(plan(both, context()).items.length, 2);
});

test('the order is by namespace, kind and name, and says who would be next', () => {
  const all = [named('b', '1'), named('a', '2'), named('a', '1')];
  const rows = rowsOf(plan(all, context()));
  const orders = all.map(({ workload }) => rows.find((row) => keyOf(row) === keyOf(workload))?.order);
  assert.deepEqual(orders, [3, 2, 1]);
});

test('the plan wakes for the first timed wait', () => {
  const soon = named('a', '1', restarted(4 * MINUTE, 'verified'));
  const late = named('b', '1', restarted(MINUTE, 'verified'));
  assert.equal(plan([late, soon], context()).wakeAt, NOW + MINUTE);
});

const shortly = (key: WorkloadKey, ago: number): ReadonlyMap<WorkloadKey, number> => new Map([[key, NOW - ago]]);
const wakes: [string, Assessed, number, Partial<PlanContext>][] = [
  ['a new injector configuration has been read', assessed(), 1000, { epochSeenAt: new Map([['epoch', NOW - 9000]]) }],
  ['orphans are believed', orphan, 1000, { orphanedSince: shortly(keyOf(orphan.workload), 59_000) }],
  [
    'a contradiction is believed',
    contradicted,
    1000,
    { contradictedSince: shortly(keyOf(contradicted.workload), 29_000) },
  ],
  [
    'an attempt that failed is tried again',
    assessed(),
    1000,
    { retryAt: new Map([[keyOf(assessed().workload), { until: NOW + 1000, problem: 'denied' }]]) },
  ],
  [
    'a minute has passed since a restart',
    assessed({ name: 'b' }),
    20_000,
    {
      policy: policy({ maxRestartsPerMinute: 1 }),
      journal: journalOf([journalled(restarted(40_000, 'verified'), { name: 'a' }, current)]),
    },
  ],
  [
    '… or since the first of two',
    assessed({ name: 'c' }),
    20_000,
    {
      policy: policy({ maxRestartsPerMinute: 2 }),
      journal: journalOf([
        journalled(restarted(10_000, 'verified'), { name: 'a' }, current),
        journalled(restarted(40_000, 'verified'), { name: 'b' }, current),
      ]),
    },
  ],
];
for (const [name, one, after, given] of wakes)
  test(`the plan wakes when ${name}`, () => {
    // the two clocks need not agree
    const { wakeAt } = plan([one], context({ journal: journalOf([one]), wall: NOW + 2 * MINUTE, ...given }));
    assert.equal(wakeAt, NOW + after);
  });

test('a pod without revision in its fingerprint is the same target however it is reached', () => {
  assert.equal(fingerprint(expected()), fingerprint({ ...expected(), placement: 'initContainer' }));
  assert.notEqual(fingerprint(expected()), fingerprint(expected({ revision: 'canary' })));
  assert.notEqual(fingerprint(expected()), fingerprint(expected({ image: sidecar().image })));
});
