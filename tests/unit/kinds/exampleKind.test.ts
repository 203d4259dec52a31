import '../../kinds/withFleet.ts';
import assert from 'node:assert/strict';

// what is imported by `await` knows the example kind
const { KubeClient } = await import('../../../src/cluster/client.ts');
const { KubeCluster } = await import('../../../src/cluster/kubeCluster.ts');
const { workloadOf } = await import('../../../src/cluster/workloads.ts');
const { filterSchema } = await import('../../../src/cli/filterSchema.ts');
const { SETTINGS } = await import('../../../src/cli/settings.ts');
const { nextPodLabels } = await import('../../../src/expect/admission.ts');
const { Metrics } = await import('../../../src/report/metrics.ts');
const { PagedPodSource } = await import('../../../src/pods/podSource.ts');
const { judge } = await import('../../../src/compare/judge.ts');
const { plan } = await import('../../../src/plan/plan.ts');
const { Observer } = await import('../../../src/observe/observer.ts');
const { RESTARTED_AT } = await import('../../../src/names.ts');
const { NOTHING_JOURNALLED } = await import('../../builders/journal.ts');
const { context, POLICY } = await import('../../builders/policy.ts');
const { assessed, group, injection, pod, workload } = await import('../../builders/workload.ts');
const { ApiServer, configFor, json } = await import('../cluster/apiServer.ts');
const { RestarterBench } = await import('../restart/restarterBench.ts');

const FLEETS = '/apis/example.meltemi.dev/v1/fleets';
const OF_SHOP = '/apis/example.meltemi.dev/v1/namespaces/shop/fleets';
const manifest = {
  metadata: { name: 'armada', namespace: 'shop', uid: 'u', resourceVersion: '7', generation: 2 },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'ship' } },
    template: { metadata: { labels: { app: 'ship' } } },
  },
  status: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 },
};
const fleet = workload({ kind: 'Fleet', name: 'armada' });

/** A cluster whose API server serves these objects by path, and nothing else; with the requests that it had. */
async function serving(objects: Readonly<Record<string, object>>) {
  const requests: string[] = [];
  const api = await new ApiServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://api');
    requests.push(`${request.method} ${pathname}`);
    const found = objects[pathname];
    json(response, found ? 200 : 404, found ?? { kind: 'Status', code: 404, reason: 'NotFound' });
  }).listen();
  const client = new KubeClient({ config: configFor(api.url), userAgent: 'meltemi/test' });
  return {
    requests,
    client,
    cluster: new KubeCluster(client, new PagedPodSource(client), Date.now),
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await api[Symbol.asyncDispose]();
    },
  };
}

const listOf = (kind: string, ...items: object[]): object => ({
  kind: `${kind}List`,
  metadata: { resourceVersion: '1' },
  items,
});
const never = new AbortController().signal;

describe('an owner kind that has a file and a line in the list', () => {
  it('is read from the API that its file names', async () => {
    await using served = await serving({ [FLEETS]: listOf('Fleet', manifest), [`${OF_SHOP}/armada`]: manifest });
    const [listed] = await served.cluster.workloads('Fleet', undefined, never);
    assert.deepEqual([listed?.kind, listed?.name, listed?.rollout.desired], ['Fleet', 'armada', 2]);
    assert.deepEqual(await served.cluster.workload({ kind: 'Fleet', namespace: 'shop', name: 'armada' }), listed);
  });

  it('is patched there', async () => {
    await using served = await serving({ [`${OF_SHOP}/armada`]: manifest });
    await served.cluster.patch({ kind: 'Fleet', namespace: 'shop', name: 'armada' }, {});
    assert.deepEqual(served.requests, [`PATCH ${OF_SHOP}/armada`]);
  });

  it('owns the pods that name it by UID', async () => {
    const armada = workloadOf('Fleet', manifest);
    const [mine, other] = [pod(armada), pod({ ...armada, uid: 'another' })];
    const source = {
      async *pods() {
        yield [mine, other];
      },
    };
    await using served = await serving({});
    const cluster = new KubeCluster(served.client, source, Date.now);
    assert.deepEqual(await cluster.podsOf(armada), [mine]);
  });

  it('has the labels that its controller adds on its next pod', () =>
    assert.deepEqual(nextPodLabels(fleet), { app: 'web', 'example.meltemi.dev/ship': '' }));

  it('is planned', () => {
    const [planned] = plan([assessed(fleet)], context()).items;
    assert.deepEqual(planned?.step, { action: 'restart' });
  });

  it('is refused where its file says so', () => {
    const anchored = { ...fleet, strategy: 'Anchored' };
    const verdict = judge(anchored, { kind: 'entry', entry: injection() }, undefined, [group()], POLICY);
    assert.deepEqual(verdict, { state: 'skipped', reason: { code: 'unsupported', detail: 'Anchored' } });
  });

  it('is restarted by its actuator, followed and verified', async () => {
    const bench = new RestarterBench(fleet);
    assert.equal(await bench.restart('armada'), 'verified');
    assert.equal(bench.rollouts, 1);
    assert.notEqual(bench.object('armada').template.annotations[RESTARTED_AT], undefined);
  });

  it('may be named in filters of the policy and in --explain', () => {
    assert.deepEqual(filterSchema.parse({ kinds: ['Fleet'] }), { kinds: ['Fleet'] });
    assert.deepEqual(SETTINGS.explain.parse('fleets/armada'), { kind: 'Fleet', name: 'armada' });
  });

  it('is counted from zero', async () => {
    const text = await new Metrics('1').registry.metrics();
    assert.match(text, /restarts_total\{kind="Fleet",result="verified"\} 0/);
  });
});

describe('an optional kind whose API is not served', () => {
  const empty = ['deployments', 'statefulsets', 'daemonsets'].map(
    (one) => [`/apis/apps/v1/${one}`, listOf('')] as const,
  );
  const others = { '/api/v1/pods': listOf('Pod'), '/apis/policy/v1/poddisruptionbudgets': listOf('') };
  const objects: Record<string, object> = { ...Object.fromEntries(empty), ...others };

  it('has no workloads, which is said once until it is served', async () => {
    await using served = await serving(objects);
    const said: string[] = [];
    const observer = new Observer({
      cluster: served.cluster,
      injectors: {} as never,
      journal: NOTHING_JOURNALLED,
      policy: () => POLICY,
      onNotServed: (resource) => said.push(resource),
    });
    const mesh = { injections: [], namespaces: new Map() };
    const scan = async () => (await observer.scan(mesh, undefined, never)).size;
    assert.deepEqual(
      [await scan(), await scan(), said],
      [0, 0, ['rollouts.argoproj.io', 'fleets.example.meltemi.dev']],
    );
    objects[FLEETS] = listOf('Fleet', { ...manifest, status: {} });
    assert.equal(await scan(), 1);
    delete objects[FLEETS];
    assert.deepEqual([await scan(), said.length], [0, 3]);
  });

  it('is trouble where the kind is not optional', async () => {
    const { '/apis/apps/v1/daemonsets': _missing, ...rest } = objects;
    await using served = await serving(rest);
    const observer = new Observer({
      cluster: served.cluster,
      injectors: {} as never,
      journal: NOTHING_JOURNALLED,
      policy: () => POLICY,
    });
    await assert.rejects(observer.scan({ injections: [], namespaces: new Map() }, undefined, never), /404|daemonsets/);
  });
});
