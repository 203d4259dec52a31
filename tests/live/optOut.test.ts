import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { RESTART_ANNOTATION } from '../../src/names.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const INJECTED = { 'istio-injection': 'enabled' };
/** Every scenario upgrades the one mesh, so each starts where the one before it ended. */
const { nextVersion } = new Versions();

const says = (value: string | null) => ({ [RESTART_ANNOTATION]: value });
const annotateNamespace = (name: string, value: string | null): Promise<unknown> =>
  bed.api.patch(pathOf('Namespace', '', name), { metadata: { annotations: says(value) } });
const annotate = (namespace: string, name: string, value: string | null): Promise<unknown> =>
  bed.api.patch(pathOf('Deployment', namespace, name), { metadata: { annotations: says(value) } });

/** A Deployment of one pod, which says something or nothing about restarts. */
async function deploy(namespace: string, name: string, own?: string): Promise<void> {
  await bed.deploy({ namespace, name, ...(own !== undefined && { ownAnnotations: { [RESTART_ANNOTATION]: own } }) });
}

/** Waits until exactly these were restarted, once each, and nothing is in flight. */
async function restarted(scene: Scene, ...workloads: string[]): Promise<void> {
  const keys = workloads.map((workload) => `deployments/${workload}`).sort();
  await until(`${keys} to be restarted`, 90_000, async () => {
    const found = Object.keys(await scene.restartCounts());
    return keys.every((key) => found.includes(key)) || new Error(found.join(', '));
  });
  await scene.settled();
  assert.deepEqual(await scene.restartCounts(), Object.fromEntries(keys.map((key) => [key, 1])));
}

/** Nothing more is restarted, though the operator has had its turn several times. */
async function onlyThese(scene: Scene, seconds = 6): Promise<void> {
  const before = (await scene.restarts()).length;
  await stays('no further restart', seconds * 1000, async () => (await scene.restarts()).length === before);
}

/** The newest reason that the operator gave for a workload. */
const reasonFor = (scene: Scene, namespace: string, name: string): unknown =>
  scene.operator.said('Decided').findLast((line) => line.namespace === namespace && line.name === name)?.detail;

test('a workload or a namespace that opts out is left alone until it opts in again', async () => {
  await bed.namespace('open', INJECTED);
  await bed.namespace('closed', INJECTED);
  await annotateNamespace('closed', 'false');
  await deploy('open', 'loud');
  await deploy('open', 'quiet', 'false');
  await deploy('open', 'misspelt', 'ture');
  await deploy('closed', 'web');
  await deploy('closed', 'eager', 'true');
  await Promise.all(['open', 'closed'].map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'said');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await restarted(scene, 'open/loud', 'closed/eager');
    await onlyThese(scene);
    assert.equal(reasonFor(scene, 'closed', 'web'), 'meltemi.dev/restart on namespace closed is "false"');
    assert.match(String(reasonFor(scene, 'open', 'misspelt')), /is "ture", which is neither/);
    await annotateNamespace('closed', null);
    await restarted(scene, 'open/loud', 'closed/eager', 'closed/web');
    await annotate('open', 'quiet', null);
    await restarted(scene, 'open/loud', 'closed/eager', 'closed/web', 'open/quiet');
  } finally {
    await scene.stop();
  }
});

test('with --opt-in only what says yes is restarted, from the moment that it says so', async () => {
  await bed.namespace('yes', INJECTED);
  await bed.namespace('silent', INJECTED);
  await annotateNamespace('yes', 'true');
  await deploy('yes', 'web');
  await deploy('yes', 'shy', 'false');
  await deploy('silent', 'web');
  await deploy('silent', 'eager', 'true');
  await Promise.all(['yes', 'silent'].map((namespace) => bed.waitReady(namespace)));
  const scene = await Scene.start(bed, 'opt-in', '--opt-in');
  try {
    await bed.istio.upgrade('default', nextVersion());
    await restarted(scene, 'yes/web', 'silent/eager');
    await onlyThese(scene);
    await annotateNamespace('silent', 'true');
    await restarted(scene, 'yes/web', 'silent/eager', 'silent/web');
  } finally {
    await scene.stop();
  }
});

test('a policy file excludes by filter; a bad edit keeps the last good policy, a good one takes effect', async () => {
  const file = bed.path('policy.yaml');
  const edit = (...lines: string[]): void => writeFileSync(file, `${lines.join('\n')}\n`);
  const skipping = 'skipNamespaces: [kube-system, istio-system, skipped]';
  for (const namespace of ['shop', 'batch-night', 'skipped']) await bed.namespace(namespace, INJECTED);
  await deploy('shop', 'web');
  await deploy('shop', 'operated');
  await deploy('batch-night', 'job');
  await deploy('skipped', 'web');
  await ownedByAConfigMap('shop', 'operated');
  await Promise.all(['shop', 'batch-night', 'skipped'].map((namespace) => bed.waitReady(namespace)));
  edit(skipping, 'exclude:', '- namespaces: [batch-*]', '- ownerKinds: [ConfigMap]');
  const scene = await Scene.start(bed, 'file', '--policy', file);
  try {
    await bed.istio.upgrade('default', nextVersion());
    await restarted(scene, 'shop/web');
    assert.equal(reasonFor(scene, 'batch-night', 'job'), 'exclude[0] (namespaces: batch-*)');
    assert.equal(reasonFor(scene, 'shop', 'operated'), 'exclude[1] (ownerKinds: ConfigMap)');

    edit(skipping, 'exclud: []');
    await until('the policy to be rejected', 15_000, async () => (await invalid(scene)) === '1');
    await onlyThese(scene);
    const rejected = await scene.operator.heard('Policy rejected, keeping the last good one');
    assert.deepEqual(rejected.problems, [`${file}:2:1: exclud: is unknown; did you mean exclude?`]);
    await until('its Event', 10_000, async () => (await scene.events('default')).has('PolicyRejected Lease/meltemi'));

    const scans = scene.operator.said('Scanned').length;
    edit(skipping, 'exclude:', '- ownerKinds: [ConfigMap]');
    await restarted(scene, 'shop/web', 'batch-night/job');
    assert.equal(await invalid(scene), '0');
    assert.equal(scene.operator.said('Scanned').length, scans, 'filters need no scan');
    assert.equal(scene.operator.said('Policy rejected, keeping the last good one').length, 1, 'said once');
    await until('its Event', 10_000, async () => (await scene.events('default')).has('PolicyLoaded Lease/meltemi'));

    edit('exclude:', '- ownerKinds: [ConfigMap]');
    await restarted(scene, 'shop/web', 'batch-night/job', 'skipped/web');
  } finally {
    await scene.stop();
  }
});

/** Makes a Deployment look like one that an operator made from an object of its own. */
async function ownedByAConfigMap(namespace: string, name: string): Promise<void> {
  const owner = await bed.api.create(pathOf('ConfigMap', namespace), { metadata: { name: 'owner' } });
  const { uid } = owner.metadata;
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, controller: true }];
  await bed.api.patch(pathOf('Deployment', namespace, name), { metadata: { ownerReferences } });
}

/** Value of `meltemi_policy_invalid`. */
async function invalid({ operator }: Scene): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${operator.port('metrics')}/metrics`);
  return /^meltemi_policy_invalid (.*)$/m.exec(await response.text())?.[1];
}

test('a workload whose namespace is being deleted is left alone, although it is still there', async () => {
  for (const name of ['stays', 'going']) {
    await bed.namespace(name, INJECTED);
    await deploy(name, 'web');
    await bed.waitReady(name);
  }
  await bed.istio.upgrade('default', nextVersion());
  // without the namespace controller, nothing of it is deleted
  await bed.stopControllers();
  await bed.api.delete(pathOf('Namespace', '', 'going'));
  const scene = await Scene.start(bed, 'going');
  try {
    await until('the other one to be restarted', 60_000, async () =>
      Object.keys(await scene.restartCounts()).includes('deployments/stays/web'),
    );
    await onlyThese(scene);
    const counts = await scene.restartCounts();
    assert.equal(counts['deployments/going/web'], undefined);
    assert.equal(reasonFor(scene, 'going', 'web'), 'the deletion of its namespace has begun');
  } finally {
    await bed.startControllers();
    await scene.stop();
  }
});
