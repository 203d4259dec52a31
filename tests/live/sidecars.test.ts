import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { type Reviewed, Webhook } from '../testbed/webhook.ts';
import { planRows } from './commandLine.ts';
import { Scene } from './scene.ts';
import { Versions } from './versions.ts';

const folder = mkdtempSync(join(tmpdir(), 'meltemi-sidecars-'));
afterAll(() => rmSync(folder, { recursive: true }));

function policyFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
}

/** The images of a container in a namespace's pods, each once; `none` where a pod does not have it. */
async function images(bed: Testbed, namespace: string, container: string): Promise<string[]> {
  const pods = (await bed.api.list(pathOf('Pod', namespace))) as unknown as Pod[];
  const live = pods.filter(({ metadata }) => !metadata.deletionTimestamp);
  const all = live.map(({ spec }) => spec.containers.find(({ name }) => name === container)?.image ?? 'none');
  return [...new Set(all)].sort();
}

const imagesToBe = (bed: Testbed, namespace: string, container: string, image: string): Promise<unknown> =>
  until(`${container} in ${namespace} to be ${image}`, 150_000, async () => {
    const found = await images(bed, namespace, container);
    return (found.length === 1 && found[0] === image) || new Error(found.join());
  });

describe('Dapr’s injector beside Istio', () => {
  const { version, nextVersion } = new Versions();
  const OLD = version();
  const DAPR = (id: string) => ({ annotations: { 'dapr.io/enabled': 'true', 'dapr.io/app-id': id } });
  let bed: Testbed;
  let scene: Scene;
  let copy: Webhook;
  /** The objects that the other webhook was shown. */
  const shown: Reviewed[] = [];

  beforeAll(async () => {
    bed = await Testbed.up({ accounts: true });
    await bed.istio.install({ revision: 'default', version: OLD });
    await bed.dapr.up('docker.io/daprio/daprd:1.14.0');
    copy = await Webhook.up(bed.cluster, {
      name: 'dapr-sidecar-injector-copy',
      resources: ['pods'],
      operations: ['CREATE'],
      namespaces: {},
      answer: (object) => {
        shown.push(object);
        return [];
      },
    });
    await bed.namespace('both', { 'istio-injection': 'enabled' });
    await bed.namespace('dapr-only');
    await bed.namespace('mesh-only', { 'istio-injection': 'enabled' });
    await bed.deploy({ namespace: 'both', name: 'web', ...DAPR('web') });
    await bed.deploy({ namespace: 'dapr-only', name: 'api', replicas: 2, ...DAPR('api') });
    await bed.deploy({ namespace: 'dapr-only', name: 'db', kind: 'StatefulSet', ...DAPR('db') });
    await bed.deploy({ namespace: 'dapr-only', name: 'agent', kind: 'DaemonSet', ...DAPR('agent') });
    await bed.deploy({ namespace: 'mesh-only', name: 'web' });
    await bed.namespace('neither');
    await bed.deploy({ namespace: 'neither', name: 'plain' });
    await Promise.all(['both', 'dapr-only', 'mesh-only', 'neither'].map((namespace) => bed.waitReady(namespace)));
    const policy = policyFile(
      'dapr.yaml',
      `maxInFlight: 5\nsidecars: [{name: dapr, container: daprd, webhook: ${bed.dapr.webhook}}]\n`,
    );
    scene = await Scene.start(bed, 'dapr', '--policy', policy, '--reconcile-period', '3s');
  });

  afterAll(async () => {
    await scene?.stop();
    await copy?.down();
    await bed?.down();
  });

  test('pods have the sidecars that their injectors give them, so nothing is restarted', async () => {
    assert.deepEqual(await images(bed, 'both', 'daprd'), ['docker.io/daprio/daprd:1.14.0']);
    assert.deepEqual(await images(bed, 'dapr-only', 'daprd'), ['docker.io/daprio/daprd:1.14.0']);
    const rows = await planRows(bed.kubeconfig, '--policy', join(folder, 'dapr.yaml'));
    const verdicts = rows.map(({ namespace, kind, name, verdict }) => `${namespace} ${kind}/${name} ${verdict}`);
    assert.deepEqual(verdicts.filter((row) => row.startsWith('both') || row.startsWith('dapr-only')).sort(), [
      'both Deployment/web current',
      'dapr-only DaemonSet/agent current',
      'dapr-only Deployment/api current',
      'dapr-only StatefulSet/db current',
    ]);
    assert.deepEqual(await driftsOf(), []);
    assert.deepEqual(await scene.restartCounts(), {});
  });

  test('another image of Dapr and an upgrade of Istio at the same time: one restart for each workload', async () => {
    await bed.dapr.become('docker.io/daprio/daprd:1.15.0');
    await bed.istio.upgrade('default', nextVersion());
    await imagesToBe(bed, 'dapr-only', 'daprd', 'docker.io/daprio/daprd:1.15.0');
    await imagesToBe(bed, 'both', 'daprd', 'docker.io/daprio/daprd:1.15.0');
    await scene.current(['both', 'mesh-only'], version(), 'default');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), {
      'deployments/both/web': 1,
      'deployments/mesh-only/web': 1,
      'deployments/dapr-only/api': 1,
      'statefulsets/dapr-only/db': 1,
      'daemonsets/dapr-only/agent': 1,
    });
    assert.deepEqual([...new Set(Object.values(await scene.outcomes()))], ['verified']);
    assert.deepEqual(await driftsOf(), []);
  });

  /** The drifts of all workloads, of each of their sidecars. */
  async function driftsOf(): Promise<string[]> {
    const rows = await planRows(bed.kubeconfig, '--policy', join(folder, 'dapr.yaml'));
    return rows.flatMap((row) => [row, ...(row.others ?? [])]).flatMap(({ drifts }) => drifts);
  }

  test('no template was sent to another webhook', () => {
    // a question about a template has the workload's name as a prefix; a real pod of a Deployment has its ReplicaSet's
    const questions = shown.filter(({ metadata }) =>
      /^(web|api)-$/.test((metadata as { generateName?: string }).generateName ?? ''),
    );
    assert.ok(shown.length > 0, 'it was called for real pods');
    assert.deepEqual(questions, []);
  });
});

describe('a wanted image, without any Istio', () => {
  let bed: Testbed;
  let scene: Scene;
  let injector: Webhook;
  let given = 'hashicorp/vault:1.16';
  let policy: string;

  const want = (image: string): string =>
    policyFile(
      'vault.yaml',
      `istio: false\nsidecars: [{name: vault, container: vault-agent, image: '${image}', match: [{namespaceLabels: team=payments}]}]\n`,
    );

  beforeAll(async () => {
    bed = await Testbed.up();
    injector = await Webhook.up(bed.cluster, {
      name: 'vault-agent-injector',
      resources: ['pods'],
      operations: ['CREATE'],
      namespaces: { vault: 'yes' },
      answer: () => [{ op: 'add', path: '/spec/containers/-', value: { name: 'vault-agent', image: given } }],
    });
    for (const namespace of ['pay-a', 'pay-b']) {
      await bed.namespace(namespace, { vault: 'yes', team: 'payments' });
      await bed.deploy({ namespace, name: 'web' });
    }
    await bed.deploy({ namespace: 'pay-a', name: 'other' });
    await bed.namespace('elsewhere', { vault: 'yes' });
    await bed.deploy({ namespace: 'elsewhere', name: 'web' });
    await bed.namespace('bare', { team: 'payments' });
    await bed.deploy({ namespace: 'bare', name: 'web' });
    await Promise.all(['pay-a', 'pay-b', 'elsewhere', 'bare'].map((namespace) => bed.waitReady(namespace)));
    policy = want('hashicorp/vault:1.17');
    given = 'hashicorp/vault:1.17';
    scene = await Scene.start(bed, 'vault', '--policy', policy, '--reconcile-period', '3s');
  });

  afterAll(async () => {
    await scene?.stop();
    await injector?.down();
    await bed?.down();
  });

  test('what the policy is about gets it with one restart', async () => {
    for (const namespace of ['pay-a', 'pay-b']) await imagesToBe(bed, namespace, 'vault-agent', 'hashicorp/vault:1.17');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), {
      'deployments/pay-a/other': 1,
      'deployments/pay-a/web': 1,
      'deployments/pay-b/web': 1,
    });
    assert.deepEqual([...new Set(Object.values(await scene.outcomes()))], ['verified']);
    assert.deepEqual(await images(bed, 'elsewhere', 'vault-agent'), ['hashicorp/vault:1.16'], 'the rest stays');
  });

  test('an injector that still gives the old image: the first restart shows it, and it is said', async () => {
    const before = (await scene.restarts()).length;
    want('hashicorp/vault:1.18');
    await until('a failure in each namespace, or a halt', 90_000, async () => {
      const failed = Object.values(await scene.outcomes()).filter((outcome) => outcome === 'failed:wrong-image');
      return failed.length > 0;
    });
    await until('the others to wait for it', 60_000, async () => {
      const rows = await planRows(bed.kubeconfig, '--policy', policy);
      const waiting = rows.filter(({ verdict, action }) => verdict === 'outdated' && action === 'wait');
      return waiting.length === 3 && waiting.every(({ reason }) => reason === 'halted' || reason === 'gave-up');
    });
    const restarted = (await scene.restarts()).length - before;
    assert.ok(restarted >= 1 && restarted <= 2, `${restarted} restarts: one in each namespace at the most`);
    const said = [
      ...(await scene.messages('pay-a', 'RestartFailed')),
      ...(await scene.messages('pay-b', 'RestartFailed')),
    ];
    assert.match(
      said.join(),
      /new pods are ready with the image hashicorp\/vault:1\.17, expected hashicorp\/vault:1\.18/,
    );
  });

  test('the wish taken back: nothing is outdated, and nothing is restarted', async () => {
    const before = (await scene.restarts()).length;
    want('hashicorp/vault:1.17');
    await until('all to be current', 60_000, async () => {
      const rows = await planRows(bed.kubeconfig, '--policy', policy);
      return rows.filter(({ verdict }) => verdict === 'outdated').length === 0;
    });
    assert.equal((await scene.restarts()).length, before);
  });

  test('no Istio is waited for, and none of its objects is read', async () => {
    assert.deepEqual(scene.operator.said('Found no Istio injector, waiting for one'), []);
    const asked = Object.keys(await bed.audit.requests(scene.user));
    assert.deepEqual(
      asked.filter((request) => /proxyconfigs|configmaps/.test(request)),
      [],
    );
  });
});
