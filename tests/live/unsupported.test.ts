import assert from 'node:assert/strict';
import { RIGHTS } from '../../src/cluster/rights.ts';
import { rulesOf } from '../contract/chart/rightsTemplate.ts';
import type { ApiObject } from '../testbed/api.ts';
import { apiVersionOf, type Kind, pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { meltemi, planRows } from './commandLine.ts';
import { OperatorProcess } from './operatorProcess.ts';
import { QUICK, Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

const { nextVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };
const GROUP = 'farm.meltemi.dev';
const RESOURCES = { Flock: 'flocks', Shepherd: 'shepherds' } as const;
const POD = { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: 'testbed/app:1' }] };
const JOB = { template: { spec: { ...POD, restartPolicy: 'Never' } } };

interface Reference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

const ownedBy = (owner: Reference | undefined) => (owner ? { ownerReferences: [{ ...owner, controller: true }] } : {});

const referenceTo = (apiVersion: string, kind: string, { metadata: { name, uid } }: ApiObject): Reference => ({
  apiVersion,
  kind,
  name,
  uid,
});

async function make(kind: Kind, name: string, spec: object, owner?: Reference): Promise<Reference> {
  const labels = { app: name };
  const made = await bed.api.create(pathOf(kind, 'mixed'), {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: { name, labels, ...ownedBy(owner) },
    spec,
  });
  return referenceTo(apiVersionOf(kind), kind, made);
}

const custom = (kind: keyof typeof RESOURCES, name = ''): string =>
  `/apis/${GROUP}/v1/namespaces/mixed/${RESOURCES[kind]}${name && `/${name}`}`;

async function makeCustom(kind: keyof typeof RESOURCES, name: string, owner?: Reference): Promise<Reference> {
  const apiVersion = `${GROUP}/v1`;
  return referenceTo(
    apiVersion,
    kind,
    await bed.api.create(custom(kind), { apiVersion, kind, metadata: { name, ...ownedBy(owner) } }),
  );
}

async function serve(): Promise<void> {
  for (const [kind, plural] of Object.entries(RESOURCES)) {
    await bed.api.create(pathOf('CustomResourceDefinition'), {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `${plural}.${GROUP}` },
      spec: {
        group: GROUP,
        scope: 'Namespaced',
        names: { kind, plural },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    await until(`${plural} to be served`, 30_000, () => bed.api.find(`/apis/${GROUP}/v1/${plural}`));
  }
}

/** What is no workload that Meltemi can restart: of Kubernetes' own kinds and of an operator's. */
async function makeAll(): Promise<void> {
  await make('Job', 'long', { ...JOB, activeDeadlineSeconds: 36_000 });
  const cron = await make('CronJob', 'nightly', { schedule: '0 0 1 1 *', jobTemplate: { spec: JOB } });
  await make('Job', 'nightly-1', JOB, cron);
  await make('Pod', 'alone', POD);
  const replicas = (name: string) => ({
    replicas: 2,
    template: { metadata: { labels: { app: name } }, spec: POD },
  });
  await make('ReplicaSet', 'set', { ...replicas('set'), selector: { matchLabels: { app: 'set' } } });
  await make('ReplicationController', 'old', { ...replicas('old'), selector: { app: 'old' } });
  const flock = await makeCustom('Flock', 'sheep', await makeCustom('Shepherd', 'peter'));
  for (const name of ['dolly', 'shaun']) await make('Pod', name, POD, flock);
  const first = await makeCustom('Flock', 'hen');
  const second = await makeCustom('Flock', 'egg', first);
  const inACircle = { metadata: { ownerReferences: [{ ...second, controller: true }] } };
  await bed.api.patch(custom('Flock', 'hen'), inACircle);
  await make('Pod', 'chick', POD, first);
  let above: Reference | undefined;
  for (let depth = 9; depth >= 0; depth--) above = await makeCustom('Flock', `deep-${depth}`, above);
  await make('Pod', 'lowest', POD, above);
  await until('eleven ready pods', 60_000, async () => {
    const pods = (await bed.sidecars('mixed')).filter(({ ready, image }) => ready && image);
    return pods.length === 11 || new Error(`${pods.length} pods`);
  });
}

/** Left out here, ReplicaSets and ReplicationControllers are only listed, too. */
const KINDS = ['--kinds', 'Deployment,StatefulSet,DaemonSet'];

const PLAIN = {
  'CronJob/nightly': 1,
  'Job/long': 1,
  'Pod/alone': 1,
  'ReplicaSet/set': 2,
  'ReplicationController/old': 2,
};

/** Outdated pods by what they are listed under. */
async function listed(kubeconfig: string): Promise<Record<string, number | undefined>> {
  const rows = await planRows(kubeconfig, '-n', 'mixed', ...KINDS);
  for (const { verdict, action, reason } of rows)
    assert.deepEqual([verdict, action, reason], ['skipped', 'none', 'unsupported']);
  return Object.fromEntries(rows.map(({ kind, name, outdatedPods }) => [`${kind}/${name}`, outdatedPods]));
}

/** Each owner that is read on the way to a root: two Jobs, three Flocks of the pods above and five of the deep chain, and so on. */
const READS = {
  'get jobs': 2,
  'get replicasets': 1,
  'get replicationcontrollers': 1,
  'get flocks': 8,
  'get shepherds': 1,
};

/** How often a user read owners. */
async function reads(user: string): Promise<Record<string, number>> {
  const all = Object.entries(await bed.audit.requests(user));
  return Object.fromEntries(all.filter(([what]) => Object.hasOwn(READS, what)));
}

test('whatever else owns outdated pods is listed under its root and counted, and nothing of it is written', async () => {
  await serve();
  await bed.namespace('mixed', INJECTED);
  await makeAll();
  const nothing = Object.fromEntries(Object.keys(PLAIN).map((key) => [key, undefined]));
  const before = await listed(bed.kubeconfig);
  assert.deepEqual({ ...before, ...nothing }, before, 'they are current');
  await bed.istio.upgrade('default', nextVersion());
  const counter = await bed.operatorKubeconfig('meltemi-counter');
  const flocks = { [`Flock.${GROUP}/egg`]: 1, [`Flock.${GROUP}/deep-5`]: 1, [`Shepherd.${GROUP}/peter`]: 2 };
  assert.deepEqual(await listed(counter), { ...PLAIN, ...flocks });
  assert.deepEqual(await reads('meltemi-counter'), READS, 'each owner is read once');

  const { code, out, error } = await meltemi('plan', '--kubeconfig', bed.kubeconfig, '-n', 'mixed', ...KINDS);
  assert.equal(code, 0, error);
  assert.match(out, /Job\/long .*unsupported: Job: 1 of 1 pods are outdated; it ends by itself, at the latest at 20/);
  const last = out.trimEnd().split('\n').at(-1) ?? '';
  assert.match(
    last,
    /^11 pods of 8 workloads are outdated and not restarted, because Meltemi cannot restart their kind: /,
  );
  for (const kind of ['1 CronJob', '1 Job', '1 Pod', `2 Flock.${GROUP}`]) assert.ok(last.includes(kind), last);
  const explained = await meltemi('plan', '--kubeconfig', bed.kubeconfig, '-n', 'mixed', '--explain', 'job/long');
  assert.match(explained.out, /What you can do\n.*\n {2}Wait until it ends/);

  // without the right to read custom resources, what the pods themselves name is the root
  const rules = rulesOf(RIGHTS);
  const kubeconfig = await bed.operatorKubeconfig('meltemi-farm', rules);
  const direct = { [`Flock.${GROUP}/hen`]: 1, [`Flock.${GROUP}/deep-0`]: 1, [`Flock.${GROUP}/sheep`]: 2 };
  assert.deepEqual(await listed(kubeconfig), { ...PLAIN, ...direct });

  const scene = await Scene.of(bed, 'meltemi-farm', async () => new OperatorProcess(kubeconfig, [...QUICK, ...KINDS]));
  try {
    const pods = async (kind: string): Promise<string | undefined> => {
      const text = await (await fetch(`http://127.0.0.1:${scene.operator.port('metrics')}/metrics`)).text();
      return new RegExp(`^meltemi_unsupported_outdated_pods\\{kind="${kind}"\\} (\\d+)$`, 'm').exec(text)?.[1];
    };
    await until('the metric', 30_000, async () => (await pods('other')) === '4');
    assert.deepEqual([await pods('Job'), await pods('CronJob'), await pods('Pod')], ['1', '1', '1']);
    await stays('no write', 5000, async () => (await scene.attempts()).length === 0);
    const unread = scene.operator.said('Owner cannot be read, listing its pods under it').map(({ kind }) => kind);
    assert.deepEqual(unread, [`Flock.${GROUP}`], 'said once, of the kind that the rights leave out');
  } finally {
    await scene.stop();
  }
});

test('a pod that asks not to be disrupted holds its workload with --do-not-disrupt=hold, and is marked without', async () => {
  await bed.namespace('calm', INJECTED);
  await bed.deploy({ namespace: 'calm', name: 'asks', annotations: { 'karpenter.sh/do-not-disrupt': 'true' } });
  await bed.deploy({ namespace: 'calm', name: 'web' });
  await bed.waitReady('calm');
  const pods = await bed.api.list(pathOf('Pod', 'calm'), { labelSelector: 'app=web-deployment' });
  const annotations = { 'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false' };
  for (const { metadata } of pods)
    await bed.api.patch(pathOf('Pod', 'calm', metadata.name), { metadata: { annotations } });
  await bed.istio.upgrade('default', nextVersion());
  const marks = async (...flags: string[]) =>
    Object.fromEntries(
      (await planRows(bed.kubeconfig, '-n', 'calm', ...flags)).map(({ name, action, reason, doNotDisrupt }) => [
        name,
        [action, reason, doNotDisrupt],
      ]),
    );
  const asks = 'its pod template has karpenter.sh/do-not-disrupt: "true"';
  const web = '1 of its pods has cluster-autoscaler.kubernetes.io/safe-to-evict: "false"';
  assert.deepEqual(await marks('--do-not-disrupt', 'hold'), {
    asks: ['wait', 'do-not-disrupt', asks],
    web: ['wait', 'do-not-disrupt', web],
  });
  assert.deepEqual(await marks(), {
    asks: ['restart', '', asks],
    web: ['wait', 'max-in-flight-per-namespace', web],
  });
});
