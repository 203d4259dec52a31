import assert from 'node:assert/strict';
import { afterTest } from '../../jest/afterTest.ts';
import { MeshServer } from './meshServer.ts';
import { meltemi, type Ran } from './ran.ts';

interface Operator {
  readonly args?: readonly string[];
  readonly env?: readonly object[];
  readonly version?: string;
}

/** An operator's Deployment as the chart makes it, with its policy. */
function deployed(
  server: MeshServer,
  namespace: string,
  { args = [], env = [], version = '0.1.0' }: Operator = {},
): void {
  const labels = {
    'app.kubernetes.io/part-of': 'meltemi',
    'app.kubernetes.io/component': 'operator',
    'app.kubernetes.io/version': version,
  };
  const container = {
    name: 'meltemi',
    args: ['/app/meltemi.js', 'run', ...args],
    env: [...env, { name: 'MELTEMI_POLICY', value: '/etc/meltemi/policy.yaml' }],
    volumeMounts: [{ name: 'policy', mountPath: '/etc/meltemi' }],
  };
  const spec = { containers: [container], volumes: [{ name: 'policy', configMap: { name: 'meltemi-policy' } }] };
  server.put('deployments', {
    metadata: { namespace, name: 'meltemi', uid: `${namespace}-meltemi`, labels },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  } as never);
}

const policy = (server: MeshServer, namespace: string, text: string): void =>
  server.put('configmaps', { metadata: { namespace, name: 'meltemi-policy' }, data: { 'policy.yaml': text } } as never);

/** A mesh with one outdated Deployment, shop/web. */
async function mesh(): Promise<MeshServer> {
  const server = await new MeshServer().listen();
  afterTest(() => server[Symbol.asyncDispose]());
  server.add('web');
  return server;
}

const plan = (server: MeshServer, ...flags: string[]): Promise<Ran> =>
  meltemi(['plan', '--kubeconfig', server.kubeconfig(), ...flags]);

test('the plan of the operator: its policy excludes what a plan without it would restart', async () => {
  const server = await mesh();
  deployed(server, 'ops', { args: ['--max-attempts=2'] });
  policy(server, 'ops', 'excludeNamespaces: [shop]');
  const [with_, without] = await Promise.all([plan(server, '--in-cluster-settings'), plan(server)]);
  assert.match(with_.out, /web.*wait, excluded/);
  assert.match(
    with_.error,
    /^note: settings of Deployment ops\/meltemi with the policy in ConfigMap ops\/meltemi-policy\n$/,
  );
  assert.match(without.out, /web.*restart/);
  assert.ok(!server.calls.some((call) => call.includes('/secrets')));
});

test('flags and variables of the plan go over it, and are named', async () => {
  const server = await mesh();
  deployed(server, 'ops');
  policy(server, 'ops', 'excludeNamespaces: [shop]');
  const { out } = await plan(server, '--in-cluster-settings', '--exclude-namespaces', 'bank', '-o', 'json');
  const { workloads, settings } = JSON.parse(out);
  assert.equal(workloads.find(({ name }: { name: string }) => name === 'web').action, 'restart');
  assert.deepEqual(settings, {
    deployment: 'ops/meltemi',
    policy: 'ops/meltemi-policy',
    overridden: ['--exclude-namespaces'],
  });
});

test('the operator’s namespaces are those of the plan', async () => {
  const server = await mesh();
  deployed(server, 'ops', { env: [{ name: 'MELTEMI_NAMESPACES', value: 'bank,gone' }] });
  policy(server, 'ops', '{}');
  const all = await plan(server, '--in-cluster-settings', '-o', 'json');
  assert.deepEqual(JSON.parse(all.out).workloads, []);
  const one = await plan(server, '--in-cluster-settings', '-n', 'shop');
  assert.equal(one.error.split('\n').at(-2), 'error: namespace shop is not managed (--namespaces bank,gone)');
});

interface Wrong {
  readonly operators?: Readonly<Record<string, Operator>>;
  readonly policy?: string;
  readonly flag?: string;
  readonly forbidden?: RegExp;
  readonly says: RegExp;
}

const wrong: Readonly<Record<string, Wrong>> = {
  'no operator': {
    operators: {},
    says: /error: no Deployment of meltemi in the cluster: none has the labels .*Is it installed there, and is this the right context/,
  },
  'another namespace': {
    flag: '--in-cluster-settings=away',
    says: /error: no Deployment of meltemi in namespace away: /,
  },
  'another name': {
    flag: '--in-cluster-settings=ops/other',
    says: /error: no operator other in namespace ops: .*; it has ops\/meltemi\./,
  },
  'several operators': {
    operators: { ops: {}, lab: {} },
    says: /error: there are 2 operators in the cluster: lab\/meltemi, ops\/meltemi\. Name one, as in --in-cluster-settings /,
  },
  'no right to list Deployments': {
    forbidden: /\/apps\/v1\/deployments$/,
    says: /error: cannot look for the operator: .*403.*name it: --in-cluster-settings NAMESPACE/,
  },
  'no right to read the policy': {
    forbidden: /configmaps\/meltemi-policy/,
    says: /error: cannot read the operator's settings in ConfigMap ops\/meltemi-policy: .*403.*--policy FILE/,
  },
  'a policy that cannot be used': {
    policy: 'maxInFlight: many',
    says: /error: the policy file cannot be used\nConfigMap ops\/meltemi-policy, policy\.yaml:1:14: maxInFlight: 'many' is invalid/,
  },
  'a flag of another version': {
    operators: { ops: { args: ['--waves=2'], version: '9.0.0' } },
    says: /error: the settings of Deployment ops\/meltemi: unknown option '--waves=2'\. The operator is version 9\.0\.0, this is /,
  },
  'a variable of another version': {
    operators: { ops: { env: [{ name: 'MELTEMI_WAVES', value: '2' }], version: '9.0.0' } },
    says: /warning: the operator is version 9\.0\.0 and this is .*\nwarning: the operator has the variable MELTEMI_WAVES, which/,
  },
  'a setting from a Secret': {
    operators: { ops: { env: [{ name: 'MELTEMI_PDB', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] } },
    says: /warning: the value of MELTEMI_PDB is not read: give it/,
  },
  'no name': { flag: '--in-cluster-settings=Ops', says: /It must be NAMESPACE or NAMESPACE\/DEPLOYMENT/ },
};
for (const [
  name,
  { operators = { ops: {} }, forbidden, flag = '--in-cluster-settings', says, ...rest },
] of Object.entries(wrong))
  test(`the settings of the operator, gone wrong: ${name}`, async () => {
    const server = await mesh();
    for (const [namespace, operator] of Object.entries(operators)) deployed(server, namespace, operator);
    policy(server, 'ops', rest.policy ?? '{}');
    server.forbidden = (path) => forbidden?.test(path) ?? false;
    assert.match((await plan(server, flag)).error, says);
  });
