import assert from 'node:assert/strict';
import { RESTARTED_AT } from '../../src/names.ts';
import type { ApiObject } from '../testbed/api.ts';
import { apiVersionOf, pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { Hopeless, until } from '../testbed/until.ts';
import type { WorkloadKind } from '../testbed/workloads.ts';
import { planRows } from './commandLine.ts';
import { Reconciler } from './reconciler.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';

/** All reconcilers are at work at the same time, under one operator, through one upgrade and one crash. */
let bed: Testbed;
let scene: Scene;
let applier: Reconciler;
const reconcilers: Reconciler[] = [];

interface Owned extends ApiObject {
  readonly spec: { readonly template: { readonly metadata: object } };
}

const NAMESPACES = ['applied', 'replaced', 'stripped', 'claimed', 'forced'];
const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
  for (const namespace of NAMESPACES) await bed.namespace(namespace, { 'istio-injection': 'enabled' });
  // slower than the reconcilers, so that no rollout ends before it is taken back
  const slow = { name: 'web', replicas: 2, readyAfter: '4s' };
  for (const namespace of ['applied', 'stripped', 'claimed', 'forced']) await bed.deploy({ ...slow, namespace });
  for (const kind of KINDS) await bed.deploy({ ...slow, kind, namespace: 'replaced' });
  for (const namespace of ['claimed', 'forced']) await claim(namespace, '&force=true');
  await Promise.all(NAMESPACES.map((namespace) => bed.waitReady(namespace)));
  applier = await applying('Deployment', 'applied');
  reconcilers.push(applier, new Reconciler(() => strip('stripped')));
  reconcilers.push(new Reconciler(() => claim('claimed')), new Reconciler(() => claim('forced', '&force=true')));
  for (const kind of KINDS) reconcilers.push(await replacing(kind, 'replaced'));
  scene = await Scene.start(bed, 'owned', '--max-in-flight', '10', '--max-in-flight-per-namespace', '5');
  await bed.istio.upgrade('default', '1.31.2');
});

afterAll(async () => {
  await scene?.stop();
  await Promise.all(reconcilers.map((reconciler) => reconciler.stop()));
  await bed?.down();
});

/** The part of an object that a manifest says. */
async function manifestOf(kind: WorkloadKind, namespace: string) {
  const { metadata, spec } = await bed.api.get<Owned>(pathOf(kind, namespace, 'web'));
  const { name, labels } = metadata;
  return { apiVersion: apiVersionOf(kind), kind, metadata: { namespace, name, labels }, spec };
}

async function applying(kind: WorkloadKind, namespace: string): Promise<Reconciler> {
  const manifest = await manifestOf(kind, namespace);
  const path = `${pathOf(kind, namespace, 'web')}?fieldManager=gitops`;
  return new Reconciler(() => bed.api.patch(path, manifest, 'apply'));
}

/** Reads, puts the manifest's labels, annotations and template in the place of whatever is there, and writes the whole. */
async function replacing(kind: WorkloadKind, namespace: string): Promise<Reconciler> {
  const { spec } = await manifestOf(kind, namespace);
  return new Reconciler(async () => {
    const path = pathOf(kind, namespace, 'web');
    const found = await bed.api.get<Owned>(path);
    const { annotations: _theirs, ...metadata } = found.metadata;
    await bed.api.put(path, { ...found, metadata, spec: { ...found.spec, template: spec.template } });
  });
}

const strip = (namespace: string): Promise<unknown> =>
  bed.api.patch(pathOf('Deployment', namespace, 'web'), templateOf({ [RESTARTED_AT]: null }));

const templateOf = (annotations: object): object => ({ spec: { template: { metadata: { annotations } } } });

const CLAIM = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  ...templateOf({ [RESTARTED_AT]: '2026-01-01T00:00:00Z' }),
};

/** Applies a manifest that has the restart key in it; without force that fails once somebody else has changed the key. */
const claim = (namespace: string, force = ''): Promise<unknown> =>
  bed.api.patch(`${pathOf('Deployment', namespace, 'web')}?fieldManager=owner${force}`, CLAIM, 'apply');

const RESTARTED = [
  'deployments/applied/web',
  'deployments/replaced/web',
  'statefulsets/replaced/web',
  'daemonsets/replaced/web',
  'deployments/stripped/web',
  'deployments/claimed/web',
  'deployments/forced/web',
];

/** Whether each was restarted so often. More than that, or anything else, fails at once. */
async function restarted(times: number): Promise<boolean> {
  const counts = await scene.restartCounts();
  const wrong = Object.entries(counts).filter(([key, count]) => count > times || !RESTARTED.includes(key));
  if (wrong.length > 0) throw new Hopeless(JSON.stringify(counts));
  return RESTARTED.every((key) => counts[key] === times);
}

test('each is restarted, and the outcomes show which owners reverted it', async () => {
  await until('one restart of each', 180_000, () => restarted(1));
  await until('their outcomes', 120_000, async () => Object.keys(await scene.outcomes()).length === RESTARTED.length);
  assert.deepEqual(await scene.outcomes(), {
    'deployments/applied/web': 'verified',
    'deployments/replaced/web': 'reverted',
    'statefulsets/replaced/web': 'reverted',
    'daemonsets/replaced/web': 'reverted',
    'deployments/stripped/web': 'reverted',
    'deployments/claimed/web': 'verified',
    'deployments/forced/web': 'reverted',
  });
});

test('a manifest that is applied every second without the restart key: current, without conflicts', async () => {
  await scene.current(['applied'], '1.31.2', 'default');
  const templates = await bed.api.list(pathOf('ReplicaSet', 'applied'));
  assert.equal(templates.length, 2, 'the template before the restart and the one after it');
  assert.equal(applier.conflicts, 0);
});

test('what is taken back every second is not written again within a minute', () =>
  stays('one each', 60_000, () => restarted(1)));

test('nor after a crash: where the record was wiped too it is read from the controllers’ copies', async () => {
  await scene.operator.kill();
  await scene.restart();
  await stays('one each', 45_000, () => restarted(1));
});

test('an owner that applies the restart key without force keeps the restart; with force it is given up, not repeated', async () => {
  const rows = [
    ...(await planRows(bed.kubeconfig, '-n', 'claimed')),
    ...(await planRows(bed.kubeconfig, '-n', 'forced')),
  ];
  assert.deepEqual(
    rows.map(({ namespace, verdict, reason }) => [namespace, verdict, reason]),
    [
      ['claimed', 'current', ''],
      ['forced', 'outdated', 'gave-up'],
    ],
  );
});

test('a crash in the second of the writes: the next operator knows of them all the same', async () => {
  await bed.istio.upgrade('default', '1.32.2');
  await until('another restart of each, for the next version', 180_000, () => restarted(2), 20);
  await scene.operator.kill();
  await scene.restart();
  await stays('two each', 30_000, () => restarted(2));
  await scene.current(['applied'], '1.32.2', 'default');
});

test('all of them were at work to the end', () => {
  for (const { writes, conflicts } of reconcilers) assert.ok(writes + conflicts > 60, String(writes + conflicts));
});
