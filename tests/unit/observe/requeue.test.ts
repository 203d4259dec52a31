import assert from 'node:assert/strict';
import type { Verdict } from '../../../src/compare/verdict.ts';
import { keyOf, type WorkloadKey } from '../../../src/model.ts';
import { Requeue } from '../../../src/observe/requeue.ts';
import { plan } from '../../../src/plan/plan.ts';
import { lookAgainAfter } from '../../../src/plan/waitReasons.ts';
import { reason } from '../../../src/reasons.ts';
import { context, policy, stepFor } from '../../builders/policy.ts';
import { assessedSidecar, dapr, withSidecars } from '../../builders/sidecars.ts';
import { assessed, HOUR, NOW } from '../../builders/workload.ts';

const nobody = new Set<WorkloadKey>();

test('a workload that waits because its rollout means an outage is read again: more replicas would end that', () => {
  const one = assessed({ maxUnavailable: 3 });
  const key = keyOf(one.workload);
  const step = stepFor(plan([one], context({ policy: policy({ recreate: 'hold' }) })), one.workload);
  const rereads = new Requeue();
  rereads.note(new Map([[key, step && 'reason' in step ? lookAgainAfter(step.reason.code) : undefined]]), NOW);
  assert.deepEqual(rereads.take(NOW + HOUR, nobody, 1).looks, [key]);
});

test('a workload that the injector of another sidecar refuses is read again: its template may be corrected', () => {
  const refused: Verdict = { state: 'unknown', reason: reason('injector-refused', 'denied') };
  const one = withSidecars([assessedSidecar(dapr, 'daprd:1', refused)]);
  const step = stepFor(plan([one], context()), one.workload);
  assert.ok(step && 'reason' in step);
  assert.deepEqual([step.reason.code, lookAgainAfter(step.reason.code)], ['other-sidecar', 30_000]);
});

test('another reason that is looked at sooner is, however long the one before would have waited', () => {
  const rereads = new Requeue();
  const after = (milliseconds: number) => new Map<WorkloadKey, number>([['Deployment/shop/web', milliseconds]]);
  rereads.note(after(300_000), NOW);
  rereads.note(after(30_000), NOW + 1000);
  assert.equal(rereads.dueAt(), NOW + 31_000);
});

test('workloads that are gone are not read again', () => {
  const rereads = new Requeue();
  const waiting = (names: string[]) =>
    new Map(names.map((name): [WorkloadKey, number] => [`Deployment/shop/${name}`, 30_000]));
  rereads.note(waiting(['a', 'b']), NOW);
  rereads.note(waiting(['b']), NOW);
  assert.deepEqual(rereads.take(NOW + HOUR, nobody, 2).looks, ['Deployment/shop/b']);
  rereads.note(waiting([]), NOW);
  assert.equal(rereads.dueAt(), Number.POSITIVE_INFINITY);
});

const MINUTE = 60_000;
const MONTH = 720 * HOUR;
const some = (count: number): WorkloadKey[] =>
  Array.from({ length: count }, (_, index): WorkloadKey => `Deployment/shop/web-${index}`);
const waiting = (count: number, after: number): ReadonlyMap<WorkloadKey, number> =>
  new Map(some(count).map((key) => [key, after]));

test('few that are due are looked at one by one, and many are surveyed, together with those that are due later', () => {
  const rereads = new Requeue(HOUR);
  rereads.note(waiting(10, MINUTE), NOW);
  assert.deepEqual(rereads.take(NOW + MINUTE, nobody, 10), { looks: some(2), survey: [] });
  rereads.note(waiting(30, MINUTE), NOW + MINUTE);
  rereads.note(waiting(50, HOUR), NOW + MINUTE);
  assert.deepEqual(rereads.take(NOW + 2 * MINUTE, nobody, 50), { looks: [], survey: some(50) });
});

test('in a large cluster a list costs more, so that looks are taken longer', () => {
  const rereads = new Requeue(HOUR);
  rereads.note(waiting(30, MINUTE), NOW);
  assert.equal(rereads.take(NOW + HOUR, nobody, 2000).looks.length, 2);
});

test('what a survey shows as changed is looked at, at most four a second, and the rest is due after its interval', () => {
  const rereads = new Requeue(HOUR);
  const keys = some(100);
  rereads.note(waiting(100, 5 * MINUTE), NOW);
  let now = NOW + 5 * MINUTE;
  const { survey } = rereads.take(now, nobody, 100);
  rereads.surveyed(survey, new Set(keys.slice(15)), now);
  const looked: WorkloadKey[] = [];
  for (; looked.length < 15; now += 1000) {
    const taken = rereads.take(now, nobody, 100);
    assert.ok(taken.looks.length <= 4 && taken.survey.length === 0);
    looked.push(...taken.looks);
    assert.ok(now < NOW + 6 * MINUTE, 'they come to an end');
  }
  assert.deepEqual(looked, keys.slice(0, 15));
  assert.equal(rereads.dueAt(), NOW + 10 * MINUTE);
});

test('a survey never comes later than looks at all of them would', () => {
  for (const [count, every] of [
    [20, 30_000],
    [160, 40_000],
    [5000, MINUTE],
  ] as const) {
    const rereads = new Requeue(HOUR);
    rereads.note(waiting(count, 30_000), NOW);
    const { survey } = rereads.take(NOW + 30_000, nobody, count);
    rereads.surveyed(survey, new Set(survey), NOW + 30_000);
    assert.equal(rereads.dueAt() - NOW - 30_000, every, `${count}`);
  }
});

test('without periodic scans, lists count for an hour', () => {
  for (const [scansEvery, isLookedAt] of [
    [0, true],
    [MONTH, true],
    [HOUR / 2, false],
  ] as const) {
    const rereads = new Requeue(scansEvery);
    rereads.note(waiting(50, MINUTE), NOW);
    for (let now = NOW + MINUTE; now < NOW + HOUR; now += MINUTE)
      rereads.surveyed(rereads.take(now, nobody, 50).survey, new Set(some(50)), now);
    assert.equal(rereads.take(NOW + HOUR, nobody, 50).looks.length > 0, isLookedAt, `${scansEvery}`);
  }
});
