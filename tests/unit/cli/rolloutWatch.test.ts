import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { RolloutWatch } from '../../../src/cli/rolloutWatch.ts';
import type { StatusRow } from '../../../src/status/statusDocument.ts';
import { statusRow } from '../../builders/status.ts';
import { FakeApi } from '../cluster/fakeApi.ts';
import { FakeClock } from '../cluster/fakeClock.ts';

const TICK = 500;
const SECONDS = 180;
/** Lists of ReplicaSets, pods, and Events of the workload and two of its pods. */
const OF_A_REJECTION = 5;

/** A Deployment whose rollout stands still. */
const STUCK = {
  metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', generation: 2 },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: {}, spec: { containers: [] } },
  },
  status: { observedGeneration: 2, replicas: 4, updatedReplicas: 1, availableReplicas: 3, unavailableReplicas: 1 },
};

/** What is in flight at a time: this many that are stuck, and others that end at every look. */
function inFlight(tick: number, stuck: number): StatusRow[] {
  const row = (name: string, at: number) =>
    statusRow(name, { action: 'follow', startedAt: new Date(at).toISOString() });
  return [
    ...Array.from({ length: stuck }, (_, index) => row(`stuck-${index}`, 0)),
    ...Array.from({ length: 30 }, (_, index) => row(`quick-${tick}-${index}`, (1 + tick) * TICK)),
  ];
}

for (const stuck of [0, 4, 8, 100])
  test(`with ${stuck} restarts that are stuck, and others that come and go, it asks at most twice a second`, async () => {
    const [api, clock, end] = [
      new FakeApi([{ metadata: { resourceVersion: '1' }, items: [STUCK] }]),
      new FakeClock(),
      new AbortController(),
    ];
    let looks = 0;
    const cluster = {
      rejection: async (): Promise<undefined> => {
        looks += 1;
      },
    };
    const watch = new RolloutWatch({
      client: api,
      cluster,
      clock,
      signal: end.signal,
      onChange: () => undefined,
      warn: assert.fail,
    });
    for (let tick = 0; tick * TICK < SECONDS * 1000; tick++) {
      watch.follow(inFlight(tick, stuck));
      clock.advance(TICK);
      for (let turn = 0; turn < 5; turn++) await setImmediate();
    }
    const seen = watch.facts().size;
    end.abort();
    const requests = api.lists.length + api.watchAttempts + looks * OF_A_REJECTION;
    assert.ok(requests / SECONDS <= 2, `${requests} requests in ${SECONDS} s`);
    assert.ok(seen > 0, 'it shows what controllers say');
    if (stuck > 0) assert.ok(looks > 0, 'it looks for what explains the slow ones');
  });
