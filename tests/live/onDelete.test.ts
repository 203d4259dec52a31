import assert from 'node:assert/strict';
import type { ApiObject } from '../testbed/api.ts';
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

interface Templated extends ApiObject {
  readonly metadata: ApiObject['metadata'] & { readonly generation?: number };
}

/** A StatefulSet that replaces no pod by itself. */
async function database(namespace: string, name: string, replicas = 3, given: object = {}): Promise<void> {
  await bed.deploy({
    kind: 'StatefulSet',
    namespace,
    name,
    replicas,
    readyAfter: '1s',
    spec: ON_DELETE,
    ...given,
  });
}

const generationOf = async (kind: 'StatefulSet' | 'DaemonSet', namespace: string, name: string): Promise<unknown> =>
  (await bed.api.get<Templated>(pathOf(kind, namespace, name))).metadata.generation;

const reasonOf = async (namespace: string, name: string, ...flags: string[]): Promise<unknown> =>
  (await planRows(bed.kubeconfig, '-n', namespace, ...flags)).find((row) => row.name === name)?.reason;

test('pods are evicted once each, the highest ordinal first, one at a time, and the template is not written', async () => {
  await bed.namespace('ondelete', INJECTED);
  await database('ondelete', 'db');
  await bed.deploy({ kind: 'DaemonSet', namespace: 'ondelete', name: 'agent', readyAfter: '1s', spec: ON_DELETE });
  await bed.waitReady('ondelete');
  const missing = await MissingPods.of(bed.api, 'ondelete');
  const scene = await Scene.start(bed, 'ondelete', '--max-in-flight-per-namespace', '2');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(['ondelete'], version(), 'default', 120);
    await until('both outcomes', 60_000, async () => Object.keys(await scene.outcomes()).length === 2);
    assert.deepEqual(new Set(Object.values(await scene.outcomes())), new Set(['verified']));
    const evicted = (await scene.evictions()).map(({ name }) => name);
    assert.deepEqual(
      evicted.filter((name) => name.startsWith('db-')),
      ['db-2', 'db-1', 'db-0'],
    );
    assert.equal(new Set(evicted).size, evicted.length, 'no pod was evicted twice');
    assert.deepEqual(await scene.restarts(), [], 'no pod template was written');
    for (const kind of ['StatefulSet', 'DaemonSet'] as const)
      assert.equal(await generationOf(kind, 'ondelete', kind === 'StatefulSet' ? 'db' : 'agent'), 1);
    assert.deepEqual(
      new Map(missing.most),
      new Map([
        ['db', 1],
        ['agent', 1],
      ]),
    );
  } finally {
    await scene.stop();
    await missing.stop();
  }
});

test('killed in the middle: no pod is evicted twice, and all are current in the end', async () => {
  await bed.namespace('killed', INJECTED);
  await database('killed', 'db', 4);
  await bed.waitReady('killed');
  const missing = await MissingPods.of(bed.api, 'killed');
  const scene = await Scene.start(bed, 'killed-evictions');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await until('two evictions', 90_000, async () => (await scene.evictions()).length >= 2, 5);
    await scene.operator.kill();
    await scene.restart();
    await scene.current(['killed'], version(), 'default', 180);
    await until('the outcome', 60_000, async () => Object.keys(await scene.outcomes()).length === 1);
    assert.deepEqual(await scene.outcomes(), { 'statefulsets/killed/db': 'verified' });
    const evicted = await scene.evictions();
    assert.deepEqual(
      evicted.map(({ name }) => name).sort(),
      ['db-0', 'db-1', 'db-2', 'db-3'],
      `each pod once: ${JSON.stringify({ evicted, uids: [...missing.uids].map(([name, uids]) => [name, ...uids]) })}`,
    );
    assert.deepEqual(
      [...missing.uids].map(([name, uids]) => [name, uids.size]),
      [...missing.uids.keys()].map((name) => [name, 2]),
    );
    assert.deepEqual([...missing.most], [['db', 1]]);
  } finally {
    await scene.stop();
    await missing.stop();
  }
});

test('a template that its people have not rolled out yet is not rolled out by evictions', async () => {
  await bed.namespace('pending', INJECTED);
  await database('pending', 'db', 2);
  await bed.waitReady('pending');
  const template = { spec: { containers: [{ name: 'app', image: 'testbed/app:2' }] } };
  await bed.api.patch(pathOf('StatefulSet', 'pending', 'db'), { spec: { template } });
  const scene = await Scene.start(bed, 'pending');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.decided('pending', 'outdated', 'update-pending');
    await stays('no write', 8000, async () => (await scene.attempts()).length + (await scene.evictions()).length === 0);
    for (const name of ['db-0', 'db-1']) await bed.api.delete(pathOf('Pod', 'pending', name));
    await scene.current(['pending'], version(), 'default', 60);
    await stays('no write', 5000, async () => (await scene.attempts()).length + (await scene.evictions()).length === 0);
  } finally {
    await scene.stop();
  }
});

test('a spent PodDisruptionBudget keeps the first eviction back, and an opt-out in the middle the next one', async () => {
  await bed.namespace('held', INJECTED);
  await database('held', 'db', 3);
  await bed.waitReady('held');
  await bed.api.create(pathOf('PodDisruptionBudget', 'held'), {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'data' },
    spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'db-statefulset' } } },
  });
  const scene = await Scene.start(bed, 'held');
  const none = async (): Promise<boolean> => (await scene.evictions()).length === 0;
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.decided('held', 'outdated', 'pdb');
    await stays('no eviction', 3000, none);
    await bed.api.delete(pathOf('PodDisruptionBudget', 'held', 'data'));
    await until('an eviction', 90_000, async () => !(await none()));
    await bed.api.patch(pathOf('StatefulSet', 'held', 'db'), {
      metadata: { annotations: { 'meltemi.dev/restart': 'false' } },
    });
    const before = await scene.evictions();
    await stays('no other eviction', 8000, async () => (await scene.evictions()).length <= before.length + 1);
    await bed.api.patch(pathOf('StatefulSet', 'held', 'db'), {
      metadata: { annotations: { 'meltemi.dev/restart': null } },
    });
    await scene.current(['held'], version(), 'default', 90);
    await until('the outcome', 60_000, async () => Object.keys(await scene.outcomes()).length === 1);
    assert.deepEqual(await scene.outcomes(), { 'statefulsets/held/db': 'verified' });
  } finally {
    await scene.stop();
  }
});

test('with --on-delete=annotate the template is written once and whoever deletes the pods is followed; never does nothing', async () => {
  await bed.namespace('annotated', INJECTED);
  await database('annotated', 'db', 2);
  await bed.deploy({ kind: 'DaemonSet', namespace: 'annotated', name: 'agent', spec: ON_DELETE });
  await bed.waitReady('annotated');
  await bed.istio.upgrade('default', nextVersion());
  assert.equal(await reasonOf('annotated', 'db', '--on-delete', 'never'), 'unsupported');
  const scene = await Scene.start(bed, 'annotated', '--on-delete', 'annotate');
  try {
    await until('the write', 60_000, async () => (await scene.restarts()).length === 1);
    await stays('one write', 4000, async () => (await scene.restarts()).length === 1);
    assert.equal(await reasonOf('annotated', 'agent', '--on-delete', 'annotate'), 'unsupported');
    for (const name of ['db-1', 'db-0']) {
      await bed.api.delete(pathOf('Pod', 'annotated', name));
      await until('it to be new', 60_000, async () => {
        const pods = await bed.sidecars('annotated');
        return pods.some(({ pod, ready, image }) => pod === name && ready && image.endsWith(`:${version()}`));
      });
    }
    await until('the outcome', 60_000, async () => Object.keys(await scene.outcomes()).length === 1);
    assert.deepEqual(await scene.outcomes(), { 'statefulsets/annotated/db': 'verified' });
    assert.deepEqual(await scene.evictions(), []);
  } finally {
    await scene.stop();
  }
});
