import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { LEASE_ANNOTATION } from '../../../src/names.ts';
import { NO_COUNTS, type StatusDocument } from '../../../src/status/statusDocument.ts';
import { statusText } from '../../../src/status/statusText.ts';
import { statusRow, upgradeDocument } from '../../builders/status.ts';
import { afterTest } from '../../jest/afterTest.ts';
import { until } from '../../testbed/until.ts';
import { MeshServer } from './meshServer.ts';
import { meltemi, type Ran } from './ran.ts';

async function cluster(): Promise<MeshServer> {
  const server = await new MeshServer().listen();
  afterTest(() => server[Symbol.asyncDispose]());
  return server;
}

const now = (): string => new Date().toISOString();
const published = (given: Partial<StatusDocument> = {}): Record<string, string> => ({
  [LEASE_ANNOTATION.status]: statusText(upgradeDocument({ at: now(), workloads: [statusRow('web')], ...given })),
});

const status = (server: MeshServer, ...flags: string[]): Promise<Ran> =>
  meltemi(['status', '--kubeconfig', server.kubeconfig(), ...flags]);

test('it shows what the Lease has, wherever that is, and reads nothing else', async () => {
  const server = await cluster();
  server.lease('ops', published());
  const { out, code, error } = await status(server);
  assert.deepEqual([code, error], [0, '']);
  assert.match(out, /^x {2}Meltemi in namespace ops, updated \d+ s ago\n26 current, 14 outdated/);
  assert.deepEqual(
    server.calls.filter((call) => !call.includes('/leases')),
    [],
  );
});

test('of a workload in flight it also shows what the controller says', async () => {
  const server = await cluster();
  server.add('web');
  server.lease('ops', published({ workloads: [statusRow('web', { action: 'follow', startedAt: now() })] }));
  const { workloads } = JSON.parse((await status(server, '-o', 'json')).out);
  assert.deepEqual(workloads[0].rollout, { state: 'complete', detail: '' });
});

test('without the right to workloads it shows all the same, and says which right is missing', async () => {
  const server = await cluster();
  server.lease('ops', published({ workloads: [statusRow('web', { action: 'follow', startedAt: now() })] }));
  server.forbidden = (path) => path.includes('/deployments');
  const { out, code } = await status(server);
  assert.equal(code, 0);
  assert.match(out, /^warning: cannot read the rollouts of workloads in flight: missing right/m);
  assert.match(out, /IN FLIGHT\n {2}shop Deployment\/web/);
});

const FAILURES: readonly [name: string, prepare: (server: MeshServer) => void, error: RegExp][] = [
  ['no Lease', () => undefined, /^error: this cluster has no Lease meltemi, so meltemi never ran here/],
  [
    'a Lease that has no room for one',
    (server) => server.lease('ops', { [LEASE_ANNOTATION.status]: '' }),
    /^error: Lease ops\/meltemi has no room for a status/,
  ],
  [
    'a Lease without a status',
    (server) => server.lease('ops', {}),
    /^error: Lease ops\/meltemi has no status: no meltemi leads/,
  ],
  [
    'a status that cannot be read',
    (server) => server.lease('ops', { [LEASE_ANNOTATION.status]: '{"version":7}' }),
    /^error: the status on Lease ops\/meltemi cannot be read: its version is 7, not 1/,
  ],
  [
    'no right to read Leases',
    (server) => {
      server.forbidden = (path) => path.includes('/leases');
    },
    /^error: cannot read the Lease of meltemi: missing right: list leases/,
  ],
];
for (const [name, prepare, words] of FAILURES)
  test(`it says what is wrong: ${name}`, async () => {
    const server = await cluster();
    prepare(server);
    const { code, error, out } = await status(server);
    assert.match(error, words);
    assert.deepEqual([code, out], [1, '']);
  });

test('YAML and JSON say the same', async () => {
  const server = await cluster();
  server.lease('ops', published());
  const [json, yaml] = await Promise.all([status(server, '-o', 'json'), status(server, '-o', 'yaml')]);
  assert.deepEqual(parse(yaml.out), JSON.parse(json.out));
  const { cluster: name, counts, runs, workloads } = JSON.parse(json.out);
  assert.deepEqual([name, counts.outdated, runs[0].waves.length, workloads[0].name], ['x', 14, 2, 'web']);
});

test('JSON has a pause, wherever it stands, and none where there is none', async () => {
  const rows: [string | undefined, Record<string, string>][] = [
    [undefined, published()],
    ['first look (paused in the policy)', published({ paused: 'first look' })],
    ['freeze', { ...published({ paused: 'first look' }), [LEASE_ANNOTATION.paused]: 'freeze' }],
  ];
  for (const [paused, annotations] of rows) {
    const server = await cluster();
    server.lease('ops', annotations);
    assert.equal(JSON.parse((await status(server, '-o', 'json')).out).paused, paused);
  }
});

test('of what the status does not have, it says that, and not that nothing is outdated there', async () => {
  const server = await cluster();
  server.lease('ops', published());
  const elsewhere = (await status(server, '-n', 'far')).out;
  assert.match(
    elsewhere,
    /^warning: the status has no sums of namespace far: no workload there is in the mesh, or there/m,
  );
  const { warnings } = JSON.parse((await status(server, '--run', 'beef', '-o', 'json')).out);
  assert.deepEqual(warnings, ['the status has no run that begins with beef']);
  assert.deepEqual(JSON.parse((await status(server, '-n', 'bank', '--run', 'f0', '-o', 'json')).out).warnings, []);
});

test('-n and --run show a part: its sums, waits and workloads', async () => {
  const server = await cluster();
  const bank = statusRow('ledger', { namespace: 'bank', run: 'beef', reason: 'cooldown' });
  server.lease('ops', published({ workloads: [statusRow('web'), bank] }));
  const part = JSON.parse((await status(server, '-n', 'bank', '-o', 'json')).out);
  assert.deepEqual([part.counts.current, part.namespaces.length], [20, 1]);
  assert.deepEqual(
    part.workloads.map(({ name }: { name: string }) => name),
    ['ledger'],
  );
  assert.deepEqual(
    part.waits.map(({ reason, workloads }: { reason: string; workloads: number }) => [reason, workloads]),
    [['cooldown', 1]],
  );
  const run = JSON.parse((await status(server, '--run', 'f0', '-o', 'json')).out);
  assert.deepEqual(
    run.workloads.map(({ name }: { name: string }) => name),
    ['web'],
  );
  assert.equal(run.runs.length, 1);
});

test('foreign text reaches no terminal', async () => {
  const server = await cluster();
  const evil = '\u001b[2J\nshop  Deployment/cart \u202ecurrent\u009b1m';
  const row = statusRow(evil, { detail: evil, from: evil });
  const waits = [{ reason: evil, workloads: 1, example: row }];
  server.lease('ops', { ...published({ workloads: [row], waits }), [LEASE_ANNOTATION.paused]: evil });
  for (const flags of [[], ['-o', 'json'], ['-o', 'yaml'], ['--contexts', 'x']]) {
    const { out, error } = await status(server, ...flags);
    assert.doesNotMatch(out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u, flags.join(' '));
    assert.equal(error, '');
  }
});

/** A kubeconfig with the server's context `x`, and others. */
function withContexts(server: MeshServer, others: Readonly<Record<string, string>>): string {
  const path = server.kubeconfig();
  const config = JSON.parse(readFileSync(path, 'utf8'));
  for (const [name, address] of Object.entries(others)) {
    config.clusters.push({ name, cluster: { server: address } });
    config.contexts.push({ name, context: { cluster: name, user: 'u' } });
  }
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test('a fleet is read side by side: one cluster that cannot be read says why, and the exit code is 1', async () => {
  const [server, other] = [await cluster(), await cluster()];
  server.lease('ops', published());
  other.lease('meltemi', published({ proxies: [{ version: '1.29.0', pods: 3 }] }));
  const kubeconfig = withContexts(server, { other: other.url, dead: 'http://127.0.0.1:1' });
  const run = (...flags: string[]) => meltemi(['status', '--kubeconfig', kubeconfig, ...flags]);
  const all = await run('--contexts', 'all');
  assert.equal(all.code, 1);
  assert.match(all.out, /^x +1\.31\.0 +1\.31\.0×70, 1\.30\.2×40 +14 +2 +0 +–$/m);
  assert.match(all.out, /^other +1\.31\.0 +1\.29\.0×3 /m);
  assert.match(all.out, /^dead +not read: .*ECONNREFUSED|^dead +not read: .*refused/m);
  const two = await run('--contexts', 'other,x', '-o', 'json');
  assert.equal(two.code, 0);
  assert.deepEqual(
    JSON.parse(two.out).clusters.map(({ cluster: name }: { cluster: string }) => name),
    ['other', 'x'],
  );
  const planned = await meltemi(['plan', '--kubeconfig', kubeconfig, '--contexts', 'x,dead', '-o', 'json']);
  assert.equal(planned.code, 1);
  const [planX, planDead] = JSON.parse(planned.out).clusters;
  assert.deepEqual([planX.cluster, planX.workloads, planDead.cluster], ['x', [], 'dead']);
  assert.match(planDead.error, /127\.0\.0\.1/);
});

test('a plan of several clusters has the line of a status, and the exit code of a plan', async () => {
  const server = await cluster();
  server.add('web');
  const { out, code } = await meltemi(['plan', '--kubeconfig', server.kubeconfig(), '--contexts', 'x']);
  assert.equal(code, 3);
  assert.match(out, /^x +unknown +1\.30\.2×1 +1 +0 +0 +\d\d:\d\d +no leader$/m);
});

test('a table of clusters reads their Leases only, whatever is in flight; for programs it also asks what controllers say', async () => {
  const server = await cluster();
  server.add('web');
  server.lease('ops', published({ workloads: [statusRow('web', { action: 'follow', startedAt: now() })] }));
  const others = (): string[] => server.calls.filter((call) => !call.includes('/leases'));
  assert.equal((await status(server, '--contexts', 'x')).code, 0);
  assert.deepEqual(others(), []);
  const { clusters } = JSON.parse((await status(server, '--contexts', 'x', '-o', 'json')).out);
  assert.equal(clusters[0].workloads[0].rollout.state, 'complete');
});

const WRONG: readonly [string, string[], RegExp][] = [
  [
    'a context that there is not',
    ['--contexts', 'x,y'],
    /--contexts: the kubeconfig has no context y; it has x\. Use all/,
  ],
  ['both ways to name a context', ['--contexts', 'x', '--context', 'x'], /give --context or --contexts, not both/],
];
for (const [name, flags, words] of WRONG)
  test(`it refuses ${name}`, async () => {
    const { error, code } = await status(await cluster(), ...flags);
    assert.match(error, words);
    assert.notEqual(code, 0);
  });

test('piped, --watch writes when something changes, without colour or controls, and ends well', async () => {
  const server = await cluster();
  server.lease('ops', published());
  const child = spawn(process.execPath, ['src/main.ts', 'status', '--watch', '--kubeconfig', server.kubeconfig()]);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  afterTest(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await until('the first status', 20_000, () => out.includes('26 current, 14 outdated'));
  const { [LEASE_ANNOTATION.status]: text } = published({ counts: { ...NO_COUNTS, current: 40 } });
  const metadata = { name: 'meltemi', namespace: 'ops', uid: 'ops-meltemi', resourceVersion: '2' };
  const object = {
    metadata: { ...metadata, annotations: { [LEASE_ANNOTATION.status]: text ?? '' } },
  };
  await until('the watch', 20_000, () => server.change({ type: 'MODIFIED', object }) > 0);
  await until('the second', 20_000, () => out.includes('40 current, 0 outdated'));
  // an evaluation that comes to the same, and a renewal
  server.change({ type: 'MODIFIED', object: { ...object, metadata: { ...object.metadata, resourceVersion: '3' } } });
  child.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(out.match(/Meltemi in namespace ops/g)?.length, 2);
  assert.doesNotMatch(out.replaceAll('\n', ''), /\p{Cc}/u);
});

test.each([
  [
    'leads and has not published one',
    { holderIdentity: 'leader' },
    /^waiting: .*: leader has not finished its first scan/,
  ],
  ['does not lead yet', {}, /^waiting: .* no meltemi leads/],
])('--watch waits for the first status of a Meltemi that %s', async (_, spec, words) => {
  const server = await cluster();
  const metadata = { name: 'meltemi', namespace: 'ops', uid: 'ops-meltemi', resourceVersion: '1' };
  server.put('leases', { metadata, spec } as Parameters<MeshServer['put']>[1]);
  const child = spawn(process.execPath, [
    'src/main.ts',
    'status',
    '--watch',
    '-o',
    'json',
    '--kubeconfig',
    server.kubeconfig(),
  ]);
  const said = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.error += text;
  });
  afterTest(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  await until('the reason', 20_000, () => words.test(said.error) || new Error(said.error));
  assert.equal(said.out, '', 'whoever reads the pipe gets a status, and nothing else');
  const object = { metadata: { ...metadata, resourceVersion: '2', annotations: published() }, spec };
  await until('the first status', 20_000, () => {
    server.change({ type: 'MODIFIED', object });
    return said.out.includes('\n');
  });
  assert.equal(JSON.parse(said.out.split('\n')[0] ?? '').counts.current, 26);
  assert.match(said.error, /^waiting: [^\n]*\n$/, 'said once');
  child.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
});

const IS_GONE = /^nothing is restarted: leader\S* has not renewed the Lease for \d+ s/m;

test('piped, --watch also says that the leader is gone, though nothing changes any more', async () => {
  const server = await cluster();
  // renewed so long ago that it counts as gone in twelve seconds
  const renewTime = new Date(Date.now() - 13_000).toISOString();
  const spec = { holderIdentity: 'leader', leaseDurationSeconds: 10, renewTime };
  const metadata = { name: 'meltemi', namespace: 'ops', uid: 'u', resourceVersion: '1', annotations: published() };
  server.put('leases', { metadata, spec } as Parameters<MeshServer['put']>[1]);
  const child = spawn(process.execPath, ['src/main.ts', 'status', '--watch', '--kubeconfig', server.kubeconfig()]);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  afterTest(() => child.kill('SIGKILL'));
  await until('the first status', 20_000, () => out.includes('26 current, 14 outdated'));
  assert.doesNotMatch(out, IS_GONE);
  await until('the end of the leader', 30_000, () => IS_GONE.test(out) || new Error(out));
});

for (const flags of [
  ['--if', 'tag prod=canary'],
  ['--context', 'x'],
  ['--explain', 'Deployment/web', '-n', 'shop'],
])
  test(`a plan of several clusters refuses ${flags[0]}, which is about one`, async () => {
    const server = await cluster();
    const { error, code } = await meltemi(['plan', '--kubeconfig', server.kubeconfig(), '--contexts', 'x', ...flags]);
    assert.match(error, /is about one cluster, so it cannot be given with --contexts/);
    assert.equal(code, 2);
  });
