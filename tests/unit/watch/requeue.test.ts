import assert from 'node:assert/strict';
import { keyOf, type WorkloadKey } from '../../../src/model.ts';
import { plan } from '../../../src/plan/plan.ts';
import { lookAgainAfter } from '../../../src/plan/waitReasons.ts';
import { Requeue } from '../../../src/watch/requeue.ts';
import { context, policy, stepFor } from '../../builders/policy.ts';
import { assessed, HOUR, NOW } from '../../builders/workload.ts';

const nobody = new Set<WorkloadKey>();

test('a workload that waits because its rollout means an outage is read again: more replicas would end that', () => {
  const one = assessed({ maxUnavailable: 3 });
  const key = keyOf(one.workload);
  const step = stepFor(plan([one], context({ policy: policy({ recreate: 'hold' }) })), one.workload);
  const rereads = new Requeue();
  rereads.note(new Map([[key, step && 'reason' in step ? lookAgainAfter(step.reason.code) : undefined]]), NOW);
  assert.deepEqual(rereads.take(NOW + HOUR, nobody), [key]);
});

test('workloads that are gone are not read again', () => {
  const rereads = new Requeue();
  const waiting = (names: string[]) =>
    new Map(names.map((name): [WorkloadKey, number] => [`Deployment/shop/${name}`, 30_000]));
  rereads.note(waiting(['a', 'b']), NOW);
  rereads.note(waiting(['b']), NOW);
  assert.deepEqual(rereads.take(NOW + HOUR, nobody), ['Deployment/shop/b']);
  rereads.note(waiting([]), NOW);
  assert.equal(rereads.dueAt(), Number.POSITIVE_INFINITY);
});
