import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { otlpTracing } from '../../../src/tracing/otlpTracing.ts';
import { afterTest } from '../../jest/afterTest.ts';
import { type Export, OtlpReceiver } from '../../live/otlpReceiver.ts';

/** Milliseconds. With the SDK's own limits the end would take 10 s, or 30 s. */
const END = 8000;

async function collector(answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('spans reach a collector, with the name and the version of this service and the attributes of the environment', async () => {
  const receiver = await OtlpReceiver.start();
  process.env.OTEL_RESOURCE_ATTRIBUTES = 'k8s.cluster.name=blue';
  process.env.OTEL_EXPORTER_OTLP_HEADERS = 'x-tenant=mesh';
  afterTest(() => {
    delete process.env.OTEL_RESOURCE_ATTRIBUTES;
    delete process.env.OTEL_EXPORTER_OTLP_HEADERS;
  });
  const tracing = otlpTracing({
    endpoint: `${receiver.address}/`,
    version: '1.2.3',
    onError: (error) => assert.fail(String(error)),
  });
  tracing.tracer.startSpan('restart', { attributes: { 'meltemi.run': 'f00d' } }).end();
  await tracing.close();
  const [first] = receiver.exports as [Export];
  assert.deepEqual([receiver.exports.length, first.path, first.headers['x-tenant']], [1, '/v1/traces', 'mesh']);
  assert.deepEqual(
    receiver.spans.map(({ name, attributes, resource }) => [
      name,
      attributes['meltemi.run'],
      resource['service.name'],
      resource['service.version'],
      resource['k8s.cluster.name'],
    ]),
    [['restart', 'f00d', 'meltemi', '1.2.3', 'blue']],
  );
});

const BAD: readonly [string, () => Promise<string>][] = [
  ['never answers', () => collector(() => undefined)],
  ['answers without an end', () => collector((response) => void response.writeHead(200).write('{'))],
  [
    'refuses for now',
    () => collector((response) => void response.writeHead(503, { 'retry-after': '60' }).end('overloaded')),
  ],
  ['refuses for good', () => collector((response) => void response.writeHead(401).end('who?'))],
  ['is not there', async () => 'http://127.0.0.1:1'],
];
for (const [what, start] of BAD)
  test(`a collector that ${what} keeps nothing for long, takes no memory, and is told of`, async () => {
    const problems: unknown[] = [];
    const onError = (problem: unknown): void => void problems.push(problem);
    const { tracer, close } = otlpTracing({ endpoint: await start(), version: '1.2.3', onError });
    const before = process.memoryUsage().heapUsed;
    for (let index = 0; index < 20_000; index++) tracer.startSpan('x'.repeat(100), { attributes: { index } }).end();
    const began = performance.now();
    await close();
    assert.ok(performance.now() - began < END, `${performance.now() - began} ms`);
    assert.ok(process.memoryUsage().heapUsed - before < 50 * 2 ** 20);
    assert.ok(problems.length > 0);
  });
