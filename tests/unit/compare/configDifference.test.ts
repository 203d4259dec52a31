import assert from 'node:assert/strict';
import { configDifferences } from '../../../src/compare/configDifference.ts';
import { sidecarConfig } from '../../../src/pods/sidecarConfig.ts';

type Container = Readonly<Record<string, unknown>>;

/** Paths of the differences between what is wanted and what a pod has. */
function paths(wanted: Container, actual: Container): string[] {
  const [one, other] = [sidecarConfig(wanted), sidecarConfig(actual)];
  assert.ok(one && other);
  return configDifferences(one, other).map(({ path }) => path);
}

/** For each field: what the injector answers, what a pod has that is equal to it, and what differs, with the path of the difference. */
const fields: [field: string, wanted: unknown, equal: unknown, other: unknown, path: string][] = [
  ['command', ['a', 'b'], ['a', 'b'], ['a'], 'command'],
  ['args', ['proxy', '--x=1'], ['proxy', '--x=1'], ['--x=1', 'proxy'], 'args'],
  ['workingDir', '/a', '/a', '/b', 'workingDir'],
  [
    'ports',
    [{ containerPort: 15090, name: 'prom' }],
    [{ containerPort: 1 }, { containerPort: 15090, protocol: 'TCP', name: 'prom' }],
    [{ containerPort: 15090, protocol: 'UDP', name: 'prom' }],
    'ports[15090/TCP].containerPort ports[15090/TCP].name',
  ],
  [
    'env',
    [{ name: 'A', value: '1' }],
    [
      { name: 'B', value: '2' },
      { name: 'A', value: '1' },
    ],
    [{ name: 'A', value: '2' }],
    'env[A].value',
  ],
  ['env', [{ name: 'A', value: '1' }], [{ name: 'A', value: '1' }], [], 'env[A].name env[A].value'],
  [
    'env',
    [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    [{ name: 'A', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } }],
    [{ name: 'A', value: 'x' }],
    'env[A].valueFrom.fieldRef.fieldPath',
  ],
  [
    'env',
    [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1' } } }],
    [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1000m' } } }],
    [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } }],
    'env[A].valueFrom.resourceFieldRef.divisor',
  ],
  [
    'envFrom',
    [{ secretRef: { name: 's' } }],
    [{ prefix: 'X' }, { secretRef: { name: 's', optional: true } }],
    [{ prefix: 'X', secretRef: { name: 's' } }],
    'envFrom[secretRef s].secretRef.name',
  ],
  [
    'envFrom',
    [{ configMapRef: { name: 's' } }, { secretRef: { name: 's' } }],
    [{ secretRef: { name: 's' } }, { configMapRef: { name: 's' } }],
    [{ secretRef: { name: 's' } }],
    'envFrom[configMapRef s].configMapRef.name',
  ],
  [
    'resources',
    { limits: { cpu: '2000m', memory: '1Gi' }, requests: { cpu: '0.1' } },
    { limits: { cpu: '2', memory: '1Gi', 'ephemeral-storage': '2Gi' }, requests: { cpu: '100m', memory: '1Gi' } },
    { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m' } },
    'resources.limits.cpu',
  ],
  ['resources', { limits: { cpu: '1' } }, { limits: { cpu: '1' } }, {}, 'resources.limits.cpu'],
  [
    'resources',
    { claims: [{ name: 'a' }] },
    { claims: [{ name: 'a' }, { name: 'b' }] },
    { claims: [{ name: 'b' }] },
    'resources.claims[a].name',
  ],
  [
    'volumeMounts',
    [{ name: 'data', mountPath: '/data' }],
    [
      { name: 'kube-api-access-x1y2z', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
      { name: 'data', mountPath: '/data' },
    ],
    [{ name: 'other', mountPath: '/data' }],
    'volumeMounts[/data].name',
  ],
  [
    'volumeMounts',
    [{ name: 'd', mountPath: '/d', readOnly: false }],
    [{ name: 'd', mountPath: '/d' }],
    [{ name: 'd', mountPath: '/d', readOnly: true }],
    'volumeMounts[/d].readOnly',
  ],
  [
    'volumeDevices',
    [{ name: 'd', devicePath: '/d' }],
    [{ name: 'd', devicePath: '/d' }],
    [{ name: 'e', devicePath: '/d' }],
    'volumeDevices[/d].name',
  ],
  ...['livenessProbe', 'readinessProbe', 'startupProbe'].map((probe): (typeof fields)[number] => [
    probe,
    { httpGet: { path: '/ready', port: 15021 }, initialDelaySeconds: 0, periodSeconds: 15 },
    { httpGet: { path: '/ready', port: 15021, scheme: 'HTTP' }, periodSeconds: 15, successThreshold: 1 },
    { httpGet: { path: '/ready', port: 15020, scheme: 'HTTP' }, periodSeconds: 15 },
    `${probe}.httpGet.port`,
  ]),
  [
    'lifecycle',
    { preStop: { exec: { command: ['drain'] } } },
    { preStop: { exec: { command: ['drain'] } } },
    { preStop: { exec: { command: ['drain', 'now'] } } },
    'lifecycle.preStop.exec.command',
  ],
  [
    'lifecycle',
    { postStart: { exec: { command: ['wait'] } } },
    { postStart: { exec: { command: ['wait'] } } },
    undefined,
    'lifecycle.postStart.exec.command',
  ],
  [
    'securityContext',
    { runAsUser: 1337, privileged: false, capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] } },
    { runAsUser: 1337, capabilities: { add: ['NET_RAW', 'NET_ADMIN'], drop: ['ALL'] }, seccompProfile: { type: 'X' } },
    { runAsUser: 0, privileged: false, capabilities: { add: [], drop: ['ALL'] } },
    'securityContext.capabilities.add securityContext.runAsUser',
  ],
];
for (const [field, wanted, equal, other, path] of fields)
  test(`${field}: what is added or written in another way is equal, what is another value is not: ${path}`, () => {
    assert.deepEqual(paths({ [field]: wanted }, { [field]: equal }), []);
    assert.deepEqual(paths({ [field]: wanted }, { [field]: other }).join(' '), path);
    assert.deepEqual(paths({}, { [field]: other }), []);
  });

const ignored: [string, Container, Container][] = [
  ['the image, which has a drift of its own', { image: 'a:1' }, { image: 'a:2' }],
  ['the place of a native sidecar', { restartPolicy: 'Always' }, {}],
  [
    'when it is pulled, which AlwaysPullImages changes',
    { imagePullPolicy: 'IfNotPresent' },
    { imagePullPolicy: 'Always' },
  ],
  ['where it writes its last message', { terminationMessagePath: '/a' }, { terminationMessagePath: '/b' }],
  [
    'variables that describe the pod',
    {
      env: [
        { name: 'ISTIO_META_WORKLOAD_NAME', value: 'web-' },
        { name: 'ISTIO_META_OWNER', value: 'pod' },
      ],
    },
    { env: [{ name: 'ISTIO_META_WORKLOAD_NAME', value: 'web' }] },
  ],
  [
    'what a probe asks where Istio’s agent answers it',
    { livenessProbe: { httpGet: { path: '/healthz', port: 3501 }, periodSeconds: 6 } },
    { livenessProbe: { httpGet: { path: '/app-health/daprd/livez', port: 15020 }, periodSeconds: 6 } },
  ],
  [
    '… and what a handler calls',
    { lifecycle: { preStop: { tcpSocket: { port: 1 } } } },
    { lifecycle: { preStop: { httpGet: { path: '/app-lifecycle/daprd/prestopz', port: 15020 } } } },
  ],
  ['empty lists', { args: [], env: [], ports: null }, {}],
];
for (const [name, wanted, actual] of ignored)
  test(`what does not count: ${name}`, () => assert.deepEqual(paths(wanted, actual), []));

test('how often a probe asks counts all the same', () =>
  assert.deepEqual(
    paths(
      { livenessProbe: { httpGet: { path: '/healthz' }, periodSeconds: 6 } },
      { livenessProbe: { httpGet: { path: '/app-health/daprd/livez' }, periodSeconds: 7 } },
    ),
    ['livenessProbe.periodSeconds'],
  ));

test('of variables with one name, the last one counts', () => {
  const twice = {
    env: [
      { name: 'A', value: '1' },
      { name: 'A', value: '2' },
    ],
  };
  assert.deepEqual(paths({ env: [{ name: 'A', value: '2' }] }, twice), []);
  assert.deepEqual(paths(twice, { env: [{ name: 'A', value: '1' }] }), ['env[A].value']);
});

test('no name of a field is one that every object has', () =>
  assert.deepEqual(
    paths(
      { resources: JSON.parse('{"limits": {"__proto__": "1", "constructor": "1"}}') },
      { resources: { limits: {} } },
    ),
    ['resources.limits.__proto__', 'resources.limits.constructor'],
  ));

test('differences are bounded, however many there are', () => {
  const env = Array.from({ length: 1000 }, (_, index) => ({ name: `N${index}`, value: 'x' }));
  assert.equal(paths({ env }, {}).length, 100);
});

test('a nesting that no container has is not followed', () => {
  let deep: unknown = 'x';
  for (let level = 0; level < 200; level++) deep = { inner: deep };
  assert.deepEqual(paths({ resources: deep }, {}), []);
});

test('lists are compared in a time that grows with their length', () => {
  const many = (from: number) => Array.from({ length: 3000 }, (_, index) => `C${from + index}`);
  const began = performance.now();
  assert.equal(
    paths(
      { securityContext: { capabilities: { add: many(0) } } },
      { securityContext: { capabilities: { add: many(3000) } } },
    ).length,
    100,
  );
  assert.ok(performance.now() - began < 1000);
});

test('what was compared is not read again: containers are kept as text', () => {
  let looks = 0;
  const counted = (hash: string, container: object) => ({
    hash,
    get container() {
      looks += 1;
      return { ...container };
    },
  });
  const [wanted, actual] = [counted('a', { args: ['a'] }), counted('b', { args: ['b'] })];
  const first = configDifferences(wanted, actual);
  assert.equal(first.length, 1);
  assert.equal(configDifferences(wanted, actual), first);
  assert.equal(looks, 2);
});
