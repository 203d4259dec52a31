import assert from 'node:assert/strict';
import { ROLLOUT_GROUP, ROLLOUT_MAX_UNAVAILABLE, ROLLOUT_PAUSED } from '../../src/kinds/rolloutGroup.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { planRows } from './commandLine.ts';
import { MissingPods } from './missingPods.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version, nextVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };
const ON_DELETE = { updateStrategy: { type: 'OnDelete', rollingUpdate: null } };
const ZONES = ['zone-a', 'zone-b', 'zone-c'];

/** The zones of one system: StatefulSets of one rollout group, all Ready. */
async function zones(
  namespace: string,
  replicas: number,
  annotations: Readonly<Record<string, string>> = {},
  others: Readonly<Record<string, object>> = {},
): Promise<void> {
  await bed.namespace(namespace, INJECTED);
  for (const name of ZONES) {
    await bed.deploy({
      kind: 'StatefulSet',
      namespace,
      name,
      replicas,
      readyAfter: '1s',
      ownAnnotations: annotations,
      spec: { ...ON_DELETE, podManagementPolicy: 'Parallel' },
      ...others[name],
    });
    const metadata = { labels: { [ROLLOUT_GROUP]: 'ingester' } };
    await bed.api.patch(pathOf('StatefulSet', namespace, name), { metadata });
  }
  await bed.waitReady(namespace);
}

const annotate = (namespace: string, name: string, annotations: Readonly<Record<string, string | null>>) =>
  bed.api.patch(pathOf('StatefulSet', namespace, name), { metadata: { annotations } });

const zoneOf = (pod: string): string => pod.replace(/-\d+$/, '');

const rowsOf = async (namespace: string): Promise<unknown[]> =>
  (await planRows(bed.kubeconfig, '-n', namespace)).map(({ name, reason }) => [name, reason]);

test('three zones: one after the other, never pods of two missing, also when the operator is killed in between', async () => {
  await zones('zones', 2);
  const missing = await MissingPods.of(bed.api, 'zones');
  const scene = await Scene.start(bed, 'zones', '--max-in-flight-per-namespace', '5');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('three evictions', 120_000, async () => (await scene.evictions()).length >= 3, 5);
    await scene.operator.kill();
    await scene.restart();
    await scene.current(['zones'], version(), 'default', 180);
    await until('three outcomes', 60_000, async () => Object.keys(await scene.outcomes()).length === 3);
    const evicted = (await scene.evictions()).map(({ name }) => name);
    assert.equal(new Set(evicted).size, evicted.length, 'no pod was evicted twice');
    assert.deepEqual(evicted.map(zoneOf), ['zone-a', 'zone-a', 'zone-b', 'zone-b', 'zone-c', 'zone-c']);
    assert.equal(missing.mostAtOnce, 1);
    assert.deepEqual(new Set(missing.most.values()), new Set([1]));
  } finally {
    await scene.stop();
    await missing.stop();
  }
});

test('rollout-max-unavailable allows more of one zone at a time, a paused zone waits alone, and a wrong number counts as 1', async () => {
  await zones('wide', 4, { [ROLLOUT_MAX_UNAVAILABLE]: '3' });
  await annotate('wide', 'zone-b', { [ROLLOUT_PAUSED]: 'true' });
  await annotate('wide', 'zone-c', { [ROLLOUT_MAX_UNAVAILABLE]: '0' });
  const missing = await MissingPods.of(bed.api, 'wide');
  const scene = await Scene.start(bed, 'wide');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('two outcomes', 180_000, async () => Object.keys(await scene.outcomes()).length === 2);
    assert.deepEqual(await rowsOf('wide'), [
      ['zone-b', 'rollout-paused'],
      ['zone-a', ''],
      ['zone-c', ''],
    ]);
    assert.deepEqual(
      missing.most,
      new Map([
        ['zone-a', 3],
        ['zone-c', 1],
      ]),
    );
    assert.equal(missing.mostAtOnce, 1);
    assert.ok(
      scene.operator
        .said('Rollout group has a problem')
        .some(({ name, problem }) => name === 'zone-c' && /"0"/.test(String(problem))),
      'the wrong number is said',
    );
    await annotate('wide', 'zone-b', { [ROLLOUT_PAUSED]: null });
    await scene.current(['wide'], version(), 'default', 120);
  } finally {
    await scene.stop();
    await missing.stop();
  }
});

test('a zone with a pod that is not Ready holds the others, and when it is repaired they go on', async () => {
  await zones('broken', 2, {}, { 'zone-c': { readyAfter: '20s' } });
  await bed.istio.upgrade('default', nextVersion());
  const missing = await MissingPods.of(bed.api, 'broken');
  await bed.api.delete(pathOf('Pod', 'broken', 'zone-c-0'));
  const scene = await Scene.start(bed, 'broken');
  try {
    assert.deepEqual(await rowsOf('broken'), [
      ['zone-a', 'group-not-ready'],
      ['zone-b', 'group-not-ready'],
      ['zone-c', 'unavailable'],
    ]);
    assert.deepEqual(await scene.evictions(), []);
    await scene.current(['broken'], version(), 'default', 180);
    await until('three outcomes', 60_000, async () => Object.keys(await scene.outcomes()).length === 3);
    assert.equal(missing.mostAtOnce, 1);
  } finally {
    await scene.stop();
    await missing.stop();
  }
});

test('a group with a StatefulSet that is not OnDelete is skipped as a whole, and that is an error', async () => {
  await zones('mixed', 1, {}, { 'zone-b': { spec: { podManagementPolicy: 'Parallel' } } });
  const scene = await Scene.start(bed, 'mixed');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.decided('mixed', 'outdated', 'group-mixed');
    await stays('no write', 6000, async () => (await scene.attempts()).length + (await scene.evictions()).length === 0);
    assert.deepEqual(
      (await rowsOf('mixed')).map((row) => (row as unknown[])[1]),
      ['group-mixed', 'group-mixed', 'group-mixed'],
    );
    const said = scene.operator.said('Rollout group has a problem');
    assert.deepEqual(
      said.map(({ level, problem }) => [level, /zone-b/.test(String(problem))]),
      [['error', true]],
    );
  } finally {
    await scene.stop();
  }
});
