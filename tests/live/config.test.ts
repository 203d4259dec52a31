import assert from 'node:assert/strict';
import type { ApiObject } from '../testbed/api.ts';
import type { Values } from '../testbed/helm.ts';
import { merge } from '../testbed/merge.ts';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { type Operation, type Reviewed, Webhook } from '../testbed/webhook.ts';
import { meltemi, planRows } from './commandLine.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { version } = new Versions();
const VERSION = version();
const RESTART_ON = ['--restart-on', 'missing,image,revision,native,config'];
const PERIOD = ['--reconcile-period', '3s'];
const EACH = ['deployments/shop/web', 'statefulsets/shop/db'];

let bed: Testbed;
let policy: Webhook;
/** What the injector was told last. */
let told: Values = {};

/** Changes the injector's and the mesh's configuration, as `helm upgrade` does, and keeps what was changed before. */
async function configure(values: Values): Promise<void> {
  told = merge(told, values);
  await bed.istio.setInjectorVersion('default', VERSION, told);
}

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly volumeMounts?: readonly object[];
  readonly resources?: { readonly limits?: Readonly<Record<string, string>> };
}

interface Pod extends ApiObject {
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
}

const containersIn = (spec: Reviewed['spec'], field: string): readonly Container[] =>
  (spec?.[field] ?? []) as readonly Container[];

const add = (path: string, value: unknown): Operation => ({ op: 'add', path, value });

/** What policy engines do: a variable and a mount for every container. */
function added({ spec }: Reviewed): Operation[] {
  const each = ['containers', 'initContainers'].flatMap((field) =>
    containersIn(spec, field).flatMap(({ env, volumeMounts }, index) => [
      add(`/spec/${field}/${index}/env`, [...(env ?? []), { name: 'ADDED', value: 'by a policy' }]),
      add(`/spec/${field}/${index}/volumeMounts`, [...(volumeMounts ?? []), { name: 'added', mountPath: '/added' }]),
    ]),
  );
  const volumes = (spec?.volumes ?? []) as readonly object[];
  return [add('/spec/volumes', [...volumes, { name: 'added', emptyDir: {} }]), ...each];
}

async function proxies(namespace: string): Promise<Container[]> {
  const pods = await bed.api.list<Pod>(pathOf('Pod', namespace));
  return pods
    .filter(({ metadata }) => !metadata.deletionTimestamp)
    .flatMap(({ spec }) => [...spec.containers, ...(spec.initContainers ?? [])])
    .filter(({ name }) => name === 'istio-proxy');
}

const drifts = async (namespace: string, ...flags: string[]): Promise<string[]> => {
  const rows = await planRows(bed.kubeconfig, '-n', namespace, ...flags);
  return rows.map(({ kind, name, verdict, drifts }) => [kind, name, verdict, ...drifts].join(' ')).sort();
};

beforeAll(async () => {
  bed = await Testbed.up({ kubelet: 'v1.30.0' });
  await bed.istio.install({ revision: 'default', version: VERSION });
  policy = await Webhook.up(bed.cluster, {
    name: 'z-policy',
    resources: ['pods'],
    operations: ['CREATE'],
    namespaces: { policy: 'adds' },
    answer: added,
  });
  await bed.namespace('shop', { 'istio-injection': 'enabled', policy: 'adds' });
  await bed.api.create(pathOf('LimitRange', 'shop'), {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'defaults' },
    spec: {
      limits: [
        { type: 'Container', default: { 'ephemeral-storage': '2Gi' }, defaultRequest: { 'ephemeral-storage': '0' } },
      ],
    },
  });
  await bed.deploy({ namespace: 'shop', name: 'web', replicas: 2 });
  await bed.deploy({ namespace: 'shop', name: 'db', kind: 'StatefulSet' });
  await bed.waitReady('shop');
});

afterAll(async () => {
  await policy?.down();
  await bed?.down();
});

test('what a LimitRange and a policy add to every container is no drift', async () => {
  for (const { env, resources } of await proxies('shop')) {
    assert.equal(env?.find(({ name }) => name === 'ADDED')?.value, 'by a policy');
    assert.equal(resources?.limits?.['ephemeral-storage'], '2Gi');
  }
  assert.deepEqual(await drifts('shop'), ['Deployment web current', 'StatefulSet db current']);
});

test('changed resources are reported and explained, and nothing is restarted', async () => {
  const scene = await Scene.start(bed, 'config-reports', ...PERIOD);
  try {
    await configure({ global: { proxy: { resources: { requests: { cpu: '250m' }, limits: { cpu: '1500m' } } } } });
    await until('the drift to be reported', 120_000, () =>
      scene.operator
        .said('Decided')
        .some(({ drifts, verdict }) => verdict === 'current' && String(drifts) === 'config'),
    );
    assert.deepEqual(await drifts('shop'), ['Deployment web current config', 'StatefulSet db current config']);
    assert.deepEqual(await drifts('shop', '--report-on', ''), ['Deployment web current', 'StatefulSet db current']);
    const { out } = await meltemi('plan', '--kubeconfig', bed.kubeconfig, '-n', 'shop', '--explain', 'Deployment/web');
    assert.match(
      out,
      /drift: config\n +resources\.limits\.cpu: 2, expected 1500m\n +resources\.requests\.cpu: 100m, expected 250m\n/,
    );
    assert.deepEqual(await scene.restartCounts(), {});
  } finally {
    await scene.stop();
  }
});

test('with the words in restart-on, each change restarts each workload once', async () => {
  const scene = await Scene.start(bed, 'config-restarts', ...PERIOD, ...RESTART_ON);
  const restarted = async (times: number): Promise<void> => {
    await until(`${times} restarts of each`, 120_000, async () => {
      const counts = await scene.restartCounts();
      return EACH.every((key) => counts[key] === times) || new Error(JSON.stringify(counts));
    });
    await scene.settled();
  };
  try {
    await restarted(1);
    for (const { resources } of await proxies('shop')) assert.equal(resources?.limits?.cpu, '1500m');
    await configure({ meshConfig: { defaultConfig: { proxyMetadata: { TIDE: 'low' } } } });
    await restarted(2);
    for (const { env } of await proxies('shop')) assert.equal(env?.find(({ name }) => name === 'TIDE')?.value, 'low');
    for (const { metadata } of await bed.api.list(pathOf('Node')))
      await bed.api.patch(`${pathOf('Node', '', metadata.name)}/status`, {
        status: { nodeInfo: { kubeletVersion: 'v1.36.3' } },
      });
    await restarted(3);
    assert.deepEqual(
      new Set((await bed.sidecars('shop')).map(({ placement }) => placement)),
      new Set(['initContainer']),
    );
    await stays('no other restart', 10_000, async () =>
      Object.values(await scene.restartCounts()).every((n) => n === 3),
    );
    assert.deepEqual([...new Set(Object.values(await scene.outcomes()))], ['verified']);
    assert.deepEqual(await drifts('shop', ...RESTART_ON), ['Deployment web current', 'StatefulSet db current']);
  } finally {
    await scene.stop();
  }
});

test('a webhook after the injector changes it: one restart shows that, and others are not tried', async () => {
  const rewriting = await Webhook.up(bed.cluster, {
    name: 'z-rewriting',
    resources: ['pods'],
    operations: ['CREATE'],
    namespaces: { policy: 'rewrites' },
    answer: ({ spec }) =>
      ['containers', 'initContainers'].flatMap((field) =>
        containersIn(spec, field).flatMap(({ name }, index): Operation[] =>
          name === 'istio-proxy'
            ? [{ op: 'replace', path: `/spec/${field}/${index}/resources/limits/cpu`, value: '3' }]
            : [],
        ),
      ),
  });
  await bed.namespace('capped', { 'istio-injection': 'enabled', policy: 'rewrites' });
  await bed.deploy({ namespace: 'capped', name: 'a' });
  await bed.deploy({ namespace: 'capped', name: 'b' });
  await bed.waitReady('capped');
  const scene = await Scene.start(bed, 'config-remains', ...PERIOD, ...RESTART_ON);
  try {
    await until('a restart to have ended', 60_000, async () => Object.keys(await scene.outcomes()).length > 0);
    await scene.decided('capped', 'outdated', 'config-remains');
    await stays('no other restart', 10_000, async () => (await scene.restarts()).length === 1);
    assert.deepEqual(Object.values(await scene.outcomes()), ['config-remains']);
  } finally {
    await scene.stop();
    await rewriting.down();
  }
});
