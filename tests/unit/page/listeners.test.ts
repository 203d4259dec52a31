import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Listeners } from '../../../src/page/listeners.ts';
import { until } from '../../testbed/until.ts';

test('a listener has to come back now and then, so that its right is checked again', async () => {
  const listeners = new Listeners(50);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    listeners.add(response);
    listeners.send('data: hello\n\n');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}`, { signal: AbortSignal.timeout(10_000) });
  assert.equal(await answer.text(), 'data: hello\n\n');
  await until('it to be forgotten', 5000, async () => listeners.count === 0);
  server.close();
});
