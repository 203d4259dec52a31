import assert from 'node:assert/strict';
import { askCluster } from '../../../src/cli/askCluster.ts';
import { completion } from '../../../src/cli/completion.ts';
import { type Actions, program } from '../../../src/cli/program.ts';
import { MeshServer } from './meshServer.ts';

const root = program('1.2.3', {} as Actions, () => undefined);

let server: MeshServer;
beforeAll(async () => {
  server = await new MeshServer().listen();
  server.add('web');
  server.add('cart');
  server.add('agent', {}, 'DaemonSet');
  for (const name of ['bank', 'shop-eu']) server.put('namespaces', { metadata: { name } });
  server.put('deployments', { metadata: { namespace: 'bank', name: 'desk' } });
  server.put('namespaces', { metadata: { name: 'evil\u001b[2J' } });
  for (const [tag, revision] of [
    ['prod', 'default'],
    ['stable', 'canary'],
  ] as const)
    server.put('mutatingwebhookconfigurations', {
      metadata: { name: `istio-revision-tag-${tag}`, labels: { 'istio.io/rev': revision, 'istio.io/tag': tag } },
    });
  server.put('mutatingwebhookconfigurations', {
    metadata: { name: 'istio-sidecar-injector-canary', labels: { 'istio.io/rev': 'canary' } },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

/** The candidates and the directive, in the namespace `shop` of the context. The words of a line are separated by `|`. */
async function complete(line: string, environment = { KUBECONFIG: server.kubeconfig('shop') }): Promise<string[]> {
  return (await completion(root, line.split('|'), askCluster(environment))).split('\n').slice(0, -1);
}

const rows: [name: string, line: string, expected: string[]][] = [
  ['namespaces', 'plan|-n|', ['bank', 'shop', 'shop-eu', ':4']],
  ['namespaces that begin so', 'pause|--namespace|sh', ['shop', 'shop-eu', ':4']],
  ['namespaces after =', 'plan|--namespace=b', ['--namespace=bank', ':4']],
  ['the first of a list', 'plan|--namespaces|b', ['bank', ':4']],
  ['the next of a list', 'run|--exclude-namespaces|shop,', ['shop,bank', 'shop,shop-eu', ':4']],
  [
    'workloads of the namespace of the context',
    'plan|--explain|',
    ['Deployment/web', 'Deployment/cart', 'DaemonSet/agent', ':4'],
  ],
  ['workloads of a given namespace', 'plan|-n|bank|--explain|', ['Deployment/desk', ':4']],
  ['workloads of a namespace after =', 'plan|--namespace=bank|--explain|De', ['Deployment/desk', ':4']],
  ['workloads of the last namespace that is given', 'plan|-n|shop|-n|bank|--explain|D', ['Deployment/desk', ':4']],
  [
    'workloads as kubectl writes their kind',
    'plan|--explain|d',
    ['deployment/web', 'deployment/cart', 'daemonset/agent', ':4'],
  ],
  [
    'what can be assumed',
    'plan|--if|',
    [
      'tag prod=canary',
      'tag prod=default',
      'tag stable=canary',
      'tag stable=default',
      'injector canary=',
      'injector default=',
      'label namespace/',
      ':6',
    ],
  ],
  ['a label from its beginning', 'plan|--if|la', ['label namespace/', ':6']],
  ['tags and revisions', 'plan|--if|tag p', ['tag prod=canary', 'tag prod=default', ':4']],
  ['namespaces to label', 'plan|--if|label namespace/b', ['label namespace/bank istio.io/rev=', ':6']],
  [
    'labels',
    'plan|--if|label namespace/bank istio.io/rev=',
    ['prod', 'stable', 'canary', 'default'].map((to) => `label namespace/bank istio.io/rev=${to}`).concat(':4'),
  ],
  ['revisions whose injector is elsewhere', 'plan|--if|injector d', ['injector default=', ':6']],
  ['a second assumption', 'plan|--if|tag prod=canary|--if|tag s', ['tag stable=canary', 'tag stable=default', ':4']],
  ['nothing for another kind of assumption', 'plan|--if|wish x', [':4']],
];
for (const [name, line, expected] of rows)
  test(`"${line.replaceAll('|', ' ')}": ${name}`, async () => assert.deepEqual(await complete(line), expected));

test('the kubeconfig of the line is asked, and not that of the environment', async () => {
  const line = `plan|--kubeconfig|${server.kubeconfig()}|-n|b`;
  assert.deepEqual(await complete(line, { KUBECONFIG: '/does/not/exist' }), ['bank', ':4']);
});

const silent: [name: string, environment: () => { KUBECONFIG: string }, line?: string][] = [
  ['a kubeconfig that does not exist', () => ({ KUBECONFIG: '/does/not/exist' })],
  ['a context that does not exist', () => ({ KUBECONFIG: server.kubeconfig() }), 'plan|--context|nope|-n|'],
];
for (const [name, environment, line = 'plan|-n|'] of silent)
  test(`${name} is no candidate, and no error`, async () =>
    assert.deepEqual(await complete(line, environment()), [':4']));

test('without the right to list them there are none', async () => {
  server.forbidden = (path) => path.endsWith('/namespaces');
  try {
    assert.deepEqual(await complete('plan|-n|'), [':4']);
  } finally {
    server.forbidden = () => false;
  }
});

test('of workloads, those of the kinds that may be listed', async () => {
  server.forbidden = (path) => path.endsWith('/deployments');
  try {
    assert.deepEqual(await complete('plan|--explain|'), ['DaemonSet/agent', ':4']);
  } finally {
    server.forbidden = () => false;
  }
});

test('a server that does not answer costs the time limit and no more', async () => {
  const ask = askCluster({ KUBECONFIG: server.kubeconfig() }, 200);
  const begun = performance.now();
  const words = await ask({}, () => new Promise<string[]>(() => undefined));
  assert.deepEqual(words, []);
  assert.ok(performance.now() - begun < 5000);
});
