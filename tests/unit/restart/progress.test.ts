import assert from 'node:assert/strict';
import { noSidecar } from '../../../src/compare/orphan.ts';
import type { Verdict } from '../../../src/compare/verdict.ts';
import { ISTIO } from '../../../src/expect/sources/istio.ts';
import { RESTARTED_AT } from '../../../src/names.ts';
import type { Assessed } from '../../../src/plan/assessed.ts';
import { fingerprint } from '../../../src/plan/record.ts';
import { reason } from '../../../src/reasons.ts';
import {
  endOf,
  isRefusedByInjector,
  type Progress,
  progressOf,
  type VerificationContext,
} from '../../../src/restart/progress.ts';
import { timestamp } from '../../../src/rfc3339.ts';
import { restarted } from '../../builders/journal.ts';
import { POLICY } from '../../builders/policy.ts';
import {
  assessed,
  complete,
  expected,
  group,
  injection,
  MINUTE,
  NOW,
  outdated,
  workload,
} from '../../builders/workload.ts';

const ENTRY = restarted(0);
const UNCONFIRMED = restarted(0, undefined, { confirmed: false });
const TIMEOUT = 10 * MINUTE;

const at = (template: string | undefined, given: Parameters<typeof workload>[0] = {}): ReturnType<typeof workload> =>
  workload({
    template: { labels: {}, annotations: template ? { [RESTARTED_AT]: template } : {}, spec: {} },
    ...given,
  });
const ours = timestamp(NOW);
const moving = { rollout: { ...complete(3), updated: 1 } };
const stuck = { rollout: { ...complete(3), deadlineExceeded: 'late' } };

const progresses: [string, ReturnType<typeof workload>, number, string, number?][] = [
  ['under way', at(ours, moving), MINUTE, 'progressing'],
  ['done', at(ours), MINUTE, 'complete'],
  ['done late is still done', at(ours), 20 * MINUTE, 'complete'],
  ['too slow', at(ours, moving), 11 * MINUTE, 'failed:timeout'],
  ['past its progress deadline', at(ours, stuck), MINUTE, 'failed:progress-deadline'],
  ['excused: the time limit counts from there', at(ours, moving), 11 * MINUTE, 'progressing', 2 * MINUTE],
  ['… and it ends all the same', at(ours, moving), 13 * MINUTE, 'failed:timeout', 2 * MINUTE],
  ['… nor does the progress deadline count meanwhile', at(ours, stuck), 11 * MINUTE, 'progressing', 2 * MINUTE],
  ['… but after', at(ours, stuck), 13 * MINUTE, 'failed:progress-deadline', 2 * MINUTE],
  ['taken back', at(undefined, moving), MINUTE, 'reverted'],
  ['put back to an older value', at(timestamp(NOW - MINUTE), moving), MINUTE, 'reverted'],
  ['restarted by somebody else', at(timestamp(NOW + MINUTE), moving), 2 * MINUTE, 'superseded'],
];
for (const [name, given, after, expectedEnd, excused] of progresses) {
  test(`followed: ${name}`, () => {
    const allowed = { timeout: TIMEOUT, excusedUntil: excused === undefined ? undefined : NOW + excused + TIMEOUT };
    const progress = progressOf(given, ENTRY, NOW + after, allowed);
    assert.equal('end' in progress ? progress.end.outcome : progress.kind, expectedEnd);
  });
}

const FLAGGER = { owner: { apiVersion: 'flagger.app/v1beta1', kind: 'Canary', name: 'web' } };

test('followed: a promotion of Flagger that overtakes the restart reverts nothing', () => {
  const progress = progressOf(at(undefined, { ...moving, ...FLAGGER }), ENTRY, NOW + MINUTE, { timeout: TIMEOUT });
  assert.equal(progress.kind === 'replaced' && progress.end.outcome, 'superseded');
});

const rolledOut = (given: Partial<ReturnType<typeof workload>>) =>
  at(undefined, { kind: 'Rollout', strategy: 'canary', ...given });
const byTime: [string, ReturnType<typeof workload>, string][] = [
  ['under way', rolledOut({ restart: { at: NOW, isDone: false } }), 'progressing'],
  ['done', rolledOut({ restart: { at: NOW, isDone: true } }), 'complete'],
  ['taken back', rolledOut({}), 'reverted'],
  ['planned anew by its people', rolledOut({ restart: { at: NOW + MINUTE, isDone: false } }), 'superseded'],
];
for (const [name, given, expectedEnd] of byTime)
  test(`followed by restartAt: ${name}`, () => {
    const progress = progressOf(given, ENTRY, NOW + MINUTE, { timeout: TIMEOUT });
    assert.equal('end' in progress ? progress.end.outcome : progress.kind, expectedEnd);
  });

const unconfirmed: [string, ReturnType<typeof workload>, string][] = [
  ['its generation stands: nothing was written', at(undefined), 'unwritten'],
  ['… whatever stood there before', at(timestamp(NOW - MINUTE)), 'unwritten'],
  ['… even by a clock that is ahead', at(timestamp(NOW + MINUTE)), 'unwritten'],
  ['our annotation is there: it was written', at(ours, { ...moving, generation: 2 }), 'progressing'],
  ['… also where the write changed no generation that we knew', at(ours), 'complete'],
  ['another generation without it hides one that was taken back', at(undefined, { generation: 2 }), 'reverted'],
  ['… or that somebody else has replaced', at(timestamp(NOW + MINUTE), { generation: 3 }), 'superseded'],
];
for (const [name, given, expectedEnd] of unconfirmed) {
  test(`followed without knowing whether it was written: ${name}`, () => {
    const progress = progressOf(given, UNCONFIRMED, NOW + MINUTE, { timeout: TIMEOUT });
    assert.equal('end' in progress ? progress.end.outcome : progress.kind, expectedEnd);
  });
}

const CURRENT: Verdict = { state: 'current', expected: expected(), drifts: [] };
/** Current, but with another sidecar than the restart was for. */
const CURRENT_OTHERWISE: Verdict = { ...CURRENT, expected: expected({ image: 'docker.io/istio/proxyv2:1.30.0' }) };
const OTHER = outdated({ expected: expected({ image: 'docker.io/istio/proxyv2:1.32.0' }) });
const SKIPPED: Verdict = { state: 'skipped', reason: reason('not-injected', 'nobody asks') };
const DECLINED: Verdict = { state: 'skipped', reason: reason('injector-declines', 'hostNetwork') };
const ORPHANED = outdated({ expected: noSidecar(), drifts: ['orphaned'] });
const REMOVING = { target: restarted(0, undefined, { restartedFor: fingerprint(noSidecar()) }) };
const DELETING: Verdict = { state: 'skipped', reason: reason('deleting', 'the deletion of its namespace has begun') };
const UNKNOWN: Verdict = { state: 'unknown', reason: reason('bad-answer', 'x') };

const progressing: Progress = { kind: 'progressing' };
const unwritten: Progress = { kind: 'unwritten' };
const done: Progress = { kind: 'complete', late: false };
const late: Progress = { kind: 'complete', late: true };
const failed: Progress = { kind: 'failed', end: { outcome: 'failed:timeout', detail: '' } };
const reverted: Progress = { kind: 'replaced', end: { outcome: 'reverted', detail: '' } };

const old = group({}, 1);
const fresh = group({ image: 'docker.io/istio/proxyv2:1.31.0' }, 2);
const bare = { ...group({ image: '', revision: '', placement: 'none' }, 1), youngest: NOW + 5000 };
const daemons = assessed({ kind: 'DaemonSet', rollout: { ...complete(3), updated: 2, available: 2 } }, CURRENT);

const rollout = (given: Partial<Assessed>): Assessed => ({ ...assessed({ kind: 'Rollout' }, CURRENT), ...given });

const ends: [string, Progress, Assessed, string, Partial<VerificationContext>?][] = [
  ['complete with the right sidecars', done, assessed({}, CURRENT), 'verified'],
  ['right sidecars in a rollout that goes on: not yet', progressing, assessed({}, CURRENT), 'goes on'],
  ['pods count more than an annotation that was taken back', reverted, assessed({}, CURRENT), 'verified'],
  ['taken back before the pods were new', reverted, assessed(), 'reverted'],
  ['a Rollout is done, and its last pod is not there yet', done, rollout({ groups: [fresh] }), 'goes on'],
  ['… or not ready', done, rollout({ groups: [fresh, { ...fresh, count: 1, ready: false }] }), 'goes on'],
  ['… for too long', late, rollout({ groups: [fresh] }), 'failed:timeout'],
  ['… and all are ready', done, rollout({ groups: [{ ...fresh, count: 3 }] }), 'verified'],
  ['complete, and pods have another image', done, assessed(), 'failed:wrong-image'],
  ['… or none', done, assessed({}, outdated({ drifts: ['missing', 'image'] })), 'failed:no-sidecar'],
  ['… or another revision', done, assessed({}, outdated({ drifts: ['revision'] })), 'failed:wrong-revision'],
  [
    '… by a restart of former times, which may have ended well',
    done,
    assessed(),
    'failed:unverified',
    { inherited: true },
  ],
  [
    'complete, and the sidecar is not native',
    done,
    assessed({}, outdated({ drifts: ['native'] })),
    'failed:wrong-placement',
  ],
  [
    'complete, and the sidecar is still configured in another way',
    done,
    assessed({}, outdated({ drifts: ['config'] })),
    'config-remains',
  ],
  ['complete, and no pod has the sidecar that nobody would inject', done, assessed({}, SKIPPED), 'verified', REMOVING],
  ['… nor would its injector', done, assessed({}, DECLINED), 'verified', REMOVING],
  ['… not while old pods are there', progressing, assessed({}, SKIPPED), 'goes on', REMOVING],
  ['… and pods still have it', done, assessed({}, ORPHANED), 'failed:still-injected', REMOVING],
  [
    '… pods without it are no failure meanwhile',
    progressing,
    { ...assessed({}, ORPHANED), groups: [old, bare] },
    'goes on',
    REMOVING,
  ],
  ['… and it is injected again by now', done, assessed({}, OTHER), 'superseded:expectation', REMOVING],
  ['complete, but another sidecar is expected by now', done, assessed({}, OTHER), 'superseded:expectation'],
  [
    '… and all pods have it, though nothing has changed: a replica may be behind',
    done,
    assessed({}, CURRENT_OTHERWISE),
    'superseded:expectation',
  ],
  [
    '… which is no reason to call a restart that was taken back verified',
    reverted,
    assessed({}, CURRENT_OTHERWISE),
    'reverted',
  ],
  [
    '… and all pods have it, after a change',
    done,
    { ...assessed({}, CURRENT_OTHERWISE), injection: injection({ run: 'next' }) },
    'verified',
  ],
  ['complete, but nobody injects it any more', done, assessed({}, SKIPPED), 'superseded:expectation'],
  ['complete, and nobody can say: not yet', done, assessed({}, UNKNOWN), 'goes on'],
  ['… nor by the time limit', late, assessed({}, UNKNOWN), 'failed:unverified'],
  ['not written: nothing has ended', unwritten, assessed(), 'goes on'],
  ['failed', failed, assessed(), 'failed:timeout'],
  ['… because its namespace is being deleted', failed, assessed({}, DELETING), 'superseded:expectation'],
  [
    'a new pod is ready without its sidecar: at once',
    progressing,
    { ...assessed(), groups: [old, bare] },
    'failed:no-sidecar',
  ],
  ['… not while it is not ready', progressing, { ...assessed(), groups: [old, { ...bare, ready: false }] }, 'goes on'],
  [
    '… not for one that has its sidecar',
    progressing,
    { ...assessed(), groups: [old, { ...fresh, youngest: NOW + 5000 }] },
    'goes on',
  ],
  [
    '… not for a pod from before',
    progressing,
    { ...assessed(), groups: [{ ...bare, youngest: NOW - 1000 }] },
    'goes on',
  ],
  [
    '… not where the policy wants no restart for that',
    progressing,
    { ...assessed(), groups: [old, bare] },
    'goes on',
    { rules: { ...POLICY, restartOn: new Set(['image']) } },
  ],
  [
    '… by the clock of the API server, where it is known',
    progressing,
    { ...assessed({ writtenAt: NOW + MINUTE }), groups: [old, bare] },
    'goes on',
  ],
  [
    '… not where another sidecar is expected by now',
    progressing,
    { ...assessed({}, OTHER), groups: [old, bare] },
    'goes on',
  ],
  [
    'a DaemonSet whose other pods are on lost nodes is done',
    progressing,
    { ...daemons, groups: [fresh], onLostNodes: 1 },
    'verified',
  ],
  ['… even when its time is over', failed, { ...daemons, groups: [fresh], onLostNodes: 1 }, 'verified'],
  ['… not while a pod is missing', progressing, { ...daemons, groups: [fresh], onLostNodes: 0 }, 'goes on'],
  [
    '… nor while one is not ready',
    progressing,
    { ...daemons, groups: [{ ...fresh, ready: false }], onLostNodes: 1 },
    'goes on',
  ],
  [
    'a StatefulSet with a partition is done when the pods after it are, whatever those before it do',
    failed,
    {
      ...assessed({ kind: 'StatefulSet', partition: 1, rollout: { ...complete(3), available: 2 } }, CURRENT),
      groups: [fresh],
    },
    'verified',
  ],
  [
    'a Deployment is done when its controller says so',
    failed,
    { ...assessed({}, CURRENT), groups: [fresh] },
    'failed:timeout',
  ],
];
for (const [name, progress, one, expectedEnd, given] of ends) {
  test(`ended: ${name}`, () => {
    const end = endOf(progress, one, { target: ENTRY, rules: POLICY, inherited: false, ...given });
    assert.equal(end?.outcome ?? 'goes on', expectedEnd);
  });
}

test('only the injector’s own refusal excuses a rollout', () => {
  const refused = (createFailure: string): boolean =>
    isRefusedByInjector(workload({ rollout: { ...complete(3), createFailure } }), (name) => ISTIO.asks('', name));
  assert.ok(refused('Internal error occurred: failed calling webhook "namespace.sidecar-injector.istio.io": timeout'));
  assert.ok(!refused('pods "web-1" is forbidden: exceeded quota: small'));
  assert.ok(!refused('failed calling webhook "validate.example.com"'));
});
