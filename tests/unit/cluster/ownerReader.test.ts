import assert from 'node:assert/strict';
import { ApiError, statusError } from '../../../src/cluster/apiError.ts';
import type { OwnerFacts } from '../../../src/cluster/cluster.ts';
import { OwnerReader } from '../../../src/cluster/ownerReader.ts';
import type { PodOwner } from '../../../src/model.ts';
import { FakeApi } from './fakeApi.ts';

const refusal = (code: number, reason: string) => statusError({ method: 'GET', path: '/x' }, { code, reason });
const notFound = refusal(404, 'NotFound');
const job: PodOwner = { apiVersion: 'batch/v1', kind: 'Job', name: 'a', uid: 'u' };
const flock: PodOwner = { apiVersion: 'farm.example/v1', kind: 'Flock', name: 'sheep', uid: 'u' };
const controller = { apiVersion: 'batch/v1', kind: 'CronJob', name: 'nightly', uid: 'c', controller: true };
const { controller: _is, ...parent } = controller;
const owned = {
  metadata: { uid: 'u', ownerReferences: [{ ...controller, controller: false, name: 'x' }, controller] },
};
const served = {
  resources: [
    { kind: 'Flock', name: 'flocks/status', namespaced: true },
    { kind: 'Flock', name: 'flocks', namespaced: true },
    { kind: 'Farm', name: 'farms', namespaced: false },
  ],
};
const started = { startTime: '2026-01-01T00:00:00Z' };

const rows: [what: string, owner: PodOwner, answers: unknown[], facts: OwnerFacts | undefined, paths: string[]][] = [
  ['a Job tells its CronJob', job, [owned], { owner: parent }, ['/apis/batch/v1/namespaces/shop/jobs/a']],
  [
    'a Job with a deadline tells when it ends',
    job,
    [{ metadata: { uid: 'u' }, spec: { activeDeadlineSeconds: 60 }, status: started }],
    { endsAt: Date.UTC(2026, 0, 1, 0, 1) },
    ['/apis/batch/v1/namespaces/shop/jobs/a'],
  ],
  [
    'a deadline of the wrong type is none',
    job,
    [{ metadata: { uid: 'u' }, spec: { activeDeadlineSeconds: 'soon' }, status: started }],
    {},
    ['/apis/batch/v1/namespaces/shop/jobs/a'],
  ],
  [
    'an object that was made again is another one',
    job,
    [{ metadata: { uid: 'v' } }],
    undefined,
    ['/apis/batch/v1/namespaces/shop/jobs/a'],
  ],
  [
    'an object with wrong types is none',
    job,
    [{ metadata: { uid: 'u', ownerReferences: 'x' } }],
    undefined,
    ['/apis/batch/v1/namespaces/shop/jobs/a'],
  ],
  ['what is gone is none', job, [notFound], undefined, ['/apis/batch/v1/namespaces/shop/jobs/a']],
  ['a CronJob is a root', { ...job, kind: 'CronJob' }, [], undefined, []],
  ['a pod is a root', { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'u' }, [], undefined, []],
  [
    'a core kind is read at the core API',
    { apiVersion: 'v1', kind: 'ReplicationController', name: 'a', uid: 'u' },
    [owned],
    { owner: parent },
    ['/api/v1/namespaces/shop/replicationcontrollers/a'],
  ],
  [
    'a custom resource is looked up first',
    flock,
    [served, owned],
    { owner: parent },
    ['/apis/farm.example/v1', '/apis/farm.example/v1/namespaces/shop/flocks/sheep'],
  ],
  [
    'one of the whole cluster, too',
    { ...flock, kind: 'Farm' },
    [served, owned],
    { owner: parent },
    ['/apis/farm.example/v1', '/apis/farm.example/v1/farms/sheep'],
  ],
  ['an API that is not served has none', flock, [notFound], undefined, ['/apis/farm.example/v1']],
  ['a kind that is not served is none', { ...flock, kind: 'Wolf' }, [served], undefined, ['/apis/farm.example/v1']],
  ['an apiVersion that is no path is not asked for', { ...flock, apiVersion: '../v1' }, [], undefined, []],
  ['an answer that is no list of kinds has none', flock, [{ resources: 'x' }], undefined, ['/apis/farm.example/v1']],
];
for (const [what, owner, answers, facts, paths] of rows)
  test(`owners of pods: ${what}`, async () => {
    const api = new FakeApi(answers);
    assert.deepEqual(await new OwnerReader(api).read('shop', owner), facts);
    assert.deepEqual(
      api.lists.map(({ path }) => path),
      paths,
    );
  });

test('what an API serves is asked for once, and again where it failed', async () => {
  const api = new FakeApi([refusal(503, 'ServiceUnavailable'), served, owned, owned]);
  const reader = new OwnerReader(api);
  await assert.rejects(() => reader.read('shop', flock), ApiError);
  assert.ok(await reader.read('shop', flock));
  assert.ok(await reader.read('bank', { ...flock, name: 'hen' }));
  assert.equal(api.lists.filter(({ path }) => path === '/apis/farm.example/v1').length, 2);
});

test('a kind that an API serves only later is found then', async () => {
  const api = new FakeApi([{ resources: served.resources.slice(2) }, served, owned]);
  const reader = new OwnerReader(api);
  assert.equal(await reader.read('shop', flock), undefined);
  assert.deepEqual(await reader.read('shop', flock), { owner: parent });
});

test('of a custom resource only the metadata is asked for', async () => {
  const api = new FakeApi([served, owned]);
  await new OwnerReader(api).read('shop', flock);
  assert.match(api.lists[1]?.accept ?? '', /as=PartialObjectMetadata;/);
});
