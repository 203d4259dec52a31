import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { afterTest } from '../../jest/afterTest.ts';
import { MeshServer } from './meshServer.ts';
import { meltemi, type Ran } from './ran.ts';

const PAUSED = { 'meltemi.dev/paused': 'change freeze' };
const LEASES = '/apis/coordination.k8s.io/v1/leases';

/** A mesh with one outdated Deployment. */
async function mesh(): Promise<MeshServer> {
  const server = await new MeshServer().listen();
  afterTest(() => server[Symbol.asyncDispose]());
  server.add('web');
  return server;
}

const plan = (server: MeshServer, namespace = 'default', ...flags: string[]): Promise<Ran> =>
  meltemi(['plan', '--kubeconfig', server.kubeconfig(namespace), ...flags]);

/** The path of a kubeconfig for a server. */
function kubeconfigOf(server: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'meltemi-plan-'));
  afterTest(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'config');
  const named = { clusters: [{ name: 'c', cluster: { server } }], users: [{ name: 'u', user: {} }] };
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
  writeFileSync(path, JSON.stringify({ ...named, contexts, 'current-context': 'x' }));
  return path;
}

interface Case {
  readonly context?: string;
  readonly flags?: string[];
  readonly leases: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Calls that are refused. */
  readonly forbidden?: RegExp;
  readonly next: RegExp;
  readonly warning?: RegExp;
}

const WHOLE_CLUSTER = /coordination\.k8s\.io\/v1\/leases$/;
const EVERY_LEASE = /\/leases(\/|$)/;
const cases: Readonly<Record<string, Case>> = {
  'the only Lease of the cluster': { leases: { ops: PAUSED }, next: /wait, operator-paused: .*change freeze/ },
  'no Lease at all: Meltemi never ran': { leases: {}, next: /restart \(image\)/ },
  'of two Leases, that of the context': {
    context: 'b',
    leases: { a: {}, b: PAUSED },
    next: /wait, operator-paused/,
  },
  'of two Leases, that of the namespace meltemi, whatever a tenant makes': {
    leases: { meltemi: PAUSED, tenant: {} },
    next: /wait, operator-paused/,
  },
  '… also in a plan of that tenant’s namespace': {
    flags: ['-n', 'shop'],
    leases: { meltemi: PAUSED, shop: {} },
    next: /wait, operator-paused/,
  },
  'two Leases, none of them likelier: a warning that names them': {
    leases: { a: PAUSED, b: {} },
    next: /restart \(image\)/,
    warning: /^warning: cannot tell whether Meltemi is paused: there is a Lease meltemi in each of a, b; use a context/,
  },
  'no right to list, the Lease is in the namespace of the context': {
    context: 'ops',
    leases: { ops: PAUSED },
    forbidden: WHOLE_CLUSTER,
    next: /wait, operator-paused: .*change freeze/,
  },
  'no right to list, the Lease is in the namespace meltemi': {
    leases: { meltemi: PAUSED },
    forbidden: WHOLE_CLUSTER,
    next: /wait, operator-paused/,
  },
  'no right to list, the Lease is in the namespace that is planned': {
    flags: ['-n', 'shop'],
    leases: { shop: PAUSED },
    forbidden: WHOLE_CLUSTER,
    next: /wait, operator-paused/,
  },
  'no right to list, the Lease is somewhere else: a warning that names the right': {
    leases: { elsewhere: PAUSED },
    forbidden: WHOLE_CLUSTER,
    next: /restart \(image\)/,
    warning: new RegExp(
      '^warning: cannot tell whether Meltemi is paused: missing right: list leases\\.coordination\\.k8s\\.io in the ' +
        'whole cluster; there is no Lease meltemi in namespace default, meltemi\n$',
    ),
  },
  'no right to read any': {
    context: 'ops',
    leases: { ops: PAUSED },
    forbidden: EVERY_LEASE,
    next: /restart \(image\)/,
    warning: /missing right: list leases.* in the whole cluster, or get them in namespace ops or meltemi\n$/,
  },
};

for (const [name, { context, flags = [], leases, forbidden, next, warning }] of Object.entries(cases)) {
  test(`the pause that plan sees: ${name}`, async () => {
    const server = await mesh();
    for (const [namespace, annotations] of Object.entries(leases)) server.lease(namespace, annotations);
    server.forbidden = (path) => forbidden?.test(path) ?? false;
    const { out, error, code } = await plan(server, context, ...flags);
    assert.match(out, next);
    assert.match(error, warning ?? /^$/);
    assert.equal(code, 3);
  });
}

test('what could not be read is in JSON and YAML too, and is an empty list where all was', async () => {
  const server = await mesh();
  assert.deepEqual(JSON.parse((await plan(server, 'default', '-o', 'json')).out).warnings, []);
  server.forbidden = (path) => path === LEASES;
  const [json, yaml] = await Promise.all([
    plan(server, 'default', '-o', 'json'),
    plan(server, 'default', '-o', 'yaml'),
  ]);
  assert.match(JSON.parse(json.out).warnings[0], /cannot tell whether Meltemi is paused/);
  assert.match(parse(yaml.out).warnings[0], /cannot tell whether Meltemi is paused/);
});

test('plan reads once, so it watches nothing', async () => {
  const server = await mesh();
  const { code } = await plan(server);
  assert.deepEqual([code, server.watched()], [3, []]);
});

const unread: [string, RegExp, RegExp][] = [
  ['nodes', /\/nodes\//, /^warning: cannot tell which nodes are not ready: .*nodes\/node-1: 403/m],
  ['budgets', /poddisruptionbudgets/, /^warning: cannot read PodDisruptionBudgets: .*poddisruptionbudgets: 403/m],
];
for (const [name, refused, warning] of unread) {
  test(`plan says once that it could not read ${name}`, async () => {
    const server = await mesh();
    server.add('agent', {}, 'DaemonSet', false);
    server.add('logger', {}, 'DaemonSet', false);
    server.forbidden = (path) => refused.test(path);
    const { error } = await plan(server);
    assert.match(error, warning);
    assert.equal(error.split('\n').length, 2, error);
  });
}

test('foreign text reaches no terminal: a pause reason, an annotation, a message of the API server', async () => {
  const server = await mesh();
  const evil = '\u001b[2J\nshop  Deployment/cart  \u202ecurrent\u009b1m';
  server.lease('ops', { 'meltemi.dev/paused': evil });
  server.add('evil', { 'meltemi.dev/restart': evil });
  for (const flags of [[], ['-n', 'shop', '--explain', 'Deployment/evil'], ['-o', 'json'], ['-o', 'yaml']]) {
    const { out, error } = await plan(server, 'default', ...flags);
    assert.doesNotMatch(out.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u, flags.join(' '));
    assert.doesNotMatch(out, /^shop {2}Deployment\/cart/m);
    assert.equal(error, '');
  }
  const { workloads } = JSON.parse((await plan(server, 'default', '-o', 'json')).out);
  assert.ok(
    workloads.some(({ detail }: { detail: string }) => detail.includes(evil)),
    'JSON has the exact value',
  );
});

for (const refused of [/\/namespaces$/, /\/leases/]) {
  test(`an error or a warning is one inert line whatever the API server says of ${refused.source}`, async () => {
    const server = await mesh();
    server.forbidden = (path) => refused.test(path);
    server.refusal = `\u001b]0;owned\u0007\nerror: all is well\u202e${'x'.repeat(100_000)}`;
    const { error } = await plan(server);
    assert.match(error, /^(error|warning): [^\n]{1,2100}\n$/);
    assert.doesNotMatch(error.trimEnd(), /[\p{Cc}\p{Cf}]/u);
  });
}

test('a plan that is stopped says that, and not that there is no injector', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  afterTest(() => silent.close());
  afterTest(() => silent.closeAllConnections());
  await once(silent, 'listening');
  const server = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const child = spawn(process.execPath, ['src/main.ts', 'plan', '--kubeconfig', kubeconfigOf(server)]);
  await once(silent, 'request');
  child.kill('SIGINT');
  const [said, [code]] = await Promise.all([child.stderr.setEncoding('utf8').toArray(), once(child, 'exit')]);
  assert.deepEqual([said.join(''), code], ['error: stopped\n', 1]);
});

test('a namespace that does not exist has no plan: it is not that all is current', async () => {
  const { out, error, code } = await plan(await mesh(), 'default', '-n', 'shpo');
  assert.deepEqual([out, error, code], ['', 'error: namespace shpo does not exist\n', 1]);
});

test('of the managed namespaces, one that does not exist is told, and the others are planned', async () => {
  const { out, error, code } = await plan(await mesh(), 'default', '--namespaces', 'shop,shpo', '-o', 'json');
  assert.equal(error, 'warning: namespace shpo does not exist; check --namespaces\n');
  assert.deepEqual([JSON.parse(out).workloads.length, code], [1, 3]);
});

test('an explanation is a text, so that no program takes it for JSON', async () => {
  const flags = ['-n', 'shop', '--explain', 'Deployment/web', '-o', 'json'];
  const { out, error, code } = await plan(await mesh(), 'default', ...flags);
  assert.deepEqual([out, code], ['', 2]);
  assert.match(error, /^error: --explain prints a text, so it cannot be given with --output json\n$/);
});
