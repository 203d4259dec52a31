import assert from 'node:assert/strict';
import { Testbed } from '../testbed/testbed.ts';
import { Scene } from './scene.ts';

/** Only root may listen on port 443, where stock webhooks send the API server. */
const testAsRoot = process.getuid?.() === 0 ? test : test.skip;

testAsRoot('webhooks that name a Service: an upgrade in place through it', async () => {
  const bed = await Testbed.up({ rootless: false });
  try {
    await bed.istio.install({ revision: 'default', version: '1.30.2' });
    await bed.namespace('shop', { 'istio-injection': 'enabled' });
    await bed.deploy({ namespace: 'shop', name: 'web', replicas: 2 });
    await bed.waitReady('shop');
    const scene = await Scene.start(bed, 'service');
    await bed.istio.upgrade('default', '1.31.0');
    await scene.current(['shop'], '1.31.0', 'default');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/shop/web': 1 });
    await scene.stop();
  } finally {
    await bed.down();
  }
});
