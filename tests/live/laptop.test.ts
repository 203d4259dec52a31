import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { promisify } from 'node:util';
import type { Row } from '../../src/report/row.ts';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { ChartRelease } from './chartRelease.ts';
import { meltemi, type Ran } from './commandLine.ts';
import type { OperatorProcess } from './operatorProcess.ts';

/** What decides and is not the operator's default: of it a plan without the operator's settings knows nothing. */
const VALUES = {
  config: { dryRun: true, maxInFlightPerNamespace: 2, restartOn: ['image'] },
  extraArgs: ['--max-in-flight=3'],
  policy: { excludeNamespaces: ['batch'], recreate: 'hold' },
};
const OUTDATED = ['shop', 'bank', 'batch'];
const REASONS = new Set(['', 'excluded', 'max-in-flight', 'max-in-flight-per-namespace']);

let bed: Testbed;
let release: ChartRelease;
let operator: OperatorProcess;
/** What the operator has decided, while it could ask istiod in its own way. */
let expected: readonly string[];
let podPort: Server;

/** What decides, of a row of a plan or of a line of the operator's log. */
const decision = ({ kind, namespace, name, verdict, action, reason, from, to, drifts }: Row) =>
  JSON.stringify({ kind, namespace, name, verdict, action, reason, from, to, drifts });
const decisions = (rows: readonly Row[]): string[] => rows.map(decision).sort();

/** The operator's newest decisions. */
const decided = (): string[] => {
  const lines = operator.said('Decided') as unknown as Row[];
  return decisions([...new Map(lines.map((row) => [`${row.namespace}/${row.kind}/${row.name}`, row])).values()]);
};

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
  for (const namespace of OUTDATED) {
    await bed.namespace(namespace, { 'istio-injection': 'enabled' });
    for (const name of ['web', 'cart', 'list']) await bed.deploy({ namespace, name });
    await bed.waitReady(namespace);
  }
  await bed.istio.upgrade('default', '1.31.0');
  await bed.namespace('meltemi');
  release = new ChartRelease(bed, 'meltemi');
  await release.install(VALUES);
  operator = await release.start();
  // its first decisions wait for istiod to have read its configuration
  expected = await until('every workload to be decided', 60_000, () => {
    const rows = decided();
    const reasons = new Set(rows.map((row) => JSON.parse(row).reason));
    return reasons.size === REASONS.size && rows.length === OUTDATED.length * 3 && rows;
  });
});

afterAll(async () => {
  await operator?.stop();
  podPort?.close();
  await bed?.down();
});

interface Webhooks extends ApiObject {
  readonly webhooks: readonly { readonly clientConfig: { readonly caBundle: string } }[];
}

/** Webhooks name a Service, as they do in most meshes. Its ClusterIP leads nowhere here, and its pod is a kubelet's. */
async function behindAService(): Promise<void> {
  const path = pathOf('MutatingWebhookConfiguration', '', 'istio-sidecar-injector');
  const { webhooks } = await bed.api.get<Webhooks>(path);
  const service = { namespace: 'istio-system', name: 'istiod', path: '/inject', port: 443 };
  await bed.api.patch(path, {
    webhooks: webhooks.map(({ clientConfig: { caBundle }, ...webhook }) => ({
      ...webhook,
      clientConfig: { service, caBundle },
    })),
  });
  podPort = createServer((socket) => {
    const there = connect(bed.istio.address('default'));
    for (const one of [socket, there]) one.once('error', () => one.destroy());
    socket.pipe(there).pipe(socket);
  });
  await new Promise<void>((resolve) => podPort.listen(bed.cluster.forwarded, '127.0.0.1', resolve));
}

/** Rights of a person who may look at everything but Secrets, and forward ports. */
const READER = [
  {
    apiGroups: ['', 'apps', 'policy', 'admissionregistration.k8s.io', 'networking.istio.io', 'coordination.k8s.io'],
    resources: [
      'namespaces',
      'configmaps',
      'services',
      'pods',
      'nodes',
      'deployments',
      'replicasets',
      'statefulsets',
      'daemonsets',
      'poddisruptionbudgets',
      'mutatingwebhookconfigurations',
      'proxyconfigs',
      'leases',
    ],
    verbs: ['get', 'list', 'watch'],
  },
];
const FORWARDING = { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] };

const planOf = (kubeconfig: string, ...flags: string[]): Promise<Ran> =>
  meltemi('plan', '--kubeconfig', kubeconfig, '-o', 'json', ...flags);

const rowsIn = ({ out, error }: Ran): readonly Row[] => {
  if (!out) throw new Error(error);
  return (JSON.parse(out) as { workloads: Row[] }).workloads;
};
const inMesh = (rows: readonly Row[]): Row[] => rows.filter(({ reason }) => reason !== 'not-injected');

test('by kubectl exec, plan has the settings and the rights of the operator', async () => {
  const [, line = ''] =
    /kubectl -n meltemi exec deploy\/meltemi -- (.*)/.exec(readFileSync('docs/plan.md', 'utf8')) ?? [];
  const [node, script, ...args] = line.split(' ');
  const { spec } = (await release.deployment()).spec.template;
  const { args: started, env } = spec.containers[0];
  assert.equal(node, '/nodejs/bin/node');
  assert.equal(script, started[0]);
  const environment = Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['src/main.ts', ...args, ...VALUES.extraArgs, '-o', 'json'],
    {
      env: { ...environment, MELTEMI_POLICY: await release.mountPolicy(), KUBECONFIG: await release.kubeconfig() },
    },
  ).catch((error: { code: number; stdout: string }) => {
    assert.equal(error.code, 3);
    return error;
  });
  const { workloads, warnings } = JSON.parse(stdout) as { workloads: Row[]; warnings: string[] };
  assert.deepEqual(warnings, []);
  assert.deepEqual(decisions(inMesh(workloads)), expected);
});

test('from a laptop, plan has the settings of the operator and forwards a port to istiod by itself', async () => {
  await behindAService();
  const kubeconfig = await bed.operatorKubeconfig('laptop', [...READER, FORWARDING]);
  const ran = await planOf(kubeconfig, '--in-cluster-settings');
  assert.match(
    ran.error,
    /^note: settings of Deployment meltemi\/meltemi with the policy in ConfigMap meltemi\/meltemi-policy$/m,
  );
  assert.match(
    ran.error,
    /^note: asking Service istio-system\/istiod through a port-forward to port 15017 of pod istiod-/m,
  );
  assert.deepEqual(JSON.parse(ran.out).warnings, []);
  assert.deepEqual(decisions(inMesh(rowsIn(ran))), expected);
  assert.equal(ran.code, 3);
  const asked = await bed.audit.requests('laptop');
  assert.ok((asked['get pods/portforward'] ?? 0) > 0, Object.keys(asked).join(', '));
  assert.deepEqual(
    Object.keys(asked).filter((one) => one.includes('secrets')),
    [],
  );
  assert.deepEqual(await bed.audit.writes('laptop'), []);
});

test('without the operator’s settings, the plan is another one', async () => {
  const ran = await planOf(bed.cluster.kubeconfig('laptop'));
  assert.notDeepEqual(decisions(inMesh(rowsIn(ran))), expected);
});

test('flags go over the operator’s settings, and the plan says so', async () => {
  const ran = await planOf(bed.cluster.kubeconfig('laptop'), '--in-cluster-settings=meltemi', '--max-in-flight', '9');
  const { settings } = JSON.parse(ran.out) as { settings: object };
  const policy = 'meltemi/meltemi-policy';
  assert.deepEqual(settings, { deployment: 'meltemi/meltemi', policy, overridden: ['--max-in-flight'] });
  assert.deepEqual(
    rowsIn(ran).filter(({ reason }) => reason === 'max-in-flight'),
    [],
  );
});

test('without the right to forward ports, plan names the right and the command of kubectl', async () => {
  const ran = await planOf(await bed.operatorKubeconfig('looker', READER), '--in-cluster-settings');
  assert.equal(ran.code, 1);
  assert.match(
    ran.error,
    /^warning: cannot forward a port to Service istio-system\/istiod: .*403: .*pods\/portforward/m,
  );
  assert.match(ran.error, /needs the rights get and create on pods\/portforward/);
  assert.match(ran.error, /"kubectl -n istio-system port-forward svc\/istiod 15017:443"/);
  assert.ok(inMesh(rowsIn(ran)).every(({ reason }) => reason === 'injector-unreachable'));
});

test('a port-forward of one’s own does instead', async () => {
  const address = `localhost:${bed.istio.address('default').port}`;
  const ran = await planOf(bed.cluster.kubeconfig('looker'), '--in-cluster-settings', '--injector-address', address);
  assert.deepEqual(decisions(inMesh(rowsIn(ran))), expected);
});

test('what would happen if: with the operator’s settings, and through the port-forward that would be needed then', async () => {
  const ran = await planOf(
    bed.cluster.kubeconfig('laptop'),
    ...['--in-cluster-settings', '--if', 'label namespace/shop istio-injection-'],
  );
  assert.match(ran.error, /^note: asking Service istio-system\/istiod through a port-forward/m);
  const { assumptions, settings } = JSON.parse(ran.out) as { assumptions: object[]; settings: { overridden: object } };
  assert.deepEqual(assumptions, [
    { assumption: 'label namespace/shop istio-injection-', now: 'istio-injection=enabled' },
  ]);
  assert.deepEqual(settings.overridden, []);
  const rows = rowsIn(ran);
  const unlabelled = rows.filter(({ namespace }) => namespace === 'shop');
  assert.deepEqual(
    new Set(unlabelled.map(({ verdict, reason }) => `${verdict} ${reason}`)),
    new Set(['skipped orphaned']),
  );
  const isElsewhere = (decision: string) => !decision.includes('"namespace":"shop"');
  const others = decisions(inMesh(rows)).filter(isElsewhere);
  assert.equal(others.length, 6);
  // without those of shop, fewer restarts stand in the queue before them
  const judged = (all: readonly string[]) =>
    all.map((one) => JSON.parse(one)).map(({ name, verdict, to }) => [name, verdict, to]);
  assert.deepEqual(judged(others), judged(expected.filter(isElsewhere)));
});

test('an injector that is assumed elsewhere is asked there, and no port is forwarded to the one that it replaces', async () => {
  const { host, port } = bed.istio.address('default');
  const ran = await planOf(
    bed.cluster.kubeconfig('laptop'),
    ...['--in-cluster-settings', '--if', `injector default=${host}:${port}`],
  );
  assert.doesNotMatch(ran.error, /port-forward/);
  assert.deepEqual(decisions(inMesh(rowsIn(ran))), expected);
});
