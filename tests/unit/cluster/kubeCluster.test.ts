import assert from 'node:assert/strict';
import { KubeClient } from '../../../src/cluster/client.ts';
import { KubeCluster } from '../../../src/cluster/kubeCluster.ts';
import { NotLeading } from '../../../src/leader/leadership.ts';
import { PagedPodSource } from '../../../src/pods/podSource.ts';
import { workload } from '../../builders/workload.ts';
import { ApiServer, configFor, json } from './apiServer.ts';

const ref = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
const about = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u' };

/** A cluster whose API server answers each path with this. */
async function answering(
  answer: (path: string) => object | undefined,
  onRequest = async (): Promise<void> => undefined,
) {
  const server = await new ApiServer(async (request, response) => {
    await onRequest();
    const body = answer(new URL(request.url ?? '', 'http://server').pathname);
    json(response, body ? 200 : 404, body ?? { kind: 'Status', code: 404, reason: 'NotFound' });
  }).listen();
  const client = new KubeClient({ config: configFor(server.url), userAgent: 'meltemi/test' });
  return {
    cluster: new KubeCluster(client, new PagedPodSource(client), Date.now),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

it('of many nodes, those are lost that are gone or not Ready; a few are read at a time', async () => {
  const ready = (status: string): object => ({ status: { conditions: [{ type: 'Ready', status }] } });
  let [now, most] = [0, 0];
  await using served = await answering(
    (path) => {
      const name = path.split('/').at(-1) ?? '';
      return name === 'gone' ? undefined : ready(name === 'silent' ? 'Unknown' : name === 'down' ? 'False' : 'True');
    },
    async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise(setImmediate);
      now -= 1;
    },
  );
  const names = ['gone', 'silent', 'down', ...Array.from({ length: 40 }, (_, index) => `n${index}`)];
  assert.deepEqual([...(await served.cluster.lostNodes(names))], ['gone', 'silent', 'down']);
  assert.ok(most <= 4, `${most} at once`);
});

it('a Rollout that its author has nested without end keeps no other one from being listed', async () => {
  const nested = `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`;
  const rollout = (namespace: string, container: object): object => ({
    metadata: { namespace, name: 'web', uid: namespace },
    spec: { strategy: { canary: {} }, template: { spec: { containers: [{ name: 'app', ...container }] } } },
  });
  const items = [rollout('tenant', { resources: { limits: 'NESTED' } }), rollout('shop', {})];
  const list = JSON.stringify({ metadata: {}, items }).replace('"NESTED"', nested);
  const server = await new ApiServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(list);
  }).listen();
  const client = new KubeClient({ config: configFor(server.url), userAgent: 'meltemi/test' });
  const cluster = new KubeCluster(client, new PagedPodSource(client), Date.now);
  const listed = await cluster.workloads('Rollout', undefined, new AbortController().signal);
  assert.deepEqual(
    listed.map(({ namespace, strategy }) => [namespace, strategy]),
    [
      ['tenant', 'malformed'],
      ['shop', 'canary'],
    ],
  );
  await client.close();
  await server[Symbol.asyncDispose]();
});

it('versions come from the metadata of whole lists', async () => {
  const asked: string[] = [];
  const server = await new ApiServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
    asked.push(`${pathname} ${request.headers.accept?.includes('as=PartialObjectMetadataList')}`);
    const [name, next] = searchParams.get('continue') === 'b' ? ['b', undefined] : ['a', 'b'];
    const items = [{ metadata: { namespace: 'shop', name, resourceVersion: `version of ${name}` } }];
    json(response, 200, { metadata: { resourceVersion: '1', continue: next }, items });
  }).listen();
  const client = new KubeClient({ config: configFor(server.url), userAgent: 'meltemi/test' });
  const cluster = new KubeCluster(client, new PagedPodSource(client), Date.now);
  const versions = await cluster.versions('Deployment', undefined, new AbortController().signal);
  assert.deepEqual(
    [...versions],
    [
      ['Deployment/shop/a', 'version of a'],
      ['Deployment/shop/b', 'version of b'],
    ],
  );
  assert.deepEqual(asked, ['/apis/apps/v1/deployments true', '/apis/apps/v1/deployments true']);
  await client.close();
  await server[Symbol.asyncDispose]();
});

it('counts the pods of the ReplicaSets that a Deployment owns, and reads of these only their metadata', async () => {
  const owned = (uid: string) => ({ metadata: { uid, ownerReferences: [{ uid: 'u', controller: true }] } });
  const pod = (name: string, uid: string) => ({
    metadata: { name, uid: name, ownerReferences: [{ kind: 'ReplicaSet', name: 'web-1', uid, controller: true }] },
  });
  const accepted: (string | undefined)[] = [];
  const server = await new ApiServer((request, response) => {
    const isOfPods = request.url?.includes('/pods?');
    if (!isOfPods) accepted.push(request.headers.accept);
    const items = isOfPods ? [pod('a', 'rs'), pod('b', 'another')] : [owned('rs')];
    json(response, 200, { kind: isOfPods ? 'PodList' : 'List', metadata: {}, items });
  }).listen();
  const client = new KubeClient({ config: configFor(server.url), userAgent: 'meltemi/test' });
  const cluster = new KubeCluster(client, new PagedPodSource(client), Date.now);
  const pods = await cluster.podsOf(workload({ ...ref, uid: 'u' }));
  assert.deepEqual(
    pods.map(({ name }) => name),
    ['a'],
  );
  assert.equal(accepted.length, 1);
  assert.match(accepted[0] ?? '', /as=PartialObjectMetadataList/);
  await client.close();
  await server[Symbol.asyncDispose]();
});

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds)).toISOString();
const warning = (message: string, times: object): object => ({
  reason: 'Failed',
  message,
  involvedObject: { kind: 'Pod', name: 'web-0' },
  ...times,
});
const complaints: [what: string, events: object[], since: number | undefined, said: string | undefined][] = [
  [
    'the latest',
    [warning('late', { lastTimestamp: at(20) }), warning('early', { lastTimestamp: at(10) })],
    undefined,
    'late',
  ],
  ['none from before', [warning('early', { lastTimestamp: at(10) })], 11_000, undefined],
  ['one from after', [warning('late', { lastTimestamp: at(12) })], 11_000, 'late'],
  ['one of the same second', [warning('late', { lastTimestamp: at(11) })], 11_900, 'late'],
  ['one with an eventTime', [warning('late', { eventTime: at(12) })], 11_000, 'late'],
  [
    'one that is repeated since',
    [warning('again', { eventTime: at(1), series: { lastObservedTime: at(12) } })],
    11_000,
    'again',
  ],
];
for (const [what, events, since, said] of complaints)
  it(`a rejection is ${what}`, async () => {
    await using served = await answering((path) => ({
      kind: path.endsWith('pods') ? 'PodList' : 'List',
      metadata: { resourceVersion: '1' },
      items: path.endsWith('events') ? events : [],
    }));
    const time = since === undefined ? undefined : Date.UTC(2026, 0, 1) + since;
    const rejection = await served.cluster.rejection(workload(), time);
    assert.equal(rejection, said && `Pod web-0: Failed: ${said}`);
  });

it('a rejection is no longer than a sentence or two, and no character is cut in two', async () => {
  await using served = await answering((path) => ({
    kind: path.endsWith('pods') ? 'PodList' : 'List',
    metadata: { resourceVersion: '1' },
    items: path.endsWith('events') ? [warning('🌬'.repeat(50_000), { lastTimestamp: at(1) })] : [],
  }));
  const rejection = (await served.cluster.rejection(workload())) ?? '';
  assert.ok(rejection.length <= 500 && rejection.endsWith('🌬…') && rejection.isWellFormed(), rejection.slice(-5));
});

it('a patch that the fence refuses never reaches the API server; an Event does', async () => {
  const arrived: string[] = [];
  await using server = await new ApiServer((request, response) => {
    arrived.push(request.method ?? '');
    json(response, 200, {});
  }).listen();
  const client = new KubeClient({ config: configFor(server.url), userAgent: 'meltemi/test' });
  let leading = true;
  const cluster = new KubeCluster(client, new PagedPodSource(client), Date.now, () => {
    if (!leading) throw new NotLeading('not sent');
  });
  await cluster.patch(ref, {});
  leading = false;
  await assert.rejects(cluster.patch(ref, {}), NotLeading);
  await cluster.emit({ type: 'Normal', reason: 'SidecarOutdated', about, message: '' });
  await client.close();
  assert.deepEqual(arrived, ['PATCH', 'POST']);
});
