import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { KubeClient } from '../../../src/cluster/client.ts';
import { NotLeading } from '../../../src/leader/leadership.ts';
import { ApiServer, configFor, json } from './apiServer.ts';

const PATH = '/apis/apps/v1/namespaces/shop/deployments/web';

it('behind a proxy the fence is asked before each sending, and nothing is sent when it says no', async () => {
  const arrived: string[] = [];
  await using server = await new ApiServer(
    (request, response) => {
      arrived.push(request.method ?? '');
      json(response, 200, {});
    },
    { tls: true },
  ).listen();
  const sockets = new Set<Socket>();
  const proxy = createServer().on('connect', (request, socket: Socket) => {
    const inner = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(inner).pipe(socket);
    });
    for (const one of [socket, inner]) sockets.add(one.on('error', () => undefined));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const config = configFor(server.url);
  const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  config.clusters = config.clusters.map((cluster) => ({ ...cluster, proxyUrl }));
  const client = new KubeClient({ config, userAgent: 'meltemi/test' });
  let asked = 0;
  let leading = true;
  const beforeSend = (): void => {
    asked += 1;
    if (!leading) throw new NotLeading('not sent');
  };
  await client.request({ method: 'PATCH', path: PATH, body: {}, beforeSend });
  leading = false;
  await assert.rejects(client.request({ method: 'PATCH', path: PATH, body: {}, beforeSend }), NotLeading);
  assert.deepEqual([asked, arrived], [2, ['PATCH']]);
  await client.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => proxy.close(resolve));
});
