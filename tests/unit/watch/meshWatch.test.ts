import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { KubeClient } from '../../../src/cluster/client.ts';
import type { MeshChange } from '../../../src/watch/changes.ts';
import { MeshWatch } from '../../../src/watch/meshWatch.ts';
import { afterTest } from '../../jest/afterTest.ts';
import { ApiServer, configFor, json, status } from '../cluster/apiServer.ts';
import { settled, until } from '../cluster/deadline.ts';
import { configuration } from '../expect/chartWebhooks.ts';

const INJECTOR = 'istio-sidecar-injector';
const MESH = 'istio';

/** An API server with the mesh of one revision, which says of each ConfigMap what the test says, and to watches nothing. */
async function serving(configMap: (name: string) => 'forbidden' | 'served' | 'silent') {
  const asked: string[] = [];
  const server = await new ApiServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
    if (searchParams.get('watch')) return void response.writeHead(200);
    const list = (items: unknown[]) => json(response, 200, { items, metadata: { resourceVersion: '1' } });
    if (pathname.endsWith('/mutatingwebhookconfigurations'))
      return list([configuration('istio-sidecar-injector', 'default', 'default', 'plain')]);
    if (!pathname.endsWith('/configmaps')) return list([]);
    const name = searchParams.get('fieldSelector')?.replace('metadata.name=', '') ?? '';
    asked.push(name);
    const said = configMap(name);
    if (said === 'forbidden') json(response, 403, status(403, 'Forbidden', `configmaps "${name}" is forbidden`));
    if (said === 'served') list([{ metadata: { name, namespace: 'istio-system', uid: name, resourceVersion: '1' } }]);
  }).listen();
  const client = new KubeClient({ config: configFor(server.url), userAgent: 'test' });
  const stop = new AbortController();
  afterTest(async () => {
    stop.abort();
    await client.close();
    await server[Symbol.asyncDispose]();
  });
  const errors: string[] = [];
  const watch = new MeshWatch(client, stop.signal, (_, error) => errors.push(String(error)));
  return { watch, asked, errors, signal: stop.signal };
}

test('a missing right to read ConfigMaps is reported once for each, and the watch goes on', async () => {
  const { watch, errors, signal } = await serving(() => 'forbidden');
  await settled('the mesh', watch.settled(signal));
  assert.deepEqual(watch.problems(), []);
  for (const name of [INJECTOR, MESH]) assert.equal(errors.filter((error) => error.includes(`"${name}"`)).length, 1);
});

test('that one ConfigMap may not be read is no reason not to wait for another in the same namespace', async () => {
  const { watch, asked, errors, signal } = await serving((name) => (name === MESH ? 'forbidden' : 'silent'));
  let isSettled = false;
  void watch.settled(signal).then(() => {
    isSettled = true;
  });
  await until('both to be asked for', () => new Set(asked).size === 2 && errors.length === 1);
  for (let turn = 0; turn < 50; turn++) await setImmediate();
  assert.equal(isSettled, false);
  assert.deepEqual(watch.problems(), ['/api/v1/namespaces/istio-system/configmaps is being listed']);
});

test('what the first lists show is no change after the mesh has settled', async () => {
  const { watch, signal } = await serving(() => 'served');
  const after: (MeshChange | undefined)[] = [];
  await settled('the mesh', watch.settled(signal));
  watch.onChange((change) => after.push(change));
  for (let turn = 0; turn < 50; turn++) await setImmediate();
  assert.deepEqual(
    after.filter((change) => change?.epochs || change?.namespaces.length),
    [],
  );
});
