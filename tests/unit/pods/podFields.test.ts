import assert from 'node:assert/strict';
import { interner } from '../../../src/pods/interner.ts';
import { podFacts, sidecarOf } from '../../../src/pods/podFields.ts';
import type { RawContainer, RawPod } from '../../../src/pods/rawPod.ts';

const proxy = (more: RawContainer = {}): RawContainer => ({ name: 'istio-proxy', image: 'proxyv2:1.30', ...more });
const pod = (more: RawPod = {}): RawPod => ({ metadata: { name: 'web', namespace: 'shop', uid: 'u' }, ...more });

describe('podFields', () => {
  it('finds an ordinary, a native and no sidecar', () => {
    assert.deepEqual(sidecarOf(pod({ spec: { containers: [{ name: 'app' }, proxy()] } })), {
      placement: 'container',
      image: 'proxyv2:1.30',
      revision: '',
      injected: false,
    });
    assert.equal(
      sidecarOf(pod({ spec: { initContainers: [proxy({ restartPolicy: 'Always' })] } })).placement,
      'initContainer',
    );
    assert.equal(sidecarOf(pod({ spec: { containers: [{ name: 'app', image: 'proxyv2:1.30' }] } })).placement, 'none');
  });

  it('does not take an init container that ends for a sidecar', () => {
    const { placement, image } = sidecarOf(pod({ spec: { initContainers: [proxy()] } }));
    assert.deepEqual([placement, image], ['none', '']);
  });

  it('takes the ordinary container where there are both', () => {
    const spec = {
      containers: [proxy({ image: 'a' })],
      initContainers: [proxy({ image: 'b', restartPolicy: 'Always' })],
    };
    assert.deepEqual([sidecarOf(pod({ spec })).placement, sidecarOf(pod({ spec })).image], ['container', 'a']);
  });

  it("reads the injector's annotations, an empty status included", () => {
    const annotations = { 'istio.io/rev': 'canary', 'sidecar.istio.io/status': '' };
    const { revision, injected } = sidecarOf({ metadata: { annotations } });
    assert.deepEqual([revision, injected], ['canary', true]);
  });

  it('takes the controller among the owners', () => {
    const ownerReferences = [
      { kind: 'Node', name: 'n', uid: '1' },
      { kind: 'ReplicaSet', name: 'web-1', uid: '2', controller: true },
    ];
    const metadata = { name: 'web', uid: 'u', ownerReferences };
    assert.deepEqual(podFacts({ metadata }).owner, { kind: 'ReplicaSet', name: 'web-1', uid: '2' });
    assert.equal(podFacts(pod()).owner, undefined);
  });

  it('reads the template hash, and says whose label it is where that is not a Deployment’s', () => {
    const hash = (labels: Record<string, string>) => {
      const { templateHash, hashLabel } = podFacts({ metadata: { name: 'web', uid: 'u', labels } });
      return [templateHash, hashLabel];
    };
    assert.deepEqual(hash({ 'pod-template-hash': 'a' }), ['a', undefined]);
    assert.deepEqual(hash({ 'rollouts-pod-template-hash': 'b' }), ['b', 'rollouts-pod-template-hash']);
    assert.deepEqual(hash({ 'pod-template-hash': 'a', 'rollouts-pod-template-hash': 'b' })[0], 'b');
    assert.deepEqual(hash({}), ['', undefined]);
  });

  it('is ready only by a condition Ready that is True', () => {
    const ready = (type: string, status: string): boolean =>
      podFacts(pod({ status: { conditions: [{ type, status }] } })).ready;
    assert.deepEqual(
      [ready('Ready', 'True'), ready('Ready', 'False'), ready('ContainersReady', 'True')],
      [true, false, false],
    );
  });

  it('refuses a pod without name or UID', () => {
    assert.throws(() => podFacts({ metadata: { name: 'web' } }), /no name or no uid/);
  });

  it('gives equal strings one copy', () => {
    const asked: string[] = [];
    const intern = interner();
    podFacts(pod({ spec: { containers: [proxy()] } }), (text) => {
      asked.push(text);
      return intern(text);
    });
    assert.ok(asked.includes('shop') && asked.includes('proxyv2:1.30'));
    assert.equal(intern('shop'), 'shop');
  });
});
