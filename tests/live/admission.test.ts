import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { RESTARTED_AT } from '../../src/names.ts';
import { pathOf } from '../testbed/paths.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { type Operation, otherImages, type Reviewed, Webhook, type WebhookOptions } from '../testbed/webhook.ts';
import { isRolledOut, type Rollout } from '../testbed/workloads.ts';
import { each, fleet } from './fleet.ts';
import { clearBetweenTests, Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

/** What other people's admission makes of our writes, and of the pods that come after the injector. */
let bed: Testbed;
const webhooks: Webhook[] = [];

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
});

afterEach(async () => {
  for (const webhook of webhooks.splice(0)) await webhook.down();
});
clearBetweenTests(() => bed);
afterAll(() => bed?.down());

const { version, nextVersion } = new Versions();
const WORKLOADS = ['deployments', 'statefulsets', 'daemonsets'] as const;

async function webhook(options: WebhookOptions): Promise<void> {
  webhooks.push(await Webhook.up(bed.cluster, options));
}

/** Labels of namespaces that are in the mesh and that one of the webhooks is called for. */
const marked = (mark: string): Record<string, string> => ({ 'istio-injection': 'enabled', mark });

const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** Operations that take annotations away below a path. */
const without = (
  annotations: Readonly<Record<string, string>> | undefined,
  path: string,
  isForeign: (key: string) => boolean,
): Operation[] =>
  Object.keys(annotations ?? {})
    .filter(isForeign)
    .map((key) => ({ op: 'remove', path: `${path}/annotations/${escaped(key)}` }));

const KUBERNETES = /^(deployment\.kubernetes\.io|deprecated\.daemonset\.template|kubectl\.kubernetes\.io)\b/;

/** Takes all annotations but Kubernetes' own away from a workload, so that no record ever stands on it. */
const stripped = ({ metadata }: Reviewed): Operation[] =>
  without(metadata.annotations, '/metadata', (key) => !KUBERNETES.test(key));

/** Takes the restart away, too: the patch is answered with 200 and changes nothing. */
const unrestarted = (object: Reviewed): Operation[] => {
  const { template } = object.spec as { template: { metadata: { annotations?: Record<string, string> } } };
  const restart = without(template.metadata.annotations, '/spec/template/metadata', (key) => key === RESTARTED_AT);
  return [...stripped(object), ...restart];
};

/** Deployments, StatefulSets and DaemonSets of these namespaces whose rollout has not come to its end, as the cluster sees it. */
async function underWay(namespaces: readonly string[]): Promise<number> {
  const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
  const all = (await Promise.all(kinds.map((kind) => bed.api.list<Rollout>(pathOf(kind))))).flat();
  return all.filter((one) => namespaces.includes(one.metadata.namespace ?? '') && !isRolledOut(one)).length;
}

/** The most restarts within any time that one rollout takes at least. */
const mostWithin = (times: readonly number[], milliseconds: number): number =>
  Math.max(0, ...times.map((from) => times.filter((time) => time >= from && time < from + milliseconds).length));

/** Tags of the proxies that pods have, and how many of each. */
async function proxies(namespaces: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { image } of (await Promise.all(namespaces.map((one) => bed.sidecars(one)))).flat())
    counts[image] = (counts[image] ?? 0) + 1;
  return counts;
}

test('records that are stripped, sidecars that are retagged, three crashes: one restart of each, five at a time', async () => {
  await webhook({
    name: 'strip',
    resources: WORKLOADS,
    operations: ['CREATE', 'UPDATE'],
    namespaces: { mark: 'retag' },
    answer: stripped,
  });
  await webhook({
    name: 'zz-retag',
    resources: ['pods'],
    operations: ['CREATE'],
    namespaces: { mark: 'retag' },
    answer: (pod) => otherImages(pod, 'istio-proxy', (image) => `${image}-corp`),
  });
  const namespaces = await fleet(bed, 'retag', 14, marked('retag'), { readyAfter: '4s' });
  await bed.istio.upgrade('default', nextVersion());
  const scene = await Scene.start(bed, 'retag', '--reconcile-period', '3s');
  try {
    let most = 0;
    const written = async (): Promise<number> => {
      most = Math.max(most, await underWay(namespaces));
      return (await scene.restarts()).length;
    };
    for (const count of [5, 8, 11]) {
      await until(`${count} restarts`, 180_000, async () => (await written()) >= count);
      await scene.operator.kill();
      await scene.restart();
    }
    const wanted = { [`docker.io/istio/proxyv2:${version()}-corp`]: 14 };
    await until('all to have the new sidecar', 240_000, async () => {
      await written();
      const now = await proxies(namespaces);
      return JSON.stringify(now) === JSON.stringify(wanted) || new Error(JSON.stringify(now));
    });
    await stays('no more than one of each', 15_000, async () => {
      await written();
      assert.deepEqual(await scene.restartCounts(), each(namespaces));
      return true;
    });
    assert.ok(most <= 5, `${most} rollouts at a time`);
    assert.ok(
      mostWithin(
        (await scene.restarts()).map(({ time }) => time),
        4000,
      ) <= 5,
      'five within a rollout’s time',
    );
    assert.deepEqual(await scene.messages('default', 'RestartsHalted'), []);
  } finally {
    await scene.stop();
  }
});

test('records that are stripped from all kinds, and restarts that are stripped with them: one write of each', async () => {
  const rule = { resources: WORKLOADS, operations: ['CREATE', 'UPDATE'] } as const;
  await webhook({ ...rule, name: 'strip', namespaces: { mark: 'strip' }, answer: stripped });
  await webhook({ ...rule, name: 'undo', namespaces: { mark: 'undo' }, answer: unrestarted });
  const slow = { readyAfter: '3s' };
  const deployments = await fleet(bed, 'strip-d', 5, marked('strip'), slow);
  const sets = await fleet(bed, 'strip-s', 4, marked('strip'), { ...slow, kind: 'StatefulSet' });
  const daemons = await fleet(bed, 'strip-a', 3, marked('strip'), { kind: 'DaemonSet' });
  const undone = await fleet(bed, 'undo', 2, marked('undo'), slow);
  const stripping = [...deployments, ...sets, ...daemons];
  await bed.istio.upgrade('default', nextVersion());
  const scene = await Scene.start(bed, 'strip', '--reconcile-period', '3s');
  try {
    let most = 0;
    await until('all to have the new sidecar', 240_000, async () => {
      most = Math.max(most, await underWay(stripping));
      const now = Object.keys(await proxies(stripping));
      return (now.length === 1 && now[0]?.endsWith(`:${version()}`)) || new Error(now.join(' '));
    });
    await until('all to be written', 60_000, async () => (await scene.restarts()).length >= 14);
    await scene.operator.kill();
    await scene.restart();
    await stays('one of each', 20_000, async () => (await scene.restarts()).length === 14);
    const counts = await scene.restartCounts();
    assert.deepEqual(new Set(Object.values(counts)), new Set([1]));
    assert.deepEqual(
      undone.filter((namespace) => counts[`deployments/${namespace}/web`] !== 1),
      [],
    );
    assert.ok(most <= 5, `${most} rollouts at a time`);
  } finally {
    await scene.stop();
  }
});

const digest = (image: string): string => `sha256:${createHash('sha256').update(image).digest('hex')}`;
const pinned = (image: string): string => (image.includes('@') ? image : `${image}@${digest(image)}`);

/** What people's policies make of an image when a pod is made, each of another form. */
const REWRITINGS: Readonly<Record<string, (image: string) => string>> = {
  'a digest beside the tag': pinned,
  'a digest in the place of the tag': (image) => `${image.replace(/:[^:/]*$/, '')}@${digest(image)}`,
  'another registry, a path in front and a digest': (image) => pinned(image.replace('docker.io', 'harbor.corp/proxy')),
};

for (const [what, rewrite] of Object.entries(REWRITINGS)) {
  test(`${what}: one restart of each of 12, and no halt`, async () => {
    await webhook({
      name: 'zz-pin',
      resources: ['pods'],
      operations: ['CREATE'],
      namespaces: { mark: 'pin' },
      answer: (pod) => otherImages(pod, 'istio-proxy', (image) => (isFresh(image) ? rewrite(image) : image)),
    });
    const namespaces = await fleet(bed, 'pin', 12, marked('pin'));
    await bed.istio.upgrade('default', nextVersion());
    const scene = await Scene.start(bed, `pin-${version()}`, '--reconcile-period', '3s');
    try {
      await upgradedOnce(scene, namespaces, rewrite(`docker.io/istio/proxyv2:${version()}`));
    } finally {
      await scene.stop();
    }
  });
}

/** Whether nobody has rewritten it yet. */
const isFresh = (image: string): boolean => /^docker\.io\/istio\/proxyv2:[^@]*$/.test(image);

/** Waits until all pods have this image, and watches that each workload was restarted for it once. */
async function upgradedOnce(scene: Scene, namespaces: readonly string[], image: string): Promise<void> {
  await until(`all to have ${image}`, 240_000, async () => {
    const now = Object.keys(await proxies(namespaces));
    return (now.length === 1 && now[0] === image) || new Error(now.join(' '));
  });
  await stays('one of each', 10_000, async () => (await scene.restarts()).length === namespaces.length);
  assert.deepEqual(await scene.restartCounts(), each(namespaces));
  assert.deepEqual(await scene.messages('default', 'RestartsHalted'), []);
}

const mirrored = (image: string): string => image.replace(/^docker\.io\//, 'harbor.corp/dockerhub/');

test('a mirror with a path in front: 20 restarts for 20 workloads, whether the policy names it or not', async () => {
  await webhook({
    name: 'zz-mirror',
    resources: ['pods'],
    operations: ['CREATE'],
    namespaces: { mark: 'mirror' },
    answer: (pod) => otherImages(pod, 'istio-proxy', mirrored),
  });
  const namespaces = await fleet(bed, 'mirror', 20, marked('mirror'));
  await bed.istio.upgrade('default', nextVersion());
  const learning = await Scene.start(bed, 'mirror-learnt', '--reconcile-period', '3s');
  try {
    await upgradedOnce(learning, namespaces, mirrored(`docker.io/istio/proxyv2:${version()}`));
  } finally {
    await learning.stop();
  }
  const policy = bed.path('mirror.yaml');
  writeFileSync(policy, 'imageRewrites: [{ from: docker.io, to: harbor.corp/dockerhub }]\n');
  const told = await Scene.start(bed, 'mirror-told', '--reconcile-period', '3s', '--policy', policy);
  try {
    await stays('nothing is outdated', 5_000, async () => (await told.restarts()).length === 0);
    await bed.istio.upgrade('default', nextVersion());
    await upgradedOnce(told, namespaces, mirrored(`docker.io/istio/proxyv2:${version()}`));
  } finally {
    await told.stop();
  }
});

/** Lets nothing change but the restart annotation of the template. */
const RESTART_ONLY = [
  {
    expression: 'object.spec.template.spec == oldObject.spec.template.spec',
    message: 'the pod may not change',
  },
  {
    expression: `(has(object.metadata.annotations) ? object.metadata.annotations : {}).all(k, k.startsWith('deployment.kubernetes.io/') ||
      k == 'deprecated.daemonset.template.generation' ||
      (has(oldObject.metadata.annotations) && k in oldObject.metadata.annotations &&
        oldObject.metadata.annotations[k] == object.metadata.annotations[k]))`,
    message: 'only kubectl.kubernetes.io/restartedAt of the template may change',
  },
];

/** Refuses annotations by their domain. */
const KNOWN_DOMAINS = [
  {
    expression: `!has(object.metadata.annotations) || object.metadata.annotations.all(k, !k.startsWith('meltemi.dev/'))`,
    message: 'an annotation of an unknown domain',
  },
];

async function admissionPolicy(name: string, mark: string, validations: readonly object[]): Promise<void> {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: WORKLOADS };
  const matchConstraints = { namespaceSelector: { matchLabels: { mark } }, resourceRules: [rule] };
  await bed.api.create(pathOf('ValidatingAdmissionPolicy'), {
    apiVersion,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name },
    spec: { failurePolicy: 'Fail', matchConstraints, validations },
  });
  await bed.api.create(pathOf('ValidatingAdmissionPolicyBinding'), {
    apiVersion,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name },
    spec: { policyName: name, validationActions: ['Deny'] },
  });
}

/** Waits until nobody can annotate the Deployment of a namespace with anything of ours. */
async function refused(namespace: string): Promise<void> {
  const path = `${pathOf('Deployment', namespace, 'web')}?dryRun=All`;
  const annotations = { 'meltemi.dev/test': '1' };
  const isRefused = () =>
    bed.api.patch(path, { metadata: { annotations } }).then(
      () => false,
      () => true,
    );
  await until(`annotations to be refused in ${namespace}`, 20_000, isRefused);
}

test('admission that refuses the record: restarted without it, once each and said once a namespace', async () => {
  const refusing = ['restart-only', 'known-domains', 'by-webhook'];
  for (const namespace of refusing) {
    await bed.namespace(namespace, marked(namespace));
    await bed.deploy({ namespace, name: 'web' });
  }
  await bed.deploy({ namespace: 'restart-only', name: 'db', kind: 'StatefulSet' });
  await bed.deploy({ namespace: 'restart-only', name: 'agent', kind: 'DaemonSet' });
  await Promise.all(refusing.map((namespace) => bed.waitReady(namespace)));
  await admissionPolicy('restart-and-nothing-else', 'restart-only', RESTART_ONLY);
  await admissionPolicy('known-domains-only', 'known-domains', KNOWN_DOMAINS);
  await webhook({
    name: 'refuse',
    resources: WORKLOADS,
    operations: ['UPDATE'],
    namespaces: { mark: 'by-webhook' },
    answer: ({ metadata }) =>
      Object.keys(metadata.annotations ?? {}).some((key) => key.startsWith('meltemi.dev/'))
        ? 'no annotations of strangers'
        : [],
  });
  await Promise.all(refusing.map(refused));
  await bed.istio.upgrade('default', nextVersion());
  const scene = await Scene.start(bed, 'refused', '--reconcile-period', '3s');
  try {
    await scene.current(refusing, version(), 'default', 90);
    await scene.operator.kill();
    await scene.restart();
    await stays('one of each', 10_000, async () => (await scene.restarts()).length === 5);
    const expected = [
      ...refusing.map((one) => `deployments/${one}/web`),
      'statefulsets/restart-only/db',
      'daemonsets/restart-only/agent',
    ];
    assert.deepEqual(await scene.restartCounts(), Object.fromEntries(expected.map((key) => [key, 1])));
    for (const namespace of refusing)
      assert.equal((await scene.messages(namespace, 'RecordRefused')).length, 1, namespace);
  } finally {
    await scene.stop();
    for (const name of ['restart-and-nothing-else', 'known-domains-only']) {
      await bed.api.delete(pathOf('ValidatingAdmissionPolicyBinding', '', name));
      await bed.api.delete(pathOf('ValidatingAdmissionPolicy', '', name));
    }
  }
});
