import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ANNOTATION, RESTARTED_AT } from '../../src/names.ts';
import type { ApiObject } from '../testbed/api.ts';
import { ApiError } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';
import { bed } from './bedWithIstio.ts';
import { each, fleet } from './fleet.ts';
import { Scene } from './scene.ts';
import { stays } from './stays.ts';
import { Versions } from './versions.ts';

// the operator is killed while somebody wipes what it writes on workloads: only its journal can still tell what it did
const { version, nextVersion } = new Versions();
const INJECTED = { 'istio-injection': 'enabled' };

interface Deployment extends ApiObject {
  readonly spec: {
    readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } };
  };
}

/** Takes record and restart away from a Deployment as soon as they are there, again and again, until it is stopped. */
class Wiper {
  wiped = 0;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(namespaces: readonly string[]) {
    this.#running = Promise.all(namespaces.map((namespace) => this.#run(pathOf('Deployment', namespace, 'web'))));
  }

  async #run(path: string): Promise<void> {
    const record = Object.fromEntries(Object.values(ANNOTATION).map((key) => [key, null]));
    const template = { metadata: { annotations: { [RESTARTED_AT]: null } } };
    while (!this.#stop.signal.aborted) {
      const { metadata, spec } = await bed.api.get<Deployment>(path);
      const isWritten =
        spec.template.metadata.annotations?.[RESTARTED_AT] ?? metadata.annotations?.[ANNOTATION.restartedAt];
      if (isWritten) {
        await bed.api.patch(path, { metadata: { annotations: record }, spec: { template } });
        this.wiped += 1;
      }
      await sleep(5);
    }
  }

  stop(): Promise<unknown> {
    this.#stop.abort();
    return this.#running;
  }
}

test('killed after its write was wiped and before any controller saw it: the restart is made once', async () => {
  const namespaces = await fleet(bed, 'wiped', 1, INJECTED);
  const scene = await Scene.start(bed, 'wiped');
  try {
    const isWritten = async () => (await scene.restarts()).length > 0;
    await bed.istio.upgrade('default', nextVersion());
    await bed.stopControllers();
    const wiper = new Wiper(namespaces);
    try {
      assert.ok(!(await isWritten()), 'the controllers stood still in time');
      await until('the write to be wiped', 60_000, () => wiper.wiped > 0, 5);
      await scene.operator.kill();
    } finally {
      await wiper.stop();
      await bed.startControllers();
    }
    await scene.restart();
    await stays('one write', 20_000, async () => (await scene.restarts()).length === 1);
    assert.deepEqual(await scene.restartCounts(), each(namespaces));
    const templates = await bed.api.list(pathOf('ReplicaSet', namespaces[0]));
    assert.equal(templates.length, 1, 'no controller has copied the record');
  } finally {
    await scene.stop();
  }
});

test('killed again and again around its writes, half of which are wiped: one restart of each', async () => {
  const kept = await fleet(bed, 'kept', 6, INJECTED, { readyAfter: '1s' });
  const wiped = await fleet(bed, 'wiped', 6, INJECTED, { readyAfter: '1s' });
  const scene = await Scene.start(bed, 'killed', '--max-in-flight', '3');
  const wiper = new Wiper(wiped);
  try {
    await bed.istio.upgrade('default', nextVersion());
    for (const moment of [0, 15, 40]) {
      const before = (await scene.restarts()).length;
      // the write is heard of some milliseconds after it: the next ones are on their way then
      await until('a write', 60_000, async () => (await scene.restarts()).length > before, 1);
      await sleep(moment);
      await scene.operator.kill();
      await scene.restart();
    }
    await scene.current(kept, version(), 'default', 120);
    await until('one write of each', 60_000, async () => Object.keys(await scene.restartCounts()).length === 12);
    await stays('one of each', 10_000, async () => (await scene.restarts()).length === 12);
    assert.deepEqual(await scene.restartCounts(), each([...kept, ...wiped]));
  } finally {
    await wiper.stop().catch((error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
    });
    await scene.stop();
  }
});
