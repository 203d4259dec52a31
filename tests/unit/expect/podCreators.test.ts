import assert from 'node:assert/strict';
import { questionText } from '../../../src/expect/admission.ts';
import { injectionOf } from '../../../src/expect/epoch.ts';
import type { AskedInjection } from '../../../src/expect/mesh.ts';
import { PodCreators } from '../../../src/expect/podCreators.ts';
import { questionKey } from '../../../src/expect/question.ts';
import { questionOf } from '../../../src/expect/questionOf.ts';
import type { Labels } from '../../../src/model.ts';
import { DAPR_ENTRY, dapr } from '../../builders/sidecars.ts';
import { injection, MINUTE, workload } from '../../builders/workload.ts';

const meshWith = (annotations: Labels) => ({
  injections: [],
  namespaces: new Map([['shop', { labels: {}, annotations }]]),
});
const MESH = meshWith({});
const DAPR = injectionOf(DAPR_ENTRY, { source: dapr });

/** The question about a workload of this kind. */
function asked(kind: string, entry = DAPR, mesh = MESH) {
  const one = questionOf(mesh, { workload: workload({ kind }), templateHash: 't', match: { kind: 'entry', entry } });
  assert.ok(one);
  return one;
}

test('other injectors are asked as the controller that creates the pods', () => {
  assert.deepEqual(
    ['Deployment', 'StatefulSet', 'DaemonSet'].map((kind) => asked(kind).podCreator),
    ['replicaset-controller', 'statefulset-controller', 'daemon-set-controller'],
  );
  assert.notEqual(questionKey(asked('Deployment')), questionKey(asked('StatefulSet')), 'their answers may differ');
});

test('Istio’s injector does not look at it, so that equal templates share a question', () => {
  assert.equal(asked('Deployment', injection()).podCreator, undefined);
  assert.equal(questionKey(asked('Deployment', injection())), questionKey(asked('StatefulSet', injection())));
});

test('other injectors may read the namespace, as Linkerd’s does, so its annotations tell answers apart', () => {
  const keys = (entry: AskedInjection): string[] =>
    [{}, { 'linkerd.io/inject': 'enabled' }].map((one) => questionKey(asked('Deployment', entry, meshWith(one))));
  const [before, after] = keys(DAPR);
  assert.notEqual(before, after);
  const [istioBefore, istioAfter] = keys(injection());
  assert.equal(istioBefore, istioAfter, 'Istio’s does not');
});

test('the question names the account as the API server does', async () => {
  const creators = new PodCreators({ accountUid: async () => 'uid-1' }, () => 0);
  const user = await creators.user('replicaset-controller');
  const { review } = questionText('shop', 'web', workload().template, user);
  assert.deepEqual(JSON.parse(review).request.userInfo, {
    username: 'system:serviceaccount:kube-system:replicaset-controller',
    uid: 'uid-1',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  });
});

test('an account is read once a minute: one that was made again has another UID', async () => {
  const uids: (string | undefined)[] = [undefined, 'uid-1', undefined, 'uid-2'];
  let reads = 0;
  let now = 0;
  const read = async (): Promise<string | undefined> => {
    const uid = uids[reads++];
    if (uid === undefined) throw new Error('403 Forbidden');
    return uid;
  };
  const creators = new PodCreators({ accountUid: read }, () => now);
  const uid = async () => (await creators.user('replicaset-controller')).uid;
  assert.deepEqual([await uid(), await uid(), reads], [undefined, undefined, 1]);
  now += MINUTE;
  assert.deepEqual([await uid(), await uid(), reads], ['uid-1', 'uid-1', 2]);
  now += MINUTE;
  assert.deepEqual([await uid(), reads], ['uid-1', 3], 'what was read counts while it cannot be read');
  now += MINUTE;
  assert.deepEqual([await uid(), reads], ['uid-2', 4]);
});
