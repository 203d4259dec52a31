import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusError } from '../../src/cluster/apiError.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import { remembering } from '../../src/cluster/memory.ts';
import { Confirmations } from '../../src/expect/confirmations.ts';
import { Injectors } from '../../src/expect/injectors.ts';
import type { Mesh } from '../../src/expect/mesh.ts';
import { NO_NAMESPACE, type PodFacts, type Workload } from '../../src/model.ts';
import { Operator } from '../../src/operator.ts';
import { Survey } from '../../src/survey.ts';
import { policy } from '../builders/policy.ts';
import { expected, injection, NOW, sidecar, workload } from '../builders/workload.ts';

const mesh: Mesh = { injections: [injection()], namespaces: new Map([['shop', NO_NAMESPACE]]) };

const podOf = ({ kind, namespace, name, uid }: Workload): PodFacts => ({
  namespace,
  name: `${name}-0`,
  uid: `${uid}-0`,
  owner: { kind, name, uid },
  templateHash: '',
  createdAt: 0,
  node: 'node',
  phase: 'Running',
  ready: true,
  deleting: false,
  sidecar: sidecar(),
});

/**
 * Leads over these workloads, all outdated, until one is patched; those of the names cannot be looked at by themselves.
 * @param meshes as the watch has it, one call after the other, the last from then on
 */
async function firstPatched(
  all: readonly Workload[],
  forbidden: readonly string[],
  meshes = [mesh],
): Promise<{ first: string; looks: number }> {
  let [looks, calls] = [0, 0];
  const stop = new AbortController();
  const patched = Promise.withResolvers<string>();
  const cluster = {
    recordCopies: async () => new Map(),
    budgets: async () => [],
    workloads: async (kind: string) => all.filter((one) => one.kind === kind),
    async *pods() {
      yield all.map(podOf);
    },
    podsOf: async (one: Workload) => [podOf(one)],
    workload: async ({ name }: Workload) => {
      looks += 1;
      // a network takes its time, so that timers go on
      await new Promise(setImmediate);
      if (forbidden.includes(name)) throw statusError({ method: 'GET', path: name }, { code: 403 });
      return all.find((one) => one.name === name);
    },
    patch: async ({ name }: Workload) => {
      patched.resolve(name);
      return all.find((one) => one.name === name);
    },
  } as unknown as Cluster;
  const injectors = new Injectors({
    cluster,
    now: () => NOW,
    post: async () => ({ kind: 'sidecar', sidecar: expected() }),
  });
  const only = () => policy({ maxInFlight: 1, istiodConfigReadDelay: 0 });
  const silent = () => undefined;
  const sleep = (milliseconds: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  const operator = new Operator({
    cluster: remembering(cluster),
    watch: {
      onChange: silent,
      settled: async () => undefined,
      mesh: () => meshes[calls++] ?? (meshes.at(-1) as Mesh),
      stale: silent,
    },
    injectors,
    survey: new Survey({ cluster, injectors, policy: only }),
    confirmations: new Confirmations({
      probe: Promise.reject,
      wait: Promise.reject,
      signal: stop.signal,
      onEnd: silent,
    }),
    policy: only,
    reconcilePeriod: 0,
    namespaces: [],
    dryRun: false,
    report: {
      mesh: silent,
      trouble: silent,
      restarted: silent,
      ended: silent,
      scanned: silent,
      scanFailed: silent,
      evaluated: silent,
    },
    now: () => NOW,
    sleep,
    standing: () => ({}),
  });
  const running = Promise.all([operator.run(stop.signal), operator.lead(stop.signal)]);
  const late = setTimeout(() => patched.resolve('nobody'), 1500);
  const first = await patched.promise;
  clearTimeout(late);
  stop.abort();
  await running;
  return { first, looks };
}

test('a workload that cannot be looked at gives its slot to the next', async () => {
  const [a, b] = ['a', 'b'].map((name) => workload({ kind: 'StatefulSet', name, uid: name }));
  assert.equal((await firstPatched([a, b] as Workload[], [])).first, 'a');
  assert.equal((await firstPatched([a, b] as Workload[], ['a'])).first, 'b');
});

test('a mesh that has just changed is waited for without looking again and again', async () => {
  const { first, looks } = await firstPatched(
    [workload({ kind: 'StatefulSet' })],
    [],
    [mesh, { ...mesh, injections: [] }],
  );
  assert.equal(first, 'nobody');
  assert.ok(looks < 10, `${looks} looks`);
});
