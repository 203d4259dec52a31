import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { Api, ApiRequest } from '../../../src/cluster/api.ts';
import { listBudgets } from '../../../src/cluster/budgets.ts';
import { listCanaries } from '../../../src/cluster/canaries.ts';
import type { KubeClient } from '../../../src/cluster/client.ts';
import { systemClock } from '../../../src/cluster/clock.ts';
import { KubeCluster } from '../../../src/cluster/kubeCluster.ts';
import { latestRejection } from '../../../src/cluster/rejection.ts';
import { workload } from '../../builders/workload.ts';
import { collector } from '../../soak/collector.ts';

const PAGES = 12;
const collect = collector();

/** An API server with many pages of one object each, which counts those that are still in memory. */
class LargeLists implements Api {
  most = 0;
  #made: WeakRef<object>[] = [];

  async request<T>({ query }: ApiRequest): Promise<T> {
    const page = Number(query?.continue ?? 0) + 1;
    // what was touched in this turn is not collected
    await setImmediate();
    collect();
    this.most = Math.max(this.most, this.#made.filter((one) => one.deref() !== undefined).length);
    const metadata = { name: `one-${page}`, namespace: 'shop', uid: `${page}`, resourceVersion: '1' };
    const item = {
      metadata,
      spec: { targetRef: { kind: 'Deployment', name: 'web' } },
      involvedObject: { kind: 'Pod', name: 'web' },
      message: `message ${page}`,
      lastTimestamp: '2026-11-28T00:00:00Z',
    };
    this.#made.push(new WeakRef(item));
    return { metadata: { ...(page < PAGES && { continue: `${page}` }) }, items: [item] } as T;
  }

  async send(): Promise<never> {
    throw new Error('only lists');
  }
}

const signal = new AbortController().signal;
const cluster = (api: Api): KubeCluster => {
  const noPods = { pods: async function* () {} };
  return new KubeCluster(api as KubeClient, noPods, systemClock.now);
};

const rows: [what: string, list: (api: Api) => Promise<unknown>, found: unknown][] = [
  ['budgets', async (api) => (await listBudgets(api)).length, PAGES],
  ['Canaries', async (api) => (await listCanaries(api)).length, PAGES],
  ['workloads', async (api) => (await cluster(api).workloads('Deployment', undefined, signal)).length, PAGES],
  ['versions', async (api) => (await cluster(api).versions('Deployment', undefined, signal)).size, PAGES],
  ['ReplicaSets of a Deployment', (api) => cluster(api).podsOf(workload()), []],
  ['Events', (api) => latestRejection(api, workload(), []), `Pod web: undefined: message ${PAGES}`],
];
for (const [what, list, found] of rows)
  test(`of ${what}, no more than two pages and what is needed are in memory`, async () => {
    const api = new LargeLists();
    assert.deepEqual(await list(api), found);
    // the page that is looked at, the one before it that the loop has not left yet, and one that was asked for
    assert.ok(api.most <= 3, `${api.most} of ${PAGES}`);
  });
