import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError } from '../../../src/cluster/apiError.ts';
import { KubeClient } from '../../../src/cluster/client.ts';
import { portForward } from '../../../src/cluster/portForward.ts';
import { afterTest } from '../../jest/afterTest.ts';
import { ApiServer, configFor, json, status } from './apiServer.ts';
import { until } from './deadline.ts';
import { KubeletStandIn } from './kubeletStandIn.ts';

const POD = { namespace: 'istio-system', pod: 'istiod-1', port: 15017 };
const PORT = Buffer.of(15017 & 0xff, 15017 >> 8);

type Upgrade = (request: IncomingMessage, socket: Duplex) => void;

/** A client of an API server that upgrades as it is told; `plain` answers what is no upgrade. */
async function client(upgrade: Upgrade | undefined, plain = 400): Promise<KubeClient> {
  const server = new ApiServer(
    (_, response) => json(response, plain, status(plain, 'Reason', 'the words of the server')),
    {
      tls: true,
      ...(upgrade && { upgrade }),
    },
  );
  await server.listen();
  const made = new KubeClient({ config: configFor(server.url), userAgent: 'test' });
  afterTest(async () => {
    await made.close();
    await server[Symbol.asyncDispose]();
  });
  return made;
}

/** An open forward and its other end. */
async function forwarded(): Promise<{ stream: Duplex; kubelet: KubeletStandIn; request: IncomingMessage }> {
  const opened = Promise.withResolvers<{ kubelet: KubeletStandIn; request: IncomingMessage }>();
  const api = await client((request, socket) =>
    opened.resolve({ kubelet: new KubeletStandIn(request, socket), request }),
  );
  const stream = await portForward(api, POD);
  afterTest(() => stream.destroy());
  return { stream, ...(await opened.promise) };
}

test('it asks for the port of the pod, with the credentials of the kubeconfig', async () => {
  const { request } = await forwarded();
  assert.equal(request.url, '/api/v1/namespaces/istio-system/pods/istiod-1/portforward?ports=15017');
  assert.equal(request.headers.authorization, 'Bearer secret-token');
  assert.equal(request.headers['sec-websocket-protocol'], 'v4.channel.k8s.io');
});

test('bytes go both ways, without the port that each channel begins with, also when it comes in pieces', async () => {
  const { stream, kubelet } = await forwarded();
  let text = '';
  stream.on('data', (bytes: Buffer) => {
    text += bytes.toString();
  });
  kubelet.say(0, PORT.subarray(0, 1));
  kubelet.say(0, Buffer.concat([PORT.subarray(1), Buffer.from('hel')]));
  kubelet.say(1, PORT);
  kubelet.say(0, 'lo');
  await until('the greeting', () => text === 'hello');
  stream.write('x'.repeat(100_000));
  const size = () => kubelet.received.reduce((sum, { length }) => sum + length - 1, 0);
  await until('all bytes', () => size() === 100_000);
  assert.ok(kubelet.received.every(([channel]) => channel === 0));
});

test('what the kubelet says on the channel for errors ends the stream, shortened', async () => {
  const { stream, kubelet } = await forwarded();
  const ended = Promise.withResolvers<Error>();
  stream.on('error', ended.resolve);
  kubelet.say(1, PORT);
  kubelet.say(1, 'failed to dial 127.0.0.1:15017');
  assert.equal((await ended.promise).message, 'failed to dial 127.0.0.1:15017');
});

test('a forward that the kubelet ends is the end of the stream', async () => {
  const { stream, kubelet } = await forwarded();
  const ended = Promise.withResolvers<void>();
  stream.once('end', ended.resolve).resume();
  kubelet.close();
  await ended.promise;
});

test('a refusal has the words of the API server', async () => {
  const refuse: Upgrade = (_, socket) => socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
  const api = await client(refuse, 403);
  await assert.rejects(
    portForward(api, POD),
    (error) => error instanceof ApiError && /403: the words/.test(error.message),
  );
});

test('a proxy that does not upgrade is named', async () => {
  const api = await client((_, socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'));
  await assert.rejects(portForward(api, POD), /cannot become a WebSocket; is there a proxy/);
});
