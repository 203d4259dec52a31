import assert from 'node:assert/strict';
import { it } from 'node:test';
import { KubeClient } from '../../../src/cluster/client.ts';
import { KubeCluster } from '../../../src/cluster/kubeCluster.ts';
import { NotLeading } from '../../../src/cluster/leadership.ts';
import { PagedPodSource } from '../../../src/cluster/podSource.ts';
import { ApiServer, configFor, json } from './apiServer.ts';

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
  const ref = { kind: 'Deployment', namespace: 'shop', name: 'web' } as const;
  const about = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web', uid: 'u' };
  await cluster.patch(ref, {});
  leading = false;
  await assert.rejects(cluster.patch(ref, {}), NotLeading);
  await cluster.emit({ type: 'Normal', reason: 'SidecarOutdated', about, message: '' });
  await client.close();
  assert.deepEqual(arrived, ['PATCH', 'POST']);
});
