import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import type { Row } from '../../src/report/row.ts';
import type { Counts } from '../../src/status/statusDocument.ts';
import { SlowApi } from '../testbed/slowApi.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { meltemi, type Ran } from './commandLine.ts';
import { Scene } from './scene.ts';

const INJECTED = { 'istio-injection': 'enabled' };
const USER = 'fleet-reader';

interface FleetObject {
  readonly clusters: readonly {
    readonly cluster: string;
    readonly error?: string;
    readonly counts?: Counts;
    readonly controlPlanes?: readonly { readonly version?: string }[];
    readonly workloads?: readonly Row[];
  }[];
}

let eu: Testbed;
let us: Testbed;
let scenes: Scene[] = [];
/** Both clusters; in the other one `us` is far away. */
let near: string;
let far: string;
let way: SlowApi;

beforeAll(async () => {
  [eu, us] = await Promise.all([Testbed.up({ nodes: 1 }), Testbed.up({ nodes: 1 })]);
  await Promise.all([eu, us].map((bed) => bed.istio.install({ revision: 'default', version: '1.30.2' })));
  await Promise.all([eu, us].map(fill));
  scenes = await Promise.all([eu, us].map((bed) => Scene.start(bed, 'fleet')));
  await eu.istio.upgrade('default', '1.31.0');
  const paths = await Promise.all([eu, us].map((bed) => bed.operatorKubeconfig(USER)));
  const [europe = '', states = ''] = paths;
  way = await SlowApi.up(us.cluster, 0);
  near = merged('near', { eu: europe, us: states });
  far = merged('far', { eu: europe, us: way.kubeconfig(states) });
  await until('eu to have one in flight, and one to be done', 60_000, async () => {
    const { out } = await fleetStatus();
    return IN_WORK.test(out) || new Error(out);
  });
});

afterAll(async () => {
  us?.cluster.thawApiServer();
  await Promise.all(scenes.map((scene) => scene.stop()));
  await way?.down();
  await Promise.all([eu, us].map((bed) => bed?.down()));
});

async function fill(bed: Testbed): Promise<void> {
  await Promise.all(['shop', 'bank'].map((name) => bed.namespace(name, INJECTED)));
  await bed.deploy({ namespace: 'shop', name: 'web' });
  await bed.deploy({ namespace: 'shop', name: 'quiet', ownAnnotations: { 'meltemi.dev/restart': 'false' } });
  // a pod that never becomes ready keeps its restart in flight
  await bed.deploy({ namespace: 'bank', name: 'ledger', stuckWithProxy: '1.31.0' });
  await Promise.all(['shop', 'bank'].map((name) => bed.waitReady(name)));
}

/** A kubeconfig with a context for each of these. */
function merged(name: string, paths: Readonly<Record<string, string>>): string {
  const config: Record<'clusters' | 'users' | 'contexts', object[]> = { clusters: [], users: [], contexts: [] };
  for (const [context, path] of Object.entries(paths)) {
    const { clusters, users } = parse(readFileSync(path, 'utf8'));
    config.clusters.push({ ...clusters[0], name: context });
    config.users.push({ ...users[0], name: context });
    config.contexts.push({ name: context, context: { cluster: context, user: context } });
  }
  const path = eu.path(`${name}.kubeconfig`);
  writeFileSync(path, stringify({ apiVersion: 'v1', kind: 'Config', ...config }), { mode: 0o600 });
  return path;
}

const fleetStatus = (...flags: string[]): Promise<Ran> =>
  meltemi('status', '--kubeconfig', near, '--contexts', 'all', ...flags);
const fleetPlan = (kubeconfig: string, ...flags: string[]): Promise<Ran> =>
  meltemi('plan', '--kubeconfig', kubeconfig, '--contexts', 'eu,us', ...flags);
const clustersIn = ({ out }: Ran): FleetObject['clusters'] => (JSON.parse(out) as FleetObject).clusters;

/** `web` is done, `ledger` is in flight with an old pod and a new one, and `quiet` is opted out. */
const IN_WORK = /^eu +1\.31\.0 +(1\.30\.2×2, 1\.31\.0×[12]|1\.31\.0×2, 1\.30\.2×2) +2 +1 +0 +\S+$/m;
const AT_REST = /^us +1\.30\.2 +1\.30\.2×3 +0 +0 +0 +–$/m;

test('status shows a row for each cluster, and the sums of each for programs', async () => {
  const [table, json] = await Promise.all([fleetStatus(), fleetStatus('-o', 'json')]);
  assert.deepEqual([table.code, table.error], [0, '']);
  assert.match(table.out, /^CLUSTER +CONTROL PLANE +PROXIES +OUTDATED +IN FLIGHT +HALTED +ETA/);
  assert.match(table.out, IN_WORK);
  assert.match(table.out, AT_REST);
  assert.deepEqual(
    clustersIn(json).map(({ cluster, counts, controlPlanes }) => [
      cluster,
      counts?.outdated,
      counts?.inFlight,
      counts?.current,
      controlPlanes?.[0]?.version,
    ]),
    [
      ['eu', 2, 1, 1, '1.31.0'],
      ['us', 0, 0, 3, '1.30.2'],
    ],
  );
});

test('plan shows the same rows from new plans, and exits as a plan with something outdated', async () => {
  const table = await fleetPlan(near);
  assert.deepEqual([table.code, table.error], [3, '']);
  assert.match(table.out, IN_WORK);
  assert.match(table.out, AT_REST);
});

test('of a cluster whose API server is gone both say so, exit with 1, and show the other in full', async () => {
  await us.cluster.stopApiServer();
  try {
    const all = await Promise.all([
      fleetStatus(),
      fleetPlan(near),
      fleetStatus('-o', 'json'),
      fleetPlan(near, '-o', 'json'),
    ]);
    assert.deepEqual(
      all.map(({ code }) => code),
      [1, 1, 1, 1],
    );
    for (const { out } of all.slice(0, 2)) {
      assert.match(out, IN_WORK);
      assert.match(out, /^us +not read: .*(ECONNREFUSED|refused)/m);
    }
    for (const ran of all.slice(2)) {
      const [first, second] = clustersIn(ran);
      assert.equal(first?.workloads?.filter(({ verdict }) => verdict === 'outdated').length, 2);
      assert.match(second?.error ?? '', /127\.0\.0\.1/);
    }
  } finally {
    await us.cluster.startApiServer();
  }
});

test('of a cluster that stops answering before or while it is read, both say so within their time limits', async () => {
  const planned = async (): Promise<number> => (await us.audit.requests(USER))['list pods'] ?? 0;
  const before = await planned();
  way.delay = 400;
  const during = fleetPlan(far);
  await until('the plan to read pods', 30_000, async () => (await planned()) > before);
  us.cluster.freezeApiServer();
  try {
    const began = performance.now();
    const status = await fleetStatus();
    const statusTook = performance.now() - began;
    assert.equal(status.code, 1);
    assert.match(status.out, IN_WORK);
    assert.match(
      status.out,
      /^us +not read: .*(connection timed out|no answer from https:\/\/127\.0\.0\.1:\d+ within 15 s)$/m,
    );
    const plan = await during;
    const planTook = performance.now() - began;
    assert.equal(plan.code, 1);
    assert.match(plan.out, IN_WORK);
    assert.match(plan.out, /^us +not read: .*(connection timed out|no answer within \d+ ms)/m);
    assert.ok(statusTook < 30_000 && planTook < 75_000, `status took ${statusTook} ms, the plan ${planTook} ms`);
  } finally {
    us.cluster.thawApiServer();
    way.delay = 0;
  }
});

test('live, a cluster that can no longer be read keeps its last row and says so; the other goes on', async () => {
  const flags = ['src/main.ts', 'status', '--watch', '--kubeconfig', near, '--contexts', 'all'];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const newest = (): string => out.slice(out.lastIndexOf('CLUSTER'));
  try {
    await until('both rows', 30_000, () => (IN_WORK.test(newest()) && AT_REST.test(newest())) || new Error(out));
    await us.cluster.stopApiServer();
    await until(
      'the end of us',
      60_000,
      () => /^us +1\.30\.2 .*not read now: .*refused/im.test(newest()) || new Error(out),
    );
    assert.match(newest(), IN_WORK);
    child.kill('SIGINT');
    assert.deepEqual(await ended, [1, null]);
  } finally {
    child.kill('SIGKILL');
    await us.cluster.startApiServer();
  }
});
