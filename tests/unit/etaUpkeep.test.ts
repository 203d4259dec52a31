import assert from 'node:assert/strict';
import { EtaUpkeep } from '../../src/etaUpkeep.ts';
import type { Forecast } from '../../src/plan/eta/forecast.ts';
import { plan } from '../../src/plan/plan.ts';
import { context } from '../builders/policy.ts';
import { assessed, NOW } from '../builders/workload.ts';
import { collector } from '../soak/collector.ts';
import { until } from '../testbed/until.ts';

const collect = collector();

const inputs = (now = NOW, count = 3) => {
  const at = context({ now, wall: now });
  const all = Array.from({ length: count }, (_, index) => assessed({ name: `web-${index}` }));
  return { items: plan(all, at).items, context: at };
};

function kept() {
  const told: (Forecast | undefined)[] = [];
  const errors: unknown[] = [];
  const upkeep = new EtaUpkeep({ onForecast: (one) => told.push(one), onError: (error) => errors.push(error) });
  return { upkeep, told, errors };
}

test('an estimate comes later, beside whoever asked for it', async () => {
  const { upkeep, told } = kept();
  upkeep.note(inputs());
  assert.equal(told.length, 0);
  await until('the estimate', 10_000, () => told.length === 1);
  assert.equal(told.at(-1)?.workloads, 3);
});

test('another is made after a quarter of a minute', async () => {
  const { upkeep, told } = kept();
  upkeep.note(inputs());
  await until('the first', 10_000, () => told.length === 1);
  upkeep.note(inputs(NOW + 14_999));
  upkeep.note(inputs(NOW + 15_000));
  await until('the second', 10_000, () => told.length === 2);
  assert.equal(told.at(-1)?.at, NOW + 15_000);
});

test('of 2000 workloads, another is made after 24 seconds', async () => {
  const { upkeep, told } = kept();
  upkeep.note(inputs(NOW, 2000));
  await until('the first', 10_000, () => told.length === 1);
  upkeep.note(inputs(NOW + 23_999, 2000));
  upkeep.note(inputs(NOW + 24_000, 2000));
  await until('the second', 10_000, () => told.length === 2);
  assert.equal(told.at(-1)?.at, NOW + 24_000);
});

test('while the plan stays the same, another is made after five minutes', async () => {
  const { upkeep, told } = kept();
  const same = inputs();
  const at = (now: number) => ({ items: [...same.items], context: context({ now, wall: now }) });
  upkeep.note(same);
  await until('the first', 10_000, () => told.length === 1);
  for (const passed of [15_000, 60_000, 299_999]) upkeep.note(at(NOW + passed));
  upkeep.note(at(NOW + 300_000));
  await until('the second', 10_000, () => told.length === 2);
  assert.equal(told.at(-1)?.at, NOW + 300_000);
});

test('when nothing is left to wait for, there is none, not even one that was being made', async () => {
  const { upkeep, told } = kept();
  upkeep.note(inputs());
  upkeep.note(inputs(NOW + 1, 0));
  upkeep.note(inputs(NOW + 20_000));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(told.at(-1), undefined);
  upkeep.note(inputs(NOW + 40_000));
  await until('the next', 10_000, () => told.at(-1) !== undefined);
  upkeep.note(inputs(NOW + 40_001, 0));
  assert.equal(told.at(-1), undefined);
});

test('then the workloads as they were before are forgotten, too', async () => {
  const { upkeep, told } = kept();
  const items = (() => {
    const first = inputs();
    upkeep.note(first);
    return new WeakRef(first.items);
  })();
  await until('the estimate', 10_000, () => told.length === 1);
  assert.ok(items.deref());
  upkeep.note(inputs(NOW + 1, 0));
  await until('the workloads to be forgotten', 10_000, () => {
    collect();
    return items.deref() === undefined;
  });
});

test('after the term there is none, not even one that was being made, and the next term begins with one at once', async () => {
  const { upkeep, told } = kept();
  upkeep.note(inputs());
  await until('the first', 10_000, () => told.length === 1);
  upkeep.note(inputs(NOW + 15_000));
  upkeep.rest();
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.deepEqual([told.length, told.at(-1)], [2, undefined]);
  upkeep.note(inputs(NOW + 16_000));
  await until('the next', 10_000, () => told.length === 3);
});

test('a failure is said, and the next estimate is made', async () => {
  const { upkeep, told, errors } = kept();
  const broken = inputs();
  upkeep.note({ ...broken, context: { ...broken.context, journal: undefined as never } });
  await until('the error', 10_000, () => errors.length === 1);
  upkeep.note(inputs(NOW + 15_000));
  await until('the estimate', 10_000, () => told.length === 1);
});

test('where nobody wants one, none is made', async () => {
  const upkeep = new EtaUpkeep({ onError: (error) => assert.fail(String(error)) });
  upkeep.note(inputs());
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(upkeep.latestFor(inputs().items), undefined);
});
