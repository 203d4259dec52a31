import assert from 'node:assert/strict';
import { CONTAINER_FIELDS } from '../../../src/pods/containerProtobuf.ts';
import { SidecarConfigs, sidecarConfig } from '../../../src/pods/sidecarConfig.ts';
import { collector } from '../../soak/collector.ts';
import { encode, type Fields } from '../cluster/protobufEncoder.ts';

type Row = [field: string, json: unknown, number: number, protobuf: Fields[number]];

const PROBE_JSON = {
  exec: { command: ['a', 'b'] },
  httpGet: { path: '/x', port: 15021, host: 'h', scheme: 'HTTPS', httpHeaders: [{ name: 'n', value: 'v' }] },
  tcpSocket: { port: 'named', host: 'h' },
  grpc: { port: 9, service: 's' },
  initialDelaySeconds: 1,
  timeoutSeconds: 2,
  periodSeconds: 3,
  successThreshold: 4,
  failureThreshold: 5,
  terminationGracePeriodSeconds: 6,
};
const HTTP_GET: Fields = { 1: '/x', 2: { 1: 0, 2: 15021, 3: '' }, 3: 'h', 4: 'HTTPS', 5: [{ 1: 'n', 2: 'v' }] };
const TCP: Fields = { 1: { 1: 1, 2: 0, 3: 'named' }, 2: 'h' };
const PROBE: Fields = {
  1: { 1: { 1: ['a', 'b'] }, 2: HTTP_GET, 3: TCP, 4: { 1: 9, 2: 's' } },
  2: 1,
  3: 2,
  4: 3,
  5: 4,
  6: 5,
  7: 6,
};

/** Field numbers as in k8s.io/api core/v1. */
const rows: Row[] = [
  ['command', ['a', 'b'], 3, ['a', 'b']],
  ['args', ['a'], 4, ['a']],
  ['workingDir', '/w', 5, '/w'],
  [
    'ports',
    [{ name: 'p', hostPort: 1, containerPort: 2, protocol: 'TCP', hostIP: 'ip' }],
    6,
    [{ 1: 'p', 2: 1, 3: 2, 4: 'TCP', 5: 'ip' }],
  ],
  [
    'env',
    [
      { name: 'A', value: 'x' },
      { name: 'B', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
      { name: 'C', valueFrom: { resourceFieldRef: { containerName: 'c', resource: 'limits.cpu', divisor: '1' } } },
      { name: 'D', valueFrom: { configMapKeyRef: { name: 'm', key: 'k', optional: true } } },
      { name: 'E', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: false } } },
    ],
    7,
    [
      { 1: 'A', 2: 'x' },
      { 1: 'B', 3: { 1: { 1: 'v1', 2: 'metadata.name' } } },
      { 1: 'C', 3: { 2: { 1: 'c', 2: 'limits.cpu', 3: { 1: '1' } } } },
      { 1: 'D', 3: { 3: { 1: { 1: 'm' }, 2: 'k', 3: true } } },
      { 1: 'E', 3: { 4: { 1: { 1: 's' }, 2: 'k', 3: false } } },
    ],
  ],
  [
    'resources',
    { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '100m' }, claims: [{ name: 'c', request: 'r' }] },
    8,
    {
      1: [
        { 1: 'cpu', 2: { 1: '2' } },
        { 1: 'memory', 2: { 1: '1Gi' } },
      ],
      2: [{ 1: 'cpu', 2: { 1: '100m' } }],
      3: [{ 1: 'c', 2: 'r' }],
    },
  ],
  [
    'volumeMounts',
    [
      {
        name: 'v',
        readOnly: true,
        mountPath: '/v',
        subPath: 's',
        mountPropagation: 'None',
        subPathExpr: 'e',
        recursiveReadOnly: 'Disabled',
      },
    ],
    9,
    [{ 1: 'v', 2: true, 3: '/v', 4: 's', 5: 'None', 6: 'e', 7: 'Disabled' }],
  ],
  ['livenessProbe', PROBE_JSON, 10, PROBE],
  ['readinessProbe', PROBE_JSON, 11, PROBE],
  [
    'lifecycle',
    {
      postStart: { exec: { command: ['a'] }, httpGet: PROBE_JSON.httpGet },
      preStop: { tcpSocket: PROBE_JSON.tcpSocket, sleep: { seconds: 5 } },
      stopSignal: 'SIGTERM',
    },
    12,
    { 1: { 1: { 1: ['a'] }, 2: HTTP_GET }, 2: { 3: TCP, 4: { 1: 5 } }, 3: 'SIGTERM' },
  ],
  [
    'securityContext',
    {
      capabilities: { add: ['A', 'B'], drop: ['ALL'] },
      privileged: false,
      seLinuxOptions: { user: 'u', role: 'r', type: 't', level: 'l' },
      runAsUser: 1337,
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      runAsGroup: 1337,
      procMount: 'Default',
      seccompProfile: { type: 'Localhost', localhostProfile: 'p' },
      appArmorProfile: { type: 'RuntimeDefault' },
    },
    15,
    {
      1: { 1: ['A', 'B'], 2: ['ALL'] },
      2: false,
      3: { 1: 'u', 2: 'r', 3: 't', 4: 'l' },
      4: 1337,
      5: true,
      6: true,
      7: false,
      8: 1337,
      9: 'Default',
      11: { 1: 'Localhost', 2: 'p' },
      12: { 1: 'RuntimeDefault' },
    },
  ],
  [
    'envFrom',
    [
      { prefix: 'P', configMapRef: { name: 'm', optional: true } },
      { prefix: '', secretRef: { name: 's' } },
    ],
    19,
    [
      { 1: 'P', 2: { 1: { 1: 'm' }, 2: true } },
      { 1: '', 3: { 1: { 1: 's' } } },
    ],
  ],
  ['volumeDevices', [{ name: 'd', devicePath: '/d' }], 21, [{ 1: 'd', 2: '/d' }]],
  ['startupProbe', PROBE_JSON, 22, PROBE],
];
for (const [field, json, number, protobuf] of rows)
  test(`${field} is read from protobuf as from JSON`, () => {
    const configs = new SidecarConfigs();
    const read = configs.ofProtobuf(encode({ 1: 'istio-proxy', 2: 'image', [number]: protobuf, 24: 'Always' }));
    assert.deepEqual(JSON.parse(JSON.stringify(read?.container)), { [field]: json });
    assert.deepEqual(configs.ofObject({ name: 'istio-proxy', [field]: json })?.container, read?.container);
  });

test('every compared field has such a row', () =>
  assert.deepEqual(new Set(rows.map(([field]) => field)), new Set(CONTAINER_FIELDS)));

const mount = (name: string): Fields => ({ 1: name, 3: '/var/run/secrets/kubernetes.io/serviceaccount' });

test('pods of one template share one configuration, whatever their token mounts are called', () => {
  const configs = new SidecarConfigs();
  const [one, other, different] = ['kube-api-access-abcde', 'kube-api-access-fghij', 'kube-api-acces-fghijk'].map(
    (name) =>
      configs.ofProtobuf(
        encode({ 1: 'istio-proxy', 4: ['proxy'], 9: [{ 1: 'a', 3: '/a' }, mount(name), { 1: 'b', 3: '/b' }] }),
      ),
  );
  assert.ok(one);
  assert.equal(one, other);
  assert.notEqual(one, different);
  assert.equal(configs.decoded, 0, 'nobody has looked at them');
  assert.notDeepEqual(one.container, different?.container);
  assert.equal(configs.decoded, 2, 'only those that are looked at are decoded');
  assert.deepEqual(one.container?.volumeMounts, [
    { name: 'a', mountPath: '/a' },
    { name: 'b', mountPath: '/b' },
  ]);
});

test('so they do when pods of other templates lie between them, and when one token more is mounted it is another one', () => {
  const configs = new SidecarConfigs();
  const read = (...names: string[]) => configs.ofProtobuf(encode({ 1: 'istio-proxy', 9: names.map(mount) }));
  const one = read('kube-api-access-abcde', 'b');
  const other = read('kube-api-access-abcde', 'c');
  assert.notEqual(one?.hash, other?.hash);
  assert.equal(read('kube-api-access-fghij', 'b'), one);
  assert.equal(read('kube-api-access-klmno', 'c'), other);
  assert.notEqual(read('b', 'kube-api-access-abcde')?.hash, read('c', 'kube-api-access-abcde')?.hash);
  assert.deepEqual(read('b', 'kube-api-access-xyzab')?.container, one?.container);
});

test('so do pods of templates that differ in variables that describe the pod', () => {
  const configs = new SidecarConfigs();
  const read = (env: readonly [string, string][], token: string) =>
    configs.ofProtobuf(
      encode({ 1: 'istio-proxy', 7: env.map(([name, value]) => ({ 1: name, 2: value })), 9: [mount(token)] }),
    );
  const names = (workload: string, owner: string): [string, string][] => [
    ['ISTIO_META_WORKLOAD_NAME', workload],
    ['ISTIO_META_MESH_ID', 'mesh'],
    ['ISTIO_META_OWNER', owner],
  ];
  const one = read(names('web', 'kubernetes://apis/apps/v1/namespaces/shop/deployments/web'), 'kube-api-access-abcde');
  assert.equal(read(names('longer-name', 'x'.repeat(200)), 'kube-api-access-fghij'), one);
  assert.equal(read([['ISTIO_META_MESH_ID', 'mesh']], 'kube-api-access-fghij'), one);
  assert.notEqual(read([...names('web', 'w'), ['ISTIO_META_OWNERS', 'w']], 'kube-api-access-abcde'), one);
  assert.notEqual(read([['ISTIO_META_MESH_ID', 'other']], 'kube-api-access-abcde'), one);
  assert.deepEqual(one?.container, { env: [{ name: 'ISTIO_META_MESH_ID', value: 'mesh' }], volumeMounts: [] });
});

test('bytes that turn out to be no container, or one that is too large, have nothing to compare', () => {
  const configs = new SidecarConfigs();
  assert.equal(configs.ofProtobuf(encode({ 4: ['a'], 7: [Buffer.from([0xff])] }))?.container, undefined);
  const escaped = ['\u0001'.repeat(20 * 1024)];
  assert.equal(configs.ofProtobuf(encode({ 4: escaped }))?.container, undefined);
});

test('a container that is too large to be a sidecar is not compared', () => {
  const args = ['x'.repeat(33 * 1024)];
  assert.equal(sidecarConfig({ args }), undefined);
  assert.equal(new SidecarConfigs().ofObject({ args }), undefined);
  assert.equal(new SidecarConfigs().ofProtobuf(encode({ 1: 'istio-proxy', 4: args })), undefined);
});

test('the hash is that of the content, whatever the order of its keys', () => {
  const hash = (container: object): string | undefined => sidecarConfig({ ...container })?.hash;
  assert.equal(hash({ args: ['a'], resources: { b: 1, a: 2 } }), hash({ resources: { a: 2, b: 1 }, args: ['a'] }));
  assert.notEqual(hash({ args: ['a'] }), hash({ args: ['b'] }));
});

test('the time of a restart that an injector copies is no other configuration', () => {
  const at = (time: string) =>
    sidecarConfig({ env: [{ name: 'ANNOTATIONS', value: `{"restartedAt":"${time}"}` }] }, [time]);
  assert.equal(at('2026-01-01T00:00:00Z')?.hash, at('2026-01-02T00:00:00Z')?.hash);
});

describe('the memory of configurations', () => {
  const SIZE = 5000;
  const MANY = 2000;
  const collect = collector();
  const configured = (index: number): Buffer => encode({ 1: 'istio-proxy', 4: [`${index} ${'x'.repeat(SIZE)}`] });

  /** Megabytes of buffers, after what nobody has was collected. */
  async function megabytes(): Promise<number> {
    // what a weak reference has shown stays until the turn is over, and the bytes of a buffer until the next collection
    for (let round = 0; round < 2; round++) {
      await new Promise(setImmediate);
      collect();
    }
    return process.memoryUsage().arrayBuffers / 1e6;
  }

  test('those that no pod has any more take none: tenants and upgrades make others again and again', async () => {
    const configs = new SidecarConfigs();
    const before = await megabytes();
    for (let index = 0; index < MANY; index++) configs.ofProtobuf(configured(index));
    const after = await megabytes();
    assert.ok(after - before < 2, `${MANY} configurations of ${SIZE} bytes take ${(after - before).toFixed(1)} MB`);
  });

  test('those that pods have take as many bytes as they have', async () => {
    const configs = new SidecarConfigs();
    const before = await megabytes();
    const held: unknown[] = [];
    for (let index = 0; index < MANY / 4; index++) {
      held.push(configs.ofProtobuf(configured(index)));
      // others use Node's pool of buffers in between
      for (let other = 0; other < 8; other++) Buffer.from('y'.repeat(4000));
    }
    const after = await megabytes();
    assert.ok(
      after - before < 4,
      `${held.length} configurations of ${SIZE} bytes take ${(after - before).toFixed(1)} MB`,
    );
  });
});
