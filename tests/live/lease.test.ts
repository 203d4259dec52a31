import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { Lease } from '../../src/leader/lease.ts';
import { LEASE_ANNOTATION } from '../../src/names.ts';
import { afterTest } from '../jest/afterTest.ts';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { ElectorProcess } from './electorProcess.ts';
import { OperatorProcess } from './operatorProcess.ts';
import { stays } from './stays.ts';

/** The longest look of who stands by, 2.2 retry periods, and seven seconds for a busy machine: still less than what is left of a lease. */
const LOOK = 11_400;
const LEASE = 15_000;

let bed: Testbed;

beforeAll(async () => {
  bed = await Testbed.up({ nodes: 0 });
});

afterAll(() => bed?.down());

/** Two who want to lead, each with a user of its own; the first does already. */
async function two(namespace: string): Promise<[ElectorProcess, ElectorProcess]> {
  await bed.namespace(namespace);
  await bed.deploy({ namespace, name: 'web', replicas: 0 });
  const [one, other] = await Promise.all(
    ['one', 'other'].map(async (name) => ({ name, kubeconfig: await bed.operatorKubeconfig(`${namespace}-${name}`) })),
  );
  assert.ok(one && other);
  const first = new ElectorProcess(one.kubeconfig, namespace, one.name);
  afterTest(() => first.end());
  await first.said('wrote', 20_000);
  const second = new ElectorProcess(other.kubeconfig, namespace, other.name);
  afterTest(() => second.end());
  await second.said('standing by', 20_000);
  return [first, second];
}

/** Who wrote to the Deployment, in the API server's order, without repeats. */
async function writers(namespace: string): Promise<string[]> {
  const names = ['one', 'other'];
  const all = await Promise.all(
    names.map(async (name) => {
      const writes = await bed.audit.writes(`${namespace}-${name}`);
      return writes.filter(({ resource }) => resource === 'deployments').map(({ time }) => ({ time, name }));
    }),
  );
  const order = all
    .flat()
    .sort((a, b) => a.time - b.time)
    .map(({ name }) => name);
  return order.filter((name, index) => name !== order[index - 1]);
}

type LeaseObject = ApiObject & Lease;
const leaseIn = (namespace: string): Promise<LeaseObject> =>
  bed.api.get<LeaseObject>(pathOf('Lease', namespace, 'meltemi'));

async function annotated(namespace: string, annotation: string): Promise<string | undefined> {
  return (await leaseIn(namespace)).metadata.annotations?.[annotation];
}

describe('two candidates', () => {
  test('a leader that is killed: the other leads when the lease has run out, not before', async () => {
    const [one, other] = await two('killed');
    one.signal('SIGKILL');
    const began = performance.now();
    await other.said('wrote', LEASE + LOOK);
    // The last renewal was at most five seconds old, and it is what the other counts from.
    assert.ok(performance.now() - began > LEASE - 5000 - 2000, `after ${performance.now() - began} ms`);
    assert.deepEqual(await writers('killed'), ['one', 'other']);
    assert.equal((await leaseIn('killed')).spec?.leaseTransitions, 1);
  });

  test('a leader that is told to stop: the other leads at its next look', async () => {
    const [one, other] = await two('stopped');
    one.signal('SIGTERM');
    await other.said('wrote', LOOK);
    assert.deepEqual(await writers('stopped'), ['one', 'other']);
  });

  test('a leader that sleeps past its lease: woken, it writes nothing and stands by', async () => {
    const [one, other] = await two('asleep');
    one.signal('SIGSTOP');
    await other.said('wrote', LEASE + LOOK);
    one.signal('SIGCONT');
    await one.said('refused', 5000);
    assert.match(String((await one.said('lost', 5000)).detail), /not renewed for 10 s/);
    assert.equal((await one.said('standing by', LOOK)).detail, 'other');
    await stays('only the other writes', 3000, async () => (await writers('asleep')).join() === 'one,other');
  });

  test('a pause reaches the leader and the standby, and a resume is recorded once', async () => {
    const [one, other] = await two('told');
    await bed.kubectl('-n', 'told', 'annotate', 'lease', 'meltemi', 'note=kept', `${LEASE_ANNOTATION.paused}=freeze`);
    for (const elector of [one, other])
      assert.deepEqual((await elector.said('pauseState', 5000)).detail, { paused: 'freeze' });
    await meltemi('resume', '-n', 'told');
    const at = await until('the resume', 5000, () => annotated('told', LEASE_ANNOTATION.resumedAt));
    const resumedAt = Date.parse(at);
    for (const elector of [one, other]) {
      await until('it to be heard', 5000, () =>
        elector.lines.some(({ detail }) => JSON.stringify(detail) === JSON.stringify({ resumedAt })),
      );
    }
    assert.equal(await annotated('told', LEASE_ANNOTATION.resumed), await annotated('told', LEASE_ANNOTATION.resume));
    one.signal('SIGKILL');
    await other.said('wrote', LEASE + LOOK);
    const after = (await leaseIn('told')).metadata.annotations;
    assert.deepEqual(
      [after?.[LEASE_ANNOTATION.resumedAt], after?.note],
      [at, 'kept'],
      'nor recorded by the next leader',
    );
    assert.ok(!one.lines.some(({ said }) => said === 'lost'), 'a conflict is no loss');
  });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

function meltemi(...args: readonly string[]): Promise<Ran> {
  return meltemiAs(bed.kubeconfig, ...args);
}

function meltemiAs(kubeconfig: string, ...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    const command = ['src/main.ts', ...args, '--kubeconfig', kubeconfig];
    execFile(process.execPath, command, { timeout: 60_000 }, (failure, out, error) =>
      resolve({ code: typeof failure?.code === 'number' ? failure.code : failure ? -1 : 0, out, error }),
    );
  });
}

test('meltemi pause and resume: the annotations, and what is said', async () => {
  await bed.namespace('words');
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'meltemi' }, spec: {} };
  await bed.api.create(pathOf('Lease', 'words'), lease);
  const rows: [string[], string | undefined][] = [
    [['pause', '-n', 'words'], 'true'],
    [['pause', '-n', 'words', '--reason', 'freeze until Monday'], 'freeze until Monday'],
    [['pause', '-n', 'words', '--reason', 'false'], '"false"'],
    [['resume', '-n', 'words'], undefined],
  ];
  for (const [args, paused] of rows) {
    const { code, out, error } = await meltemi(...args);
    assert.deepEqual([code, error], [0, '']);
    assert.match(out, /by Lease words\/meltemi/);
    assert.equal(await annotated('words', LEASE_ANNOTATION.paused), paused);
  }
  const first = await annotated('words', LEASE_ANNOTATION.resume);
  await meltemi('resume', '-n', 'words');
  assert.notEqual(await annotated('words', LEASE_ANNOTATION.resume), first, 'a second resume is another');
});

test('meltemi pause where there is no Lease says where there is one, if it may look', async () => {
  await bed.namespace('home');
  await bed.namespace('elsewhere');
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'meltemi' }, spec: {} };
  await bed.api.create(pathOf('Lease', 'home'), lease);
  const lost = await meltemi('pause', '-n', 'elsewhere');
  assert.equal(lost.code, 1);
  assert.match(lost.error, /^error: namespace elsewhere has no Lease meltemi; there is one in .*\bhome\b.*: use -n /);
  const patch = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['patch'] };
  const blind = await meltemiAs(await bed.operatorKubeconfig('blind', [patch]), 'pause', '-n', 'elsewhere');
  assert.equal(blind.code, 1);
  assert.match(blind.error, /has no Lease meltemi; use -n with the namespace that meltemi runs in/);
  const nobody = await meltemiAs(await bed.operatorKubeconfig('nobody', []), 'pause', '-n', 'home');
  assert.equal(nobody.code, 1);
  assert.match(nobody.error, /missing right: patch leases\.coordination\.k8s\.io in namespace home/);
});

async function health(operator: OperatorProcess, path: string): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${operator.port('health')}${path}`);
  return [response.status, await response.text()];
}

test('meltemi run: holds the Lease, is ready and alive, also standing by, and gives it back', async () => {
  const kubeconfig = await bed.operatorKubeconfig('replicas');
  const first = new OperatorProcess(kubeconfig);
  await until('the first to lead', 20_000, () => first.said('Leading')[0] ?? new Error(first.rest));
  const second = new OperatorProcess(kubeconfig);
  try {
    const { holder } = await until('the second to stand by', 20_000, () => second.said('Standing by')[0]);
    assert.equal(holder, first.said('Leading')[0]?.identity);
    assert.equal((await leaseIn('default')).spec?.holderIdentity, holder);
    await until('both to be ready', 20_000, async () => {
      const ready = await Promise.all([first, second].map((one) => health(one, '/readyz/watches')));
      return ready.every(([status]) => status === 200) || new Error(JSON.stringify(ready));
    });
    assert.deepEqual(await health(second, '/livez/leader-election'), [200, 'ok\n']);
    assert.equal(await first.stop(), 0);
    await until('the second to lead', LOOK, () => second.said('Leading')[0]);
  } finally {
    await Promise.all([first.kill(), second.stop()]);
  }
  assert.deepEqual((await leaseIn('default')).spec?.holderIdentity ?? '', '');
});

test('meltemi run without election: the Lease exists without a holder, and its requests count; a dry run does not touch it', async () => {
  const kubeconfig = await bed.operatorKubeconfig('single');
  await bed.api.delete(pathOf('Lease', 'default', 'meltemi'));
  const dry = new OperatorProcess(kubeconfig, ['--dry-run']);
  await until('the dry run to begin', 20_000, () => dry.said('Leading')[0]);
  const operator = new OperatorProcess(kubeconfig, ['--leader-elect=false']);
  try {
    await until('the Lease', 20_000, () => leaseIn('default'));
    assert.equal((await leaseIn('default')).spec?.holderIdentity, undefined);
    await meltemi('pause', '--reason', 'freeze');
    for (const one of [dry, operator])
      assert.equal((await until('it to be paused', 5000, () => one.said('Paused')[0])).reason, 'freeze');
    await meltemi('resume');
    await until('it to be resumed', 5000, () => operator.said('Resumed')[0]);
  } finally {
    await Promise.all([dry.stop(), operator.stop()]);
  }
  const writes = (await bed.audit.writes('single')).filter(({ resource }) => resource === 'leases');
  // the journal is written to it as well
  const [first, ...others] = writes.map(({ verb, code }) => `${verb} ${code}`);
  assert.equal(first, 'create 201');
  assert.deepEqual(new Set(others), new Set(['update 200']));
});
