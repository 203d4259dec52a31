import assert from 'node:assert/strict';
import { WORKLOAD_KINDS } from '../../../src/kinds/kinds.ts';
import { seemsUnclaimed, unsupportedKind, unsupportedWord } from '../../../src/kinds/unsupportedKinds.ts';
import type { PodFacts, PodOwner } from '../../../src/model.ts';
import { ROLLOUTS_HASH } from '../../../src/pods/podFields.ts';

const LEFT_OUT = /^its kind is switched off, or may not be read$/;
const ANY_OTHER = /^only its own controller knows how to replace them$/;
const rows: [apiVersion: string, kind: string, note: RegExp][] = [
  ['apps/v1', 'Deployment', LEFT_OUT],
  ['apps/v1', 'StatefulSet', LEFT_OUT],
  ['argoproj.io/v1alpha1', 'Rollout', LEFT_OUT],
  ['example.com/v1', 'Deployment', ANY_OTHER],
  ['kafka.strimzi.io/v1beta2', 'Kafka', ANY_OTHER],
  ['v1', 'Deployment', ANY_OTHER],
  ['apps/v1', 'ReplicaSet', /^no controller replaces its pods$/],
  ['batch/v1', 'Job', /^it ends by itself$/],
];
for (const [apiVersion, kind, note] of rows)
  test(`what is said of pods of a ${apiVersion} ${kind} that is only listed`, () =>
    assert.match(unsupportedKind(unsupportedWord({ apiVersion, kind })).note, note));

test('of a kind that Meltemi would restart, people read how to let it', () =>
  assert.match(unsupportedKind('Deployment.apps').advice, /--kinds/));

const owner = (apiVersion: string, kind: string): PodOwner => ({ apiVersion, kind, name: 'web', uid: 'u' });
const replicaSet = owner('apps/v1', 'ReplicaSet');
const EVERY = new Set(WORKLOAD_KINDS);
const without = (kind: string) => new Set(WORKLOAD_KINDS.filter((one) => one !== kind));
type Hash = Pick<PodFacts, 'templateHash' | 'hashLabel'>;
const NO_HASH: Hash = { templateHash: '' };
const OF_DEPLOYMENT: Hash = { templateHash: 'abc' };
const OF_ROLLOUT: Hash = { templateHash: 'abc', hashLabel: ROLLOUTS_HASH };
const pods: [what: string, PodOwner | undefined, Hash, kinds: ReadonlySet<string>, isUnclaimed: boolean][] = [
  ['a bare pod', undefined, NO_HASH, EVERY, true],
  ['a pod of a DaemonSet', owner('apps/v1', 'DaemonSet'), NO_HASH, EVERY, false],
  ['a pod of a DaemonSet, which is switched off', owner('apps/v1', 'DaemonSet'), NO_HASH, without('DaemonSet'), true],
  ['a pod of another DaemonSet', owner('example.com/v1', 'DaemonSet'), NO_HASH, EVERY, true],
  ['a pod of a Deployment', replicaSet, OF_DEPLOYMENT, EVERY, false],
  ['a pod of a Deployment, which is switched off', replicaSet, OF_DEPLOYMENT, without('Deployment'), true],
  ['a pod of a Rollout', replicaSet, OF_ROLLOUT, without('Deployment'), false],
  ['a pod of a Rollout, which is switched off', replicaSet, OF_ROLLOUT, without('Rollout'), true],
  ['a pod of a ReplicaSet alone', replicaSet, NO_HASH, EVERY, true],
  ['a pod of a ReplicaSet with an unknown label', replicaSet, { ...OF_ROLLOUT, hashLabel: 'x' }, EVERY, true],
];
for (const [what, podOwner, hash, kinds, isUnclaimed] of pods)
  test(`${what} ${isUnclaimed ? 'seems to belong to no scanned kind' : 'may belong to a scanned workload'}`, () =>
    assert.equal(seemsUnclaimed(podOwner, hash, kinds), isUnclaimed));
