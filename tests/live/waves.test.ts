import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { BEHAVIOUR } from '../testbed/stages.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { planRows } from './commandLine.ts';
import { each, fleet } from './fleet.ts';
import { OperatorClock } from './operatorClock.ts';
import { OperatorProcess } from './operatorProcess.ts';
import { QUICK, Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version, nextVersion, comingVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };
const SECOND = 1000;
const HOUR = 3600 * SECOND;

interface Pod extends ApiObject {
  readonly metadata: ApiObject['metadata'] & {
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
  };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly lastTransitionTime: string }[] };
}

/** The pods of these namespaces, without those that are on their way out. */
const pods = async (namespaces: readonly string[]): Promise<Pod[]> => {
  const all = await Promise.all(namespaces.map((namespace) => bed.api.list<Pod>(pathOf('Pod', namespace))));
  return all.flat().filter(({ metadata }) => metadata.deletionTimestamp === undefined);
};

/** When the last pod of these namespaces became ready, by the API server; it has whole seconds. */
async function readyAt(namespaces: readonly string[]): Promise<number> {
  const times = (await pods(namespaces)).map(({ status }) =>
    Date.parse(status.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? ''),
  );
  return Math.max(...times);
}

/** When the first pod of these namespaces was made. */
const madeAt = async (namespaces: readonly string[]): Promise<number> =>
  Math.min(...(await pods(namespaces)).map(({ metadata }) => Date.parse(metadata.creationTimestamp)));

/** Writes a policy with these waves, each of the namespaces that begin with its name. */
function policyFile(name: string, ...waves: readonly { readonly name: string; readonly bake: string }[]): string {
  const file = bed.path(`${name}.yaml`);
  const lines = waves.map(
    (wave) => `  - { name: ${wave.name}, match: [{ namespaces: ['${wave.name}-*'] }], bake: ${wave.bake} }`,
  );
  writeFileSync(
    file,
    `maxInFlight: 2\nrestartTimeout: 10s\n${waves.length > 0 ? `waves:\n${lines.join('\n')}\n` : ''}`,
  );
  return file;
}

const restarted = async (scene: Scene, namespaces: readonly string[]): Promise<number> =>
  (await scene.restarts()).filter(({ namespace }) => namespaces.includes(namespace)).length;

const begun = (scene: Scene, namespaces: readonly string[], seconds: number): Promise<unknown> =>
  until(`${namespaces} to be restarted`, seconds * SECOND, async () => (await restarted(scene, namespaces)) > 0);

const kill = async (scene: Scene): Promise<void> => {
  await scene.operator.kill();
  await scene.restart();
};

test('three waves, killed before, in and after a bake: the order and the bakes hold, and each is restarted once', async () => {
  const [first, second, last] = await Promise.all([
    fleet(bed, 'one', 3, INJECTED, { readyAfter: '1s' }),
    fleet(bed, 'two', 2, INJECTED),
    fleet(bed, 'last', 2, INJECTED, { readyAfter: '1s' }),
  ]);
  const policy = policyFile('three', { name: 'one', bake: '8s' }, { name: 'two', bake: '20s' });
  // without an election nobody waits for the Lease to run out; its journal is the same
  const scene = await Scene.start(bed, 'three', '--policy', policy, '--leader-elect=false');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await begun(scene, first, 60);
    await kill(scene);
    await scene.current(first, version(), 'default');
    await begun(scene, second, 60);
    await scene.current(second, version(), 'default');
    assert.equal(await restarted(scene, last), 0, 'wave two bakes');
    await kill(scene);
    assert.equal(await restarted(scene, last), 0, 'wave two still bakes');
    await scene.decided('last-00', 'outdated', 'wave-baking');
    await begun(scene, last, 60);
    await kill(scene);
    await scene.current(last, version(), 'default');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), each([...first, ...second, ...last]));
    const [afterOne, afterTwo] = [
      (await madeAt(second)) - (await readyAt(first)),
      (await madeAt(last)) - (await readyAt(second)),
    ];
    // both times are cut to the second
    assert.ok(afterOne > 7 * SECOND, `wave two began ${afterOne} ms after wave one was ready`);
    assert.ok(afterTwo > 19 * SECOND, `the rest began ${afterTwo} ms after wave two was ready`);
  } finally {
    await scene.stop();
  }
});

/** Lets stuck pods become ready. The old pods beside them go as soon as that happens. */
async function release(namespaces: readonly string[]): Promise<void> {
  const annotations = { [BEHAVIOUR.stuckWithProxy]: null };
  for (const namespace of namespaces)
    for (const { pod, ready } of await bed.sidecars(namespace))
      if (!ready) await bed.api.patch(pathOf('Pod', namespace, pod), { metadata: { annotations } });
}

test('a restart that gets stuck in the first wave keeps the next from beginning; when it is repaired, that goes on', async () => {
  const [stuck, next] = await Promise.all([
    fleet(bed, 'one', 1, INJECTED, { stuckWithProxy: comingVersion() }),
    fleet(bed, 'last', 1, INJECTED),
  ]);
  const policy = policyFile('stuck', { name: 'one', bake: '5s' });
  const scene = await Scene.start(bed, 'stuck', '--policy', policy);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await begun(scene, stuck, 60);
    await scene.decided('last-00', 'outdated', 'wave-failed');
    await stays('the next wave waits', 8 * SECOND, async () => (await restarted(scene, next)) === 0);
    const row = (await planRows(bed.kubeconfig, '--policy', policy)).find(({ namespace }) => namespace === 'last-00');
    assert.deepEqual([row?.wave, row?.reason], ['rest', 'wave-failed']);
    await release(stuck);
    await begun(scene, next, 60);
    await scene.current([...stuck, ...next], version(), 'default');
    const after = (await madeAt(next)) - (await readyAt(stuck));
    assert.ok(after > 4 * SECOND, `the next wave began ${after} ms after the repair`);
    assert.deepEqual(await scene.restartCounts(), each([...stuck, ...next]));
  } finally {
    await scene.stop();
  }
});

test('a clock that is set an hour forward ends no bake early, and set an hour back it makes none longer', async () => {
  const [first, second, last] = await Promise.all([
    fleet(bed, 'one', 1, INJECTED),
    fleet(bed, 'two', 1, INJECTED),
    fleet(bed, 'last', 1, INJECTED),
  ]);
  const policy = policyFile('clock', { name: 'one', bake: '8s' }, { name: 'two', bake: '8s' });
  const clock = new OperatorClock(bed.path('clock'));
  const user = 'meltemi-clock';
  const kubeconfig = await bed.operatorKubeconfig(user);
  const flags = [...QUICK, '--policy', policy];
  const scene = await Scene.of(bed, user, async () => new OperatorProcess(kubeconfig, flags, clock.environment));
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(first, version(), 'default');
    await scene.decided('two-00', 'outdated', 'wave-baking');
    clock.set(HOUR);
    let looks = 0;
    await stays('wave one bakes, however often it is looked at', 4 * SECOND, async () => {
      await bed.label('two-00', { looks: `${looks++}` });
      return (await restarted(scene, second)) === 0;
    });
    await begun(scene, second, 60);
    await scene.current(second, version(), 'default');
    const afterOne = (await madeAt(second)) - (await readyAt(first));
    assert.ok(afterOne > 6 * SECOND, `wave two began ${afterOne} ms after wave one was ready`);
    await scene.decided('last-00', 'outdated', 'wave-baking');
    clock.set(-HOUR);
    await begun(scene, last, 40);
    await scene.current(last, version(), 'default');
    const afterTwo = (await madeAt(last)) - (await readyAt(second));
    assert.ok(afterTwo > 6 * SECOND, `the rest began ${afterTwo} ms after wave two was ready`);
  } finally {
    await scene.stop();
  }
});

test('edits in the middle of a run: a shorter bake, a new wave, and no waves any more', async () => {
  const [first, second, last] = await Promise.all([
    fleet(bed, 'one', 1, INJECTED),
    fleet(bed, 'two', 1, INJECTED),
    fleet(bed, 'last', 1, INJECTED),
  ]);
  const scene = await Scene.start(bed, 'edits', '--policy', policyFile('edits', { name: 'one', bake: '1h' }));
  try {
    await bed.istio.upgrade('default', nextVersion());
    await begun(scene, first, 60);
    await scene.decided('two-00', 'outdated', 'wave-baking');
    await scene.decided('last-00', 'outdated', 'wave-baking');
    policyFile('edits', { name: 'one', bake: '1s' }, { name: 'two', bake: '1h' });
    await begun(scene, second, 60);
    await scene.decided('two-00', 'current', '');
    await stays('the rest waits for the new wave', 4 * SECOND, async () => (await restarted(scene, last)) === 0);
    await scene.decided('last-00', 'outdated', 'wave-baking');
    policyFile('edits');
    await begun(scene, last, 60);
    await scene.current(last, version(), 'default');
    assert.deepEqual(await scene.restartCounts(), each([...first, ...second, ...last]));
  } finally {
    await scene.stop();
  }
});
