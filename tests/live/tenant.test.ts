import assert from 'node:assert/strict';
import { ANNOTATION, RESTARTED_AT } from '../../src/names.ts';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { each, fleet } from './fleet.ts';
import { Scene } from './scene.ts';

/** One tenant tries to stop everybody else's upgrade by what he may write: his own workloads. */
let bed: Testbed;
let scene: Scene;
let others: string[];

/** How much longer the others may take beside him. */
const WORST = 1.5;
const INJECTED = { 'istio-injection': 'enabled' };
const TENANT = 'tenant';
const IN_8000_YEARS = '9998-01-01T00:00:00Z';

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
  others = await fleet(bed, 'other', 12, INJECTED, { readyAfter: '4s' });
  // one owner kind each: what he says of his own must not stop theirs
  for (const namespace of others.slice(0, 2)) await own(namespace, 'web');
  scene = await Scene.start(bed, 'beside');
});

afterAll(async () => {
  await scene?.stop();
  await bed?.down();
});

/** Gives a workload an owner, as an operator does that made it. */
async function own(namespace: string, name: string): Promise<void> {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owner' } };
  const { metadata } = await bed.api.create(pathOf('ConfigMap', namespace), owner);
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid, controller: true }];
  await bed.api.patch(pathOf('Deployment', namespace, name), { metadata: { ownerReferences } });
}

/** Milliseconds until all pods of the others have the new sidecar. */
async function upgrade(version: string): Promise<number> {
  const begun = performance.now();
  await bed.istio.upgrade('default', version);
  await scene.current(others, version, 'default', 120);
  return performance.now() - begun;
}

const record = (restartedAt: string, outcome?: string): Record<string, string> => ({
  [ANNOTATION.restartedFor]: 'forged',
  [ANNOTATION.restartedAt]: restartedAt,
  [ANNOTATION.run]: 'run',
  ...(outcome && { [ANNOTATION.outcome]: outcome }),
});

/** Records that say that the webhook fails open, and that an operator takes restarts back. */
async function forgeFailures(): Promise<void> {
  const outside = { labels: { 'sidecar.istio.io/inject': 'false' } };
  for (const [index, at] of [IN_8000_YEARS, new Date().toISOString()].entries()) {
    const ownAnnotations = record(at, 'failed:no-sidecar');
    await bed.deploy({ namespace: TENANT, name: `open-outside-${index}`, ...outside, ownAnnotations });
    await bed.deploy({ namespace: TENANT, name: `open-${index}`, ownAnnotations });
  }
  await bed.deploy({ namespace: TENANT, name: 'taker', ownAnnotations: record(IN_8000_YEARS, 'reverted') });
  await own(TENANT, 'taker');
}

/** As many restarts under way as there are slots, and more, that never end. */
async function forgeOpen(): Promise<void> {
  for (const [index, at] of [...Array(5).fill(IN_8000_YEARS), ...Array(5).fill(new Date().toISOString())].entries())
    await bed.deploy({
      namespace: TENANT,
      name: `slot-${index}`,
      ownAnnotations: record(at),
      annotations: { [RESTARTED_AT]: at },
      ready: 'never',
    });
}

const env = (value: string) => [{ name: 'LARGE', value }];
const LARGE = 500_000;

/** Templates that are large, whose answers are far larger, and which the injector cannot answer at all. */
async function poison(): Promise<void> {
  const names = ['0', '1', '2', '3'];
  for (const name of names) {
    await bed.deploy({ namespace: TENANT, name: `large-${name}` });
    await bed.deploy({ namespace: TENANT, name: `swelling-${name}` });
    await bed.deploy({ namespace: TENANT, name: `failing-${name}` });
  }
  await bed.waitReady(TENANT);
  for (const name of names) {
    const app = { name: 'app', image: 'testbed/app:1' };
    await template(`large-${name}`, { spec: { containers: [{ ...app, env: env('x'.repeat(LARGE)) }] } });
    // istiod copies it into an annotation, where each of these characters takes a dozen
    const proxy = { name: 'istio-proxy', image: 'auto', env: env('<'.repeat(LARGE)) };
    await template(`swelling-${name}`, { spec: { containers: [app, proxy] } });
    await template(`failing-${name}`, { metadata: { annotations: { 'inject.istio.io/templates': 'nope' } } });
  }
}

/** Changes a template without a rollout: what its pods would cost the API server and istiod is not what is measured here. */
const template = (name: string, change: object): Promise<unknown> =>
  bed.api.patch(pathOf('Deployment', TENANT, name), { spec: { paused: true, template: change } }, 'strategic');

test('12 workloads of others are upgraded about as fast as without him', async () => {
  const alone = await upgrade('1.31.2');
  await scene.settled();
  await bed.namespace(TENANT, INJECTED);
  await poison();
  await forgeFailures();
  await forgeOpen();
  const beside = await upgrade('1.32.2');
  assert.deepEqual(
    Object.fromEntries(Object.entries(await scene.restartCounts()).filter(([key]) => !key.includes(`/${TENANT}/`))),
    each(others, 2),
  );
  assert.deepEqual(scene.operator.said('Stopped leading'), []);
  const ratio = beside / alone;
  assert.ok(ratio < WORST, `${Math.round(alone)} ms without him, ${Math.round(beside)} ms beside him`);
});
