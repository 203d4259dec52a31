import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterTest } from '../jest/afterTest.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { fleet } from './fleet.ts';
import { OtlpReceiver, type Received } from './otlpReceiver.ts';
import { Scene } from './scene.ts';
import { Versions } from './versions.ts';

const { version, nextVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };
const PHASES = ['follow', 'journal', 'question', 'write'];

const named = (spans: readonly Received[], name: string): Received[] => spans.filter((span) => span.name === name);

test('over an upgrade a collector gets one trace for each restart that the API server accepted', async () => {
  const receiver = await OtlpReceiver.start();
  const namespaces = await fleet(bed, 'traced', 3, INJECTED, { readyAfter: '2s' });
  const scene = await Scene.start(bed, 'traced', '--tracing-endpoint', receiver.address);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(namespaces, version(), 'default');
    await scene.settled();
    await until('three traces', 30_000, () => named(receiver.spans, 'restart').length === 3);
    const restarted = (await scene.restarts()).map(({ namespace, name }) => `${namespace}/${name}`);
    const roots = named(receiver.spans, 'restart');
    assert.deepEqual(
      roots.map(({ attributes: all }) => `${all['k8s.namespace.name']}/${all['meltemi.workload.name']}`).sort(),
      restarted.sort(),
    );
    for (const { spanId, traceId, attributes } of roots) {
      assert.equal(attributes['meltemi.outcome'], 'verified');
      assert.match(String(attributes['meltemi.to']), new RegExp(`proxyv2:${version()}`));
      const children = receiver.spans.filter(({ parentSpanId }) => parentSpanId === spanId);
      assert.deepEqual([...new Set(children.map(({ name }) => name))].sort(), PHASES);
      assert.ok(children.every((child) => child.traceId === traceId));
    }
  } finally {
    await scene.stop();
  }
});

test('a collector that hangs holds neither the restarts nor the end of the process, and the log tells of it', async () => {
  const hanging = createServer(() => undefined);
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  afterTest(() => {
    hanging.closeAllConnections();
    hanging.close();
  });
  const namespaces = await fleet(bed, 'hung', 2, INJECTED);
  const endpoint = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
  const scene = await Scene.start(bed, 'hung', '--tracing-endpoint', endpoint);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(namespaces, version(), 'default');
    await scene.settled();
    await until('the log to tell of it', 30_000, () => scene.operator.said('Traces not delivered').length > 0);
    assert.equal(await scene.operator.stop(), 0, 'it is not killed at the end of its grace period');
  } finally {
    await scene.stop();
  }
});
