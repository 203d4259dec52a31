import assert from 'node:assert/strict';
import type { Row } from '../../src/report/row.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { meltemi, planRows, type Ran } from './commandLine.ts';
import { OperatorProcess } from './operatorProcess.ts';
import { stays } from './stays.ts';

let bed: Testbed;

beforeAll(async () => {
  bed = await Testbed.up();
});

afterAll(() => bed?.down());

const plan = (...args: string[]): Promise<Ran> => meltemi('plan', '--kubeconfig', bed.kubeconfig, ...args);

const json = (...args: string[]): Promise<readonly Row[]> => planRows(bed.kubeconfig, ...args);

test('without Istio, plan says what is missing and exits 1; run waits and says so', async () => {
  const { code, error, out } = await plan();
  assert.equal(code, 1);
  assert.match(error, /no Istio injector in this cluster.*Is Istio installed/s);
  assert.equal(out, '');
  const operator = new OperatorProcess(bed.kubeconfig);
  await until(
    'the operator to wait',
    20_000,
    () => operator.said('Found no Istio injector, waiting for one').length === 1,
  );
  assert.equal(await operator.stop(), 0, 'SIGTERM is a tidy end');
});

test('when Istio comes, everything is current and plan exits 0', async () => {
  await bed.istio.base();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
  await bed.namespace('shop', { 'istio-injection': 'enabled' });
  for (let number = 1; number <= 40; number++) {
    await bed.deploy({
      kind: 'Deployment',
      namespace: 'shop',
      name: `web-${number}`,
      replicas: 5,
      labels: { number: String(number) },
    });
  }
  await bed.namespace('outside', {});
  await bed.deploy({ kind: 'Deployment', namespace: 'outside', name: 'web', replicas: 1 });
  await Promise.all(['shop', 'outside'].map((namespace) => bed.waitReady(namespace)));
  const { code, out } = await plan();
  assert.equal(code, 0);
  assert.match(out, /40 current, 1 skipped \(1 outside the mesh not listed/);
});

test('in a dry run 40 Deployments of 5 replicas cost at most 40 questions, a second scan none, and nothing is written', async () => {
  await bed.istio.upgrade('default', '1.31.0');
  const before = await bed.istio.questions('default');
  const user = 'meltemi-dry';
  const operator = new OperatorProcess(await bed.operatorKubeconfig(user), ['--dry-run', '--reconcile-period', '3s']);
  try {
    await until('a scan', 30_000, () => operator.said('Scanned').length > 0);
    const first = (await bed.istio.questions('default')) - before;
    assert.ok(first > 0 && first <= 40, `${first} questions`);
    await until('another scan', 30_000, () => operator.said('Scanned').length > 2);
    assert.equal((await bed.istio.questions('default')) - before, first);
    await stays('nothing written', 3000, async () => (await bed.audit.writes(user)).length === 0);
  } finally {
    await operator.stop();
  }
});

test('plan finds what is outdated, in order, and exits 3', async () => {
  const { code, out } = await plan();
  assert.equal(code, 3);
  assert.match(out, /40 outdated/);
  assert.match(out, /proxyv2:1\.30\.2 \(default\) → proxyv2:1\.31\.0 \(default\)/);
  const workloads = await json();
  assert.deepEqual(
    workloads.filter(({ action }) => action === 'restart').map(({ order }) => order),
    [1],
  );
  assert.deepEqual(
    workloads.flatMap(({ order }) => order ?? []),
    Array.from({ length: 40 }, (_, index) => index + 1),
  );
  assert.equal(workloads.filter(({ reason }) => reason === 'max-in-flight-per-namespace').length, 39);
});

test('plan in YAML and for one namespace', async () => {
  const { code, out } = await plan('-o', 'yaml', '-n', 'outside');
  assert.equal(code, 0);
  assert.match(out, /^workloads:\n {2}- kind: Deployment\n {4}namespace: outside\n/);
  assert.match(out, /reason: not-injected/);
});

test('through a port-forward of one’s own', async () => {
  const away = await plan('-n', 'shop', '--injector-address', '127.0.0.1:1');
  assert.equal(away.code, 1, 'nothing could be assessed');
  assert.match(away.out, /injector-unreachable.*ECONNREFUSED/);
  const { host, port } = bed.istio.address('default');
  const there = await plan('-n', 'shop', '--injector-address', `${host}:${port}`);
  assert.equal(there.code, 3);
});

test('plan leaves no trace', async () => {
  const user = 'meltemi-planner';
  const { code } = await meltemi('plan', '--kubeconfig', await bed.operatorKubeconfig(user));
  assert.equal(code, 3);
  assert.deepEqual(await bed.audit.writes(user), []);
});

test('with the right to list pods missing, plan names it', async () => {
  const rules = [
    {
      apiGroups: ['', 'apps', 'admissionregistration.k8s.io', 'networking.istio.io'],
      resources: [
        'namespaces',
        'configmaps',
        'services',
        'deployments',
        'statefulsets',
        'daemonsets',
        'mutatingwebhookconfigurations',
        'proxyconfigs',
      ],
      verbs: ['get', 'list', 'watch'],
    },
  ];
  const { code, error } = await meltemi('plan', '--kubeconfig', await bed.operatorKubeconfig('meltemi-no-pods', rules));
  assert.equal(code, 1);
  assert.match(error, /list pods/);
});

test('without any right, run keeps trying, says which right is missing and is not ready', async () => {
  const operator = new OperatorProcess(await bed.operatorKubeconfig('meltemi-nobody', []));
  try {
    await until('the rejection', 20_000, () =>
      operator.said('Watch failed, retrying').some(({ err }) => /list mutatingwebhookconfigurations/.test(String(err))),
    );
    const ready = await fetch(`http://127.0.0.1:${operator.port('health')}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /^watches failed/);
    assert.equal((await fetch(`http://127.0.0.1:${operator.port('health')}/livez`)).status, 200);
  } finally {
    await operator.stop();
  }
});

test('metrics and health of a running operator', async () => {
  const operator = new OperatorProcess(await bed.operatorKubeconfig('meltemi-watched'), ['--dry-run']);
  try {
    await until('a scan', 30_000, () => operator.said('Scanned').length > 0);
    const metrics = await until('the workloads to be counted', 10_000, async () => {
      const text = await (await fetch(`http://127.0.0.1:${operator.port('metrics')}/metrics`)).text();
      return text.includes('meltemi_workloads{state="outdated"} 40') && text;
    });
    for (const line of [
      'meltemi_build_info{',
      'meltemi_restarts_total{kind="Deployment",result="verified"} 0',
      'meltemi_scan_duration_seconds_count 1',
    ]) {
      assert.ok(metrics.includes(line), line);
    }
    const questions = Number(/meltemi_injector_questions_total\{result="sidecar"\} (\d+)/.exec(metrics)?.[1]);
    assert.ok(
      questions > 0 && questions <= 40,
      `${questions} questions about 40 templates, of which like ones share an answer`,
    );
    assert.equal((await fetch(`http://127.0.0.1:${operator.port('health')}/readyz`)).status, 200);
  } finally {
    assert.equal(await operator.stop(), 0);
  }
});
