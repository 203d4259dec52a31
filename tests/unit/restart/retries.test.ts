import assert from 'node:assert/strict';
import { keyOf, type WorkloadKey } from '../../../src/model.ts';
import type { Planned } from '../../../src/plan/plan.ts';
import { reason } from '../../../src/reasons.ts';
import { PlanOvertaken } from '../../../src/restart/planOvertaken.ts';
import type { Restarter } from '../../../src/restart/restarter.ts';
import { Restarts } from '../../../src/restart/restarts.ts';
import { Retries } from '../../../src/restart/retries.ts';
import { assessed, expected, NOW } from '../../builders/workload.ts';

const key = (name: string): WorkloadKey => `Deployment/shop/${name}`;

test('errors in a row double the wait, up to a minute', () => {
  const retries = new Retries();
  const waits = Array.from({ length: 9 }, () => {
    retries.failed(key('a'), NOW, new Error('no'));
    return ((retries.pending().get(key('a'))?.until ?? 0) - NOW) / 1000;
  });
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test('what is gone is forgotten, and begins anew when it comes back', () => {
  const retries = new Retries();
  for (let index = 0; index < 1000; index++) retries.failed(key(`gone-${index}`), NOW, 'no');
  for (let count = 0; count < 5; count++) retries.failed(key('there'), NOW, 'no');
  retries.keepOnly((one) => one === key('there'));
  assert.deepEqual([...retries.pending().keys()], [key('there')]);
  retries.keepOnly(() => false);
  retries.failed(key('there'), NOW, 'no');
  assert.equal(retries.pending().get(key('there'))?.until, NOW + 1000);
});

describe('an attempt was overtaken, because the injector refused when it was asked again', () => {
  const toRestart: Planned = { ...assessed(), step: { action: 'restart' } };
  const key = keyOf(toRestart.workload);
  const unknown: Planned = {
    ...assessed({}, { state: 'unknown', reason: reason('injector-refused', 'the injector rejects the pod') }),
    step: { action: 'none' },
  };
  const settled: Planned = {
    ...assessed({}, { state: 'current', expected: expected(), drifts: [] }),
    step: { action: 'none' },
  };

  /** The workloads that still back off after the evaluation that followed. */
  async function backingOffAfter(next: Planned): Promise<WorkloadKey[]> {
    const nothing = (): void => undefined;
    const restarts = new Restarts({
      journal: { entries: new Map() },
      now: () => NOW,
      onObserved: nothing,
      onError: async () => undefined,
      onEnd: nothing,
    });
    const overtaken = async (): Promise<never> => {
      throw new PlanOvertaken('the injector rejects the pod');
    };
    const restarter = { restart: overtaken, follow: overtaken, close: overtaken } as unknown as Restarter;
    restarts.carryOut({ items: [toRestart], toCarryOut: [toRestart] }, restarter, new AbortController().signal);
    await restarts.idle();
    restarts.settle([next]);
    return [...restarts.retries.keys()];
  }

  test('while its answer is unknown the back-off goes on: the next answer may be of another replica', async () =>
    assert.deepEqual(await backingOffAfter(unknown), [key]));

  test('what is found current has none any more', async () => assert.deepEqual(await backingOffAfter(settled), []));
});
