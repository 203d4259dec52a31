import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { dirname } from 'node:path';
import { request } from 'undici';
import { RIGHTS, type Right, type RightScope } from '../../src/cluster/rights.ts';
import { ANNOTATION, LEASE_ANNOTATION } from '../../src/names.ts';
import { VERSION } from '../../src/version.ts';
import type { ApiObject } from '../testbed/api.ts';
import { toolbox } from '../testbed/build.ts';
import { type Kind, pathOf } from '../testbed/paths.ts';
import { run } from '../testbed/run.ts';
import { type Rule, Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { ChartRelease } from './chartRelease.ts';
import type { LogLine, OperatorProcess } from './operatorProcess.ts';
import { QUICK, Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

/** Webhooks that name a Service need root on the testbed; without it, nothing has to read Services. */
const rooted = process.getuid?.() === 0;
const INJECTED = { 'istio-injection': 'enabled' };
const RESTRICTED = { 'pod-security.kubernetes.io/enforce': 'restricted' };
const { version, nextVersion, comingVersion } = new Versions();

let bed: Testbed;

beforeAll(async () => {
  bed = await Testbed.up({ rootless: !rooted });
  await bed.istio.base();
  await bed.istio.install({ revision: 'default', version: '1.30.2' });
});

afterAll(() => bed?.down());

/** Installs the chart into a namespace of its own, and ends both after the scenario. */
async function installed(
  namespace: string,
  values: Readonly<Record<string, unknown>>,
  scenario: (release: ChartRelease) => Promise<void>,
): Promise<void> {
  await bed.namespace(namespace, RESTRICTED);
  const release = new ChartRelease(bed, namespace);
  await release.install(values);
  try {
    await scenario(release);
  } finally {
    await release.uninstall().catch(() => undefined);
    await bed.deleteNamespace(namespace);
  }
}

interface Lease extends ApiObject {
  readonly spec?: { readonly holderIdentity?: string };
}

const leaseIn = (namespace: string): Promise<Lease | undefined> =>
  bed.api.find<Lease>(pathOf('Lease', namespace, 'meltemi'));

test('installed under the restricted standard, it upgrades a mesh with the rights of its ServiceAccount, all of them and no others', () =>
  installed(
    'ops',
    {
      replicaCount: 2,
      config: { restartTimeout: '20s' },
      podDisruptionBudget: { enabled: true },
      networkPolicy: { enabled: true },
      grafanaDashboard: { enabled: true },
    },
    async (release) => {
      await bed.waitReady('ops');
      assert.equal((await bed.api.list(pathOf('Pod', 'ops'))).length, 2);
      await bed.namespace('shop', INJECTED);
      const target = comingVersion();
      await bed.deploy({ namespace: 'shop', name: 'web', replicas: 2 });
      await bed.deploy({ namespace: 'shop', name: 'stuck', stuckWithProxy: target });
      await bed.deploy({ kind: 'StatefulSet', namespace: 'shop', name: 'db' });
      await bed.deploy({ kind: 'DaemonSet', namespace: 'shop', name: 'agent', readyAfter: '2s' });
      await ownersToRead('shop');
      await bed.waitReady('shop');
      const scene = await Scene.of(bed, release.user, () => release.start());
      try {
        await bed.istio.upgrade('default', nextVersion());
        await until('six restarts to end', 150_000, async () => Object.keys(await scene.outcomes()).length === 6);
        const outcomes = await scene.outcomes();
        assert.match(outcomes['deployments/shop/stuck'] ?? '', /^failed:/);
        for (const one of [
          'deployments/shop/web',
          'statefulsets/shop/db',
          'daemonsets/shop/agent',
          'replicasets/shop/alone',
        ])
          assert.equal(outcomes[one], 'verified', one);
        await rarely(release, scene.operator);
        await comparedWithRights(release);
      } finally {
        await scene.stop();
        await bed.deleteNamespace('shop');
      }
    },
  ));

/** A Job, and what no controller replaces the pods of: Meltemi reads whose they are, and evicts those of the latter. */
async function ownersToRead(namespace: string): Promise<void> {
  const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: 'testbed/app:1' }] };
  const labels = { app: 'alone' };
  await bed.api.create(pathOf('Job', namespace), {
    metadata: { name: 'import' },
    spec: { template: { spec: { ...spec, restartPolicy: 'Never' } } },
  });
  await bed.api.create(pathOf('ReplicaSet', namespace), {
    metadata: { name: 'alone' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
  await bed.api.create(pathOf('ReplicationController', namespace), {
    metadata: { name: 'old' },
    spec: { selector: { app: 'old' }, template: { metadata: { labels: { app: 'old' } }, spec } },
  });
  await until('their pods', 30_000, async () => {
    const owners = new Set((await bed.sidecars(namespace)).map(({ owner }) => owner));
    return ['Job/import', 'ReplicaSet/alone', 'ReplicationController/old'].every((owner) => owners.has(owner));
  });
}

/** What the scenario above does not need rights for, or not surely: an edited policy, a Lease that is gone, a scrape. */
async function rarely(release: ChartRelease, operator: OperatorProcess): Promise<void> {
  await release.upgrade({ policy: { maxInFlight: 4 } });
  await release.mountPolicy();
  await until('the new policy to be told on the Lease', 15_000, async () => {
    const events = await bed.api.list<ApiObject & { reason: string }>(pathOf('Event', release.namespace));
    return events.some(({ reason }) => reason === 'PolicyLoaded');
  });
  await bed.api.delete(pathOf('Lease', release.namespace, 'meltemi'));
  await until(
    'the Lease to be made again',
    15_000,
    async () => (await leaseIn(release.namespace))?.spec?.holderIdentity,
  );
  await bed.api.create(pathOf('ServiceAccount', release.namespace), { metadata: { name: 'prometheus' } });
  await bed.api.create(pathOf('ClusterRoleBinding'), {
    metadata: { name: 'prometheus' },
    subjects: [{ kind: 'ServiceAccount', name: 'prometheus', namespace: release.namespace }],
    roleRef: {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: `${release.namespace}:${release.name}-metrics-reader`,
    },
  });
  const token = await release.token('prometheus');
  await until('the metrics to be read', 30_000, async () => (await scrape(operator, token)) === 200);
}

function scrape(operator: OperatorProcess, token: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${token}` };
  const options = {
    port: operator.port('metrics'),
    path: '/metrics',
    headers,
    rejectUnauthorized: false,
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.once('error', reject).end();
  });
}

/**
 * What the API server allowed, by the role that allows it, is what the roles grant; and nothing was refused.
 * @param teams the namespaces that the release looks after; none is all of them
 * @param rare rights that the scenario has not provoked
 */
async function comparedWithRights(release: ChartRelease, teams: readonly string[] = [], rare?: RegExp): Promise<void> {
  const kinds = await bed.audit.kinds(release.user);
  assert.deepEqual(
    kinds.filter(({ allowed }) => !allowed),
    [],
  );
  const placesOf = (right: Right): readonly RightScope[] => (teams.length > 0 ? right.scoped : [right.place]);
  const special: Readonly<Record<string, RightScope>> = {
    [release.namespace]: 'own',
    'istio-system': 'istio',
    ...Object.fromEntries(teams.map((team) => [team, 'namespaces'])),
  };
  const used = kinds
    .filter(({ resource }) => resource !== '')
    .map(({ verb, group, resource, namespace }) => {
      const place = special[namespace] ?? 'cluster';
      const there = RIGHTS.some((right) => right.resource === resource && placesOf(right).includes(place));
      return `${verb} ${group}/${resource} ${there ? place : 'cluster'}`;
    });
  const usual = RIGHTS.filter(({ when }) => when !== 'sidecars');
  const granted = usual
    .filter(({ resource }) => rooted || resource !== 'services')
    .flatMap((right) =>
      placesOf(right).flatMap((place) =>
        right.verbs.map((verb) => `${verb} ${right.group}/${right.resource} ${place}`),
      ),
    );
  const expected = granted.filter((one) => used.includes(one) || !(rare?.test(one) || NOT_SERVED.test(one)));
  assert.deepEqual([...new Set(used)].sort(), [...new Set(expected)].sort());
}

/** The cluster has no Rollouts: they are only looked for. */
const NOT_SERVED = /^(get|patch) argoproj\.io/;

/** Rights for what does not happen when a rollout goes well, and for what `rarely` provokes. */
const RARE =
  /nodes|reviews|daemonsets|list \/events|create \/events own|create coordination|batch\/jobs|replica[st]|eviction/;

test('after helm uninstall nothing of the release remains, not even its Lease; the workloads keep their records', async () => {
  await bed.namespace('shop', INJECTED);
  await bed.deploy({ namespace: 'shop', name: 'web' });
  await bed.waitReady('shop');
  await bed.namespace('leaving', RESTRICTED);
  const release = new ChartRelease(bed, 'leaving');
  const told = await release.install({ grafanaDashboard: { enabled: true }, podDisruptionBudget: { enabled: true } });
  const scene = await Scene.of(bed, release.user, () => release.start());
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(['shop'], version(), 'default');
    await scene.settled();
    // it runs on, as a pod does that takes its time to end
    await release.uninstall();
    await until('everything of the release to be gone', 30_000, async () => {
      const left = await labelled(release.name);
      return left.length === 0 || new Error(left.join(', '));
    });
    await stays('no Lease', 6000, async () => (await leaseIn('leaving')) === undefined);
    const left = async () => (await bed.api.get(pathOf('Deployment', 'shop', 'web'))).metadata.annotations ?? {};
    assert.equal((await left())[ANNOTATION.outcome], 'verified');
    await asTheNotesSay(told);
    assert.deepEqual(
      Object.keys(await left()).filter((key) => key.startsWith('meltemi.dev/')),
      [],
    );
  } finally {
    await scene.stop();
    await Promise.all(['shop', 'leaving'].map((name) => bed.deleteNamespace(name)));
  }
});

/** Runs what Helm told about the annotations that stay, as a person would who copies it. */
function asTheNotesSay(told: string): Promise<string> {
  const script = /^ {2}for kind in[\s\S]*?^ {2}done$/m.exec(told)?.[0] ?? '';
  assert.match(script, /annotate/);
  const path = `${dirname(toolbox().program('kubectl'))}:${process.env.PATH}`;
  return run('sh', ['-c', script], { env: { KUBECONFIG: bed.kubeconfig, HOME: bed.state, PATH: path } });
}

/** Objects of every kind that the cluster serves which carry the label of a release. */
async function labelled(release: string): Promise<string[]> {
  const kinds = (await bed.kubectl('api-resources', '--verbs=list', '-o', 'name')).trim().split('\n');
  const selector = `app.kubernetes.io/instance=${release}`;
  const found = await bed.kubectl('get', kinds.join(','), '-A', '-l', selector, '-o', 'name', '--ignore-not-found');
  return found.split('\n').filter(Boolean);
}

const EARLIER = '0.0.1';

test('from an earlier version: the holder, a pause and the journal stay; nothing is restarted twice, and nothing old is left', async () => {
  await bed.namespace('earlier', RESTRICTED);
  await bed.namespace('shop', INJECTED);
  await bed.deploy({ namespace: 'shop', name: 'web' });
  await bed.waitReady('shop');
  const release = new ChartRelease(bed, 'earlier');
  await release.installRendered(EARLIER, readFileSync('tests/live/earlierChart.yaml', 'utf8'));
  const scene = await Scene.of(bed, release.user, () => release.start(...QUICK));
  const lease = async () => (await leaseIn('earlier'))?.metadata.annotations ?? {};
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(['shop'], version(), 'default');
    await scene.settled();
    await until('the restart to be in the journal', 15_000, async () => (await lease())[LEASE_ANNOTATION.journal]);
    await bed.kubectl('-n', 'earlier', 'annotate', 'lease', 'meltemi', `${LEASE_ANNOTATION.paused}=upgrade`);
    const before = await leaseIn('earlier');
    await release.upgrade({});
    const after = await leaseIn('earlier');
    assert.equal(after?.metadata.annotations?.[LEASE_ANNOTATION.paused], 'upgrade');
    assert.equal(
      after?.metadata.annotations?.[LEASE_ANNOTATION.journal],
      before?.metadata.annotations?.[LEASE_ANNOTATION.journal],
    );
    assert.equal(after?.spec?.holderIdentity, before?.spec?.holderIdentity);
    assert.deepEqual(await ofChart(release.name, EARLIER), []);
    await scene.stop();
    await scene.restart();
    await until('the pause to be heard', 15_000, () => scene.operator.said('Paused')[0]?.reason === 'upgrade');
    await bed.kubectl('-n', 'earlier', 'annotate', 'lease', 'meltemi', `${LEASE_ANNOTATION.paused}-`);
    await bed.istio.upgrade('default', nextVersion());
    await scene.current(['shop'], version(), 'default');
    await scene.settled();
    assert.deepEqual(await scene.restartCounts(), { 'deployments/shop/web': 2 });
    await release.rollback(1);
    assert.deepEqual(await ofChart(release.name, VERSION), []);
    assert.equal((await leaseIn('earlier'))?.spec?.holderIdentity, scene.operator.said('Leading')[0]?.identity);
  } finally {
    await scene.stop();
    await release.uninstall().catch(() => undefined);
    await Promise.all(['shop', 'earlier'].map((name) => bed.deleteNamespace(name)));
  }
});

/** What a release has of a version of the chart. Helm's own records are none. */
async function ofChart(release: string, chart: string): Promise<string[]> {
  const kinds = 'all,configmaps,serviceaccounts,roles,rolebindings,clusterroles,clusterrolebindings,leases';
  const selector = `app.kubernetes.io/instance=${release},helm.sh/chart=meltemi-${chart}`;
  const found = await bed.kubectl('get', kinds, '-A', '-l', selector, '-o', 'name', '--ignore-not-found');
  // pods and ReplicaSets of the old template go with the rollout
  return found.split('\n').filter((name) => name !== '' && !/^(pod|replicaset)/.test(name));
}

test('a pause by value, upgrades and the operator’s renewals leave one another alone', () =>
  installed('calm', { paused: 'change freeze' }, async (release) => {
    const scene = await Scene.of(bed, release.user, () => release.start());
    const paused = async () => (await leaseIn('calm'))?.metadata.annotations?.[LEASE_ANNOTATION.paused];
    const annotate = (value: string | null) =>
      bed.kubectl(
        '-n',
        'calm',
        'annotate',
        'lease',
        'meltemi',
        `${LEASE_ANNOTATION.paused}${value === null ? '-' : `=${value}`}`,
      );
    try {
      await until('the pause to be heard', 10_000, () => scene.operator.said('Paused')[0]?.reason === 'change freeze');
      const holder = (await leaseIn('calm'))?.spec?.holderIdentity;
      assert.ok(holder);
      await release.upgrade({ paused: 'until Monday' });
      await until('the other reason', 10_000, () => scene.operator.said('Paused').at(-1)?.reason === 'until Monday');
      await release.upgrade({ paused: '' });
      await until('the end of the pause', 10_000, () => scene.operator.said('Pause lifted').length === 1);
      assert.equal((await leaseIn('calm'))?.spec?.holderIdentity, holder);
      // a person's pause survives an upgrade that says nothing about it
      await annotate('look into something');
      await release.upgrade({ podLabels: { again: 'yes' } });
      assert.equal(await paused(), 'look into something');
      // and is not overwritten by one that says something else
      const refused = await release.upgrade({ paused: 'mine' }).catch((error: Error) => error);
      assert.match(String(refused), /conflict.*meltemi\.dev\/paused/s);
      assert.equal(await paused(), 'look into something');
      await annotate(null);
      await release.upgrade({ paused: 'mine' });
      assert.equal(await paused(), 'mine');
      // as Helm 3 does it, by three-way merge
      await release.upgrade({ paused: 'still mine' }, '--server-side=false');
      assert.equal(await paused(), 'still mine');
      await release.upgrade({ paused: '' }, '--server-side=false');
      assert.equal(await paused(), undefined);
      assert.equal((await leaseIn('calm'))?.spec?.holderIdentity, holder);
      assert.deepEqual(scene.operator.said('Stopped leading'), []);
      assert.equal(await scene.operator.stop(), 0);
      assert.equal((await leaseIn('calm'))?.spec?.holderIdentity ?? '', '', 'given back at the end');
    } finally {
      await scene.stop();
    }
  }));

test('applied without its Lease, as Argo CD does, a pause holds until Git ends it, without a restart', async () => {
  await bed.namespace('gitops', RESTRICTED);
  await bed.namespace('git-shop', INJECTED);
  await bed.deploy({ namespace: 'git-shop', name: 'web' });
  await bed.waitReady('git-shop');
  const release = new ChartRelease(bed, 'gitops');
  await release.apply({ paused: 'first look' });
  const scene = await Scene.of(bed, release.user, () => release.start());
  try {
    await bed.istio.upgrade('default', nextVersion());
    await scene.decided('git-shop', 'outdated', 'operator-paused');
    const why = scene.operator.said('Decided').find(({ reason }) => reason === 'operator-paused')?.detail;
    assert.equal(why, 'first look (paused in the policy)');
    assert.equal((await leaseIn('gitops'))?.metadata.annotations?.[LEASE_ANNOTATION.paused], undefined);
    await release.apply({ podLabels: { again: 'yes' } });
    await scene.stop();
    await scene.restart();
    await scene.decided('git-shop', 'outdated', 'operator-paused');
    assert.deepEqual(await scene.restartCounts(), {});
    await release.apply({ paused: '' });
    await release.mountPolicy();
    await scene.current(['git-shop'], version(), 'default');
    assert.deepEqual(await scene.restartCounts(), { 'deployments/git-shop/web': 1 });
  } finally {
    await scene.stop();
    await release.remove();
    await Promise.all(['git-shop', 'gitops'].map((name) => bed.deleteNamespace(name)));
  }
});

test('a second release in one namespace is refused: by the Lease, they would be one operator', () =>
  installed('once', {}, async (release) => {
    const second = new ChartRelease(bed, release.namespace, 'second');
    const refused = await second.install().catch((error: Error) => error);
    assert.match(String(refused), /Lease "meltemi" in namespace "once" exists and cannot be imported/);
  }));

interface Role extends ApiObject {
  readonly rules: readonly Rule[];
}

interface Missing {
  readonly kind: Kind;
  readonly namespace: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly says: (operator: OperatorProcess) => unknown;
}

const tells = (line: LogLine | undefined, words: RegExp): boolean => words.test(JSON.stringify(line ?? ''));

/** A verb on a kind that a role does not grant, and where that is told. */
const MISSING: Readonly<Record<string, Missing>> = {
  'list mutatingwebhookconfigurations': {
    kind: 'ClusterRole',
    namespace: '',
    verb: 'list',
    group: 'admissionregistration.k8s.io',
    resource: 'mutatingwebhookconfigurations',
    says: async (operator) => {
      const { body, statusCode } = await request(`http://127.0.0.1:${operator.port('health')}/readyz`);
      await body.dump();
      const words = /missing right: list mutatingwebhookconfigurations\.admissionregistration/;
      return statusCode === 503 && operator.said('Watch failed, retrying').some((line) => tells(line, words));
    },
  },
  'list pods': {
    kind: 'ClusterRole',
    namespace: '',
    verb: 'list',
    group: '',
    resource: 'pods',
    says: (operator) => tells(operator.said('Scan failed')[0], /list pods|list resource \\"pods\\"/),
  },
  'list configmaps where Istio is': {
    kind: 'Role',
    namespace: 'istio-system',
    verb: 'list',
    group: '',
    resource: 'configmaps',
    says: (operator) =>
      operator
        .said('Watch failed, retrying')
        .some((line) => tells(line, /missing right: list configmaps in namespace istio-system/)),
  },
  'update the Lease': {
    kind: 'Role',
    namespace: 'unable',
    verb: 'update',
    group: 'coordination.k8s.io',
    resource: 'leases',
    says: (operator) =>
      tells(operator.said('Lease request failed, retrying')[0], /cannot update resource \\"leases\\"/),
  },
};

for (const [what, missing] of Object.entries(MISSING))
  test(`a missing right is named: ${what}`, () =>
    installed('unable', {}, async (release) => {
      const giveBack = await take(release, missing);
      const operator = await release.start();
      try {
        await until(`the missing right to be named: ${what}`, 20_000, async () => {
          if (operator.said('Started').length === 0) return false;
          return (await missing.says(operator)) ? true : new Error(JSON.stringify(operator.lines.slice(-3)));
        });
      } finally {
        await operator.stop();
        await giveBack();
      }
    }));

test('where it may not patch, what it would restart says which right is missing, and others go on', () =>
  installed('halfway', {}, async (release) => {
    await bed.namespace('shop', INJECTED);
    await bed.deploy({ namespace: 'shop', name: 'web' });
    await bed.deploy({ kind: 'StatefulSet', namespace: 'shop', name: 'db' });
    await bed.waitReady('shop');
    const group = 'apps';
    await take(release, { kind: 'ClusterRole', namespace: '', verb: 'patch', group, resource: 'deployments' });
    const scene = await Scene.of(bed, release.user, () => release.start());
    try {
      await bed.istio.upgrade('default', nextVersion());
      await until('the trouble', 60_000, () =>
        scene.operator
          .said('Operation failed, retrying')
          .some((line) => tells(line, /cannot patch resource \\"deployments\\"/)),
      );
      await until(
        'the other workload',
        60_000,
        async () => (await scene.outcomes())['statefulsets/shop/db'] === 'verified',
      );
      assert.deepEqual(await scene.restartCounts(), { 'statefulsets/shop/db': 1 });
    } finally {
      await scene.stop();
      await bed.deleteNamespace('shop');
    }
  }));

/** Takes a verb on a kind from a role of the release, and returns how to give it back. */
async function take(release: ChartRelease, missing: Omit<Missing, 'says'>): Promise<() => Promise<unknown>> {
  const { kind, namespace, verb, group, resource } = missing;
  const path = pathOf(kind, namespace, `${release.namespace}:${release.name}`);
  const role = await bed.api.get<Role>(path);
  const rules = role.rules.flatMap((rule) => without(rule, group, resource, verb));
  await bed.api.patch(path, { rules });
  await until(`${verb} ${resource} to be refused`, 10_000, async () => {
    const spec = { user: release.user, resourceAttributes: { verb, group, resource, namespace, name: 'meltemi' } };
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    return !(await bed.api.create<{ status: { allowed: boolean } }>(path, { spec })).status.allowed;
  });
  return () => bed.api.patch(path, { rules: role.rules });
}

function without(rule: Rule, group: string, resource: string, verb: string): Rule[] {
  if (!rule.apiGroups?.includes(group) || !rule.resources.includes(resource)) return [rule];
  const others = rule.resources.filter((one) => one !== resource);
  const verbs = rule.verbs.filter((one) => one !== verb);
  return [
    ...(others.length > 0 ? [{ ...rule, resources: others }] : []),
    ...(verbs.length > 0 ? [{ ...rule, resources: [resource], verbs }] : []),
  ];
}

test('two releases, each for a namespace of its own, side by side: each restarts what is its own, with rights nowhere else', async () => {
  const teams = ['team-a', 'team-b'];
  for (const team of teams) {
    await bed.namespace(team, INJECTED);
    await bed.deploy({ namespace: team, name: 'web' });
    await bed.deploy({ kind: 'StatefulSet', namespace: team, name: 'db' });
    await bed.waitReady(team);
    await bed.namespace(`${team}-ops`, RESTRICTED);
  }
  const releases = teams.map((team) => ({ team, release: new ChartRelease(bed, `${team}-ops`) }));
  const scenes: { team: string; release: ChartRelease; scene: Scene }[] = [];
  try {
    for (const { team, release } of releases) {
      await release.install({ namespaces: [team] });
      scenes.push({ team, release, scene: await Scene.of(bed, release.user, () => release.start()) });
    }
    await bed.istio.upgrade('default', nextVersion());
    for (const { team, release, scene } of scenes) {
      await scene.current([team], version(), 'default');
      await scene.settled();
      assert.deepEqual(await scene.restartCounts(), { [`deployments/${team}/web`]: 1, [`statefulsets/${team}/db`]: 1 });
      await comparedWithRights(release, [team], RARE);
    }
  } finally {
    await Promise.all(scenes.map(({ scene }) => scene.stop()));
    for (const { release } of releases) await release.uninstall().catch(() => undefined);
    await Promise.all(teams.flatMap((team) => [team, `${team}-ops`]).map((name) => bed.deleteNamespace(name)));
  }
});
