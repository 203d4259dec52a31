import assert from 'node:assert/strict';
import { LEASE_NAME } from '../../src/names.ts';
import type { ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { SlowApi } from '../testbed/slowApi.ts';
import { createStanding } from '../testbed/standing.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';

/** So many workloads are outdated at once, and every answer of the API server comes so late. */
const COUNT = 3000;
const DELAY_MS = 30;
/** How soon after the end of the scan the first restart must be written. */
const FIRST_WRITE_MS = 10_000;
const LEASE_MS = 15_000;

let bed: Testbed;
let slow: SlowApi;

beforeAll(async () => {
  bed = await Testbed.up();
  await bed.istio.install({ revision: 'default', version: '1.31.2' });
  const namespaces = Array.from({ length: 30 }, (_, number) => `large-${String(number).padStart(2, '0')}`);
  for (const namespace of namespaces) await bed.namespace(namespace);
  // they stand still: what is followed here is the operator
  await bed.stopControllers();
  const image = 'docker.io/istio/proxyv2:1.30.2';
  await createStanding(
    bed.api,
    Array.from({ length: COUNT }, (_, number) => ({
      namespace: namespaces[number % namespaces.length] ?? '',
      name: `web-${number}`,
      image,
      revision: 'default',
    })),
  );
  for (const namespace of namespaces) await bed.label(namespace, { 'istio-injection': 'enabled' });
  slow = await SlowApi.up(bed.cluster, DELAY_MS);
});

afterAll(async () => {
  await slow?.down();
  await bed?.down();
});

interface Lease extends ApiObject {
  readonly spec: { readonly holderIdentity: string; readonly renewTime: string; readonly leaseTransitions: number };
}

test(`${COUNT} workloads outdated at once, ${DELAY_MS} ms to the API server: it leads all the time and begins at once`, async () => {
  const lease = () => bed.api.get<Lease>(pathOf('Lease', 'default', LEASE_NAME));
  const watch = new LeaseWatch(lease);
  const scene = await Scene.slow(bed, slow, 'scale');
  try {
    await until('the first restart', 60_000, async () => (await scene.restarts()).length > 0);
    const [first] = await scene.restarts();
    const scanned = Date.parse(String(scene.operator.said('Scanned')[0]?.ts));
    const waited = (first?.time ?? Number.NaN) - scanned;
    assert.ok(waited < FIRST_WRITE_MS, `${waited} ms from the end of the scan to the first restart`);
    await stays('it leads', 30_000, async () => scene.operator.said('Stopped leading').length === 0);
    const outdated = scene.operator.said('Decided').filter(({ verdict }) => verdict === 'outdated');
    assert.equal(new Set(outdated.map(({ namespace, name }) => `${namespace}/${name}`)).size, COUNT);
    assert.equal((await scene.restarts()).length, 5, 'as many as may be in flight');
    const { longest, holders } = await watch.stop();
    assert.equal(holders.size, 1);
    assert.ok(longest < LEASE_MS, `${longest} ms between two renewals`);
    assert.equal((await lease()).spec.leaseTransitions, 0);
  } finally {
    await watch.stop();
    await scene.stop();
  }
});

/** Reads the Lease all the time, and remembers who held it and how long it was not renewed. */
class LeaseWatch {
  readonly holders = new Set<string>();
  longest = 0;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(read: () => Promise<Lease>) {
    this.#running = this.#run(read);
  }

  async #run(read: () => Promise<Lease>): Promise<void> {
    let renewed: { readonly at: string; readonly seen: number } | undefined;
    while (!this.#stop.signal.aborted) {
      const spec = await read().then(
        (lease) => lease.spec,
        () => undefined,
      );
      const now = performance.now();
      if (spec && spec.renewTime !== renewed?.at) renewed = { at: spec.renewTime, seen: now };
      if (spec) this.holders.add(spec.holderIdentity);
      if (renewed) this.longest = Math.max(this.longest, now - renewed.seen);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  async stop(): Promise<this> {
    this.#stop.abort();
    await this.#running;
    return this;
  }
}
