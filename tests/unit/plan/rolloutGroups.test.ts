import assert from 'node:assert/strict';
import { workloadOf } from '../../../src/cluster/workloads.ts';
import type { Workload } from '../../../src/model.ts';
import { plan } from '../../../src/plan/plan.ts';
import { journalOf, restarted } from '../../builders/journal.ts';
import { context, policy } from '../../builders/policy.ts';
import { assessed, complete, group, MINUTE, outdated } from '../../builders/workload.ts';

const ANNOTATION = 'rollout-max-unavailable';

const numbers: [string, Record<string, string>, number, boolean][] = [
  ['one pod without the annotation', {}, 1, false],
  ['as many as it says', { [ANNOTATION]: '3' }, 3, false],
  ['one for 0, with a warning', { [ANNOTATION]: '0' }, 1, true],
  ['one for a negative number, with a warning', { [ANNOTATION]: '-2' }, 1, true],
  ['one for what is no number, with a warning', { [ANNOTATION]: 'many' }, 1, true],
  ['one for a percentage, with a warning', { [ANNOTATION]: '50%' }, 1, true],
  ['one for nothing, with a warning', { [ANNOTATION]: '' }, 1, true],
];
for (const [name, annotations, most, isWarned] of numbers) {
  test(`may be unavailable in a rollout group: ${name}`, () => {
    const metadata = { name: 'zone-a', namespace: 'loki', labels: { 'rollout-group': 'ingester' }, annotations };
    const { maxUnavailable, rolloutGroup } = workloadOf('StatefulSet', { metadata, spec: { replicas: 5 } });
    assert.deepEqual([maxUnavailable, rolloutGroup?.warning !== undefined], [most, isWarned]);
  });
}

const ON_DELETE: Partial<Workload> = { kind: 'StatefulSet', strategy: 'OnDelete', maxUnavailable: 1 };
const zone = (name: string, given: Partial<Workload> = {}) =>
  assessed({ ...ON_DELETE, name, uid: name, rolloutGroup: { name: 'ingester', paused: false }, ...given });

const groups: [string, ReturnType<typeof assessed>[], string][] = [
  [
    'one zone begins, the others follow',
    [zone('a'), zone('b'), zone('c')],
    'a restart, b rollout-group, c rollout-group',
  ],
  [
    'groups do not wait for each other',
    [zone('a'), zone('b', { rolloutGroup: { name: 'compactor', paused: false } })],
    'a restart, b restart',
  ],
  [
    'nor do groups of one name in two namespaces',
    [zone('a'), zone('b', { namespace: 'bank' })],
    'b restart, a restart',
  ],
  [
    'a pod that is not Ready holds the others',
    [zone('a'), zone('b', { rollout: { ...complete(3), ready: 2, available: 2 } })],
    'a group-not-ready, b unavailable',
  ],
  [
    '… but not its own zone, where that pod is an outdated one',
    [
      {
        ...zone('a', { rollout: { ...complete(3), ready: 2, available: 2 } }),
        verdict: outdated({ outdatedGroups: [{ ...group(), ready: false }] }),
      },
      zone('b'),
    ],
    'a restart, b group-not-ready',
  ],
  [
    'a paused zone waits, the others go on',
    [zone('a', { rolloutGroup: { name: 'ingester', paused: true } }), zone('b')],
    'a rollout-paused, b restart',
  ],
  [
    'a paused zone with a pod that is not Ready holds them',
    [
      zone('a', {
        rolloutGroup: { name: 'ingester', paused: true },
        rollout: { ...complete(3), ready: 2, available: 2 },
      }),
      zone('b'),
    ],
    'a rollout-paused, b group-not-ready',
  ],
  [
    'one that is not OnDelete holds all, itself too',
    [zone('a'), zone('b', { strategy: 'RollingUpdate' })],
    'a group-mixed, b group-mixed',
  ],
  [
    'pods of another template than the newest hold their zone',
    [zone('a', { rollout: { ...complete(3), updated: 2 } })],
    'a update-pending',
  ],
];
const ROOM = policy({ maxInFlight: 10, maxInFlightPerNamespace: 10 });
for (const [name, all, is] of groups) {
  test(`a rollout group: ${name}`, () => {
    const { items } = plan(all, context({ policy: ROOM }));
    const words = items.map(
      ({ workload, step }) => `${workload.name} ${'reason' in step ? step.reason.code : step.action}`,
    );
    assert.equal(words.join(', '), is);
  });
}

test('a zone whose restart is in flight holds the others, also when it cannot be read', () => {
  const flying = { ...zone('a'), entry: restarted(MINUTE) };
  const journal = journalOf([flying]);
  for (const all of [[flying, zone('b')], [zone('b')]]) {
    const { items } = plan(all, context({ policy: ROOM, journal }));
    const step = items.find(({ workload }) => workload.name === 'b')?.step;
    assert.equal(step && 'reason' in step && step.reason.code, 'rollout-group');
  }
});
