import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Mesh } from '../../../src/expect/mesh.ts';
import { MeshWatch } from '../../../src/watch/meshWatch.ts';
import { afterTest } from '../../jest/afterTest.ts';
import { collector } from '../../soak/collector.ts';
import { settled } from '../cluster/deadline.ts';
import { type Dice, diceFor } from '../fuzz/dice.ts';
import { MemoryMesh } from './memoryMesh.ts';
import { byService, configMap, deployment, namespace, proxyConfig, service, webhook } from './meshObjects.ts';

const SEEDS = 10;
const STEPS = 60;
/** Turns of the event loop in which everything that was sent has arrived, and what it led to was listed. */
const ARRIVAL = 60;
const REVISIONS = ['default', 'canary', 'old'];
const HOMES = ['istio-system', 'other-system'];

/** One change of something that a mesh is made of, or of something beside it. */
function change(api: MemoryMesh, dice: Dice): void {
  const [revision, home, number] = [dice.pick(REVISIONS), dice.pick(HOMES), String(dice.below(3))];
  const slot = `slot-${dice.below(2)}`;
  const labels = { app: 'istiod', slot };
  const acts: (() => void)[] = [
    () => api.put('namespaces', namespace(`team-${dice.below(5)}`, { 'istio.io/rev': revision })),
    () => remove(api, 'namespaces', undefined, `team-${dice.below(5)}`),
    () => {
      const clientConfig = { ...byService(slot, home), caBundle: btoa(number) };
      const name = `injector-${dice.below(3)}`;
      api.put('mutatingwebhookconfigurations', webhook(clientConfig, { name, labels: { 'istio.io/rev': revision } }));
    },
    // another bundle, or another selector
    () => {
      const name = `injector-${dice.below(3)}`;
      const before = api.get('mutatingwebhookconfigurations', undefined, name);
      const [entry] = (before?.webhooks ?? []) as { clientConfig: object }[];
      if (!before || !entry) return;
      const objectSelector = { matchLabels: { number: dice.once(2) ? number : '0' } };
      const clientConfig = { ...entry.clientConfig, caBundle: btoa(number) };
      api.put('mutatingwebhookconfigurations', { ...before, webhooks: [{ ...entry, clientConfig, objectSelector }] });
    },
    () => remove(api, 'mutatingwebhookconfigurations', undefined, `injector-${dice.below(3)}`),
    () => {
      const selector = dice.below(3) === 0 ? { module: number } : labels;
      api.put('services', service(slot, { selector }, home));
    },
    () => remove(api, 'services', home, slot),
    () => {
      const podLabels = dice.below(3) === 0 ? { module: number } : labels;
      const istiod = { namespace: home, revision, podLabels, image: `pilot:${number}`, ready: dice.below(2) };
      api.put('deployments', deployment(slot, { ...istiod, generation: ++generation }));
    },
    () => remove(api, 'deployments', home, slot),
    () => api.put('configmaps', configMap(`istio-sidecar-injector${suffix(revision)}`, { number }, home)),
    () => api.put('configmaps', configMap(`istio${suffix(revision)}`, { mesh: `rootNamespace: ${home}` }, home)),
    () => remove(api, 'configmaps', home, `istio${suffix(revision)}`),
    () => api.put('proxyconfigs', proxyConfig(dice.pick([home, 'team-1']), number)),
    () => remove(api, 'proxyconfigs', 'team-1', 'image'),
  ];
  dice.pick(acts)();
}

let generation = 0;
const suffix = (revision: string): string => (revision === 'default' ? '' : `-${revision}`);

function remove(api: MemoryMesh, resource: string, from: string | undefined, name: string): void {
  if (api.get(resource, from, name)) api.remove(resource, from, name);
}

async function arrived(): Promise<void> {
  for (let turn = 0; turn < ARRIVAL; turn++) await nextTurn();
}

async function watching(api: MemoryMesh, stop = new AbortController()): Promise<MeshWatch> {
  afterTest(() => stop.abort());
  const watch = new MeshWatch(api.client(), stop.signal, (what, error) => assert.fail(`${what}: ${error}`));
  await settled('the mesh', watch.settled(stop.signal));
  await arrived();
  return watch;
}

/** All that a mesh says; the order of its namespaces does not matter. */
const said = ({ injections, namespaces }: Mesh): unknown =>
  JSON.parse(JSON.stringify([injections, [...namespaces].sort(([a], [b]) => Number(a > b) - Number(a < b))]));

for (let seed = 1; seed <= SEEDS; seed++)
  test(`after any burst, the mesh is what somebody sees who begins now (seed ${seed})`, async () => {
    const dice = diceFor(seed, 0);
    const api = new MemoryMesh();
    const watch = await watching(api);
    for (let step = 0; step < STEPS; step++) {
      for (let events = dice.below(4); events >= 0; events--) {
        change(api, dice);
        // somebody asks in the middle of it, before or after it was worked in
        if (dice.below(3) === 0) watch.mesh();
        if (dice.below(3) === 0) await nextTurn();
      }
      await arrived();
      const stop = new AbortController();
      const fresh = await watching(api, stop);
      assert.deepEqual(said(watch.mesh()), said(fresh.mesh()), `step ${step}`);
      stop.abort();
    }
  });

test('what is written again and says the same leaves the mesh as it is', async () => {
  const api = new MemoryMesh();
  const labels = { app: 'istiod' };
  const objects = [
    ['mutatingwebhookconfigurations', webhook(byService(), { labels: { 'istio.io/rev': 'default' } })],
    ['services', service('istiod', { selector: labels })],
    ['namespaces', namespace('shop', { 'istio.io/rev': 'default' })],
    ['proxyconfigs', proxyConfig('shop', 'debug')],
  ] as const;
  api.put('deployments', deployment('istiod'));
  for (const [resource, object] of objects) api.put(resource, object);
  const watch = await watching(api);
  const before = watch.mesh();
  assert.equal(before.injections[0]?.istiod?.name, 'istiod');
  for (const [resource, object] of objects.slice(1)) {
    api.put(resource, object);
    await arrived();
    assert.equal(watch.mesh(), before, resource);
  }
  api.put('namespaces', namespace('shop', { 'istio.io/rev': 'canary' }));
  await arrived();
  assert.notEqual(watch.mesh(), before);
});

test('what is kept of an object goes with it', async () => {
  const api = new MemoryMesh();
  api.put('mutatingwebhookconfigurations', webhook(byService()));
  const watch = await watching(api);
  const made = [watch.mesh().injections[0]].map((injection) => new WeakRef(injection as object));
  api.remove('mutatingwebhookconfigurations', undefined, 'istio-sidecar-injector');
  await arrived();
  assert.deepEqual(watch.mesh().injections, []);
  await nextTurn();
  collector()();
  assert.deepEqual(
    made.map((one) => one.deref()),
    [undefined],
  );
});
