import assert from 'node:assert/strict';
import { keyOf } from '../../../src/model.ts';
import { LeaderView } from '../../../src/page/leaderView.ts';
import type { PageRow } from '../../../src/page/rowFilter.ts';
import type { Evaluation } from '../../../src/plan/evaluate.ts';
import { plan } from '../../../src/plan/plan.ts';
import { context, policy } from '../../builders/policy.ts';
import { assessed, HOUR, MINUTE, NOW } from '../../builders/workload.ts';

/** What the page shows of each workload after each of these evaluations. */
async function rowsAfter(...evaluations: readonly Evaluation[]): Promise<ReadonlyMap<string, PageRow>[]> {
  const view = new LeaderView({
    journal: { snapshot: () => new Map(), notes: new Map() },
    wall: () => NOW,
    mesh: () => ({ injections: [], namespaces: new Map() }),
    policy: () => policy(),
    metricGates: () => new Map(),
  });
  const all: ReadonlyMap<string, PageRow>[] = [];
  for (const one of evaluations) {
    view.evaluated(one);
    const led = await view.look();
    assert.ok(led);
    all.push(led.rows);
  }
  return all;
}

test('of a workload that has not changed since the evaluation before, the page has the same row', async () => {
  const [web, cart] = [assessed({ name: 'web' }), assessed({ name: 'cart' })];
  const first = { ...plan([web, cart], context()), at: NOW, wall: NOW };
  const moved = first.items.map((one) =>
    one.workload.name === 'cart' ? { ...one, step: { action: 'none' as const } } : one,
  );
  const [before, after] = await rowsAfter(first, { ...first, items: moved });
  assert.equal(after?.get('Deployment/shop/web'), before?.get('Deployment/shop/web'));
  assert.deepEqual(
    [before, after].map((rows) => rows?.get('Deployment/shop/cart')?.action),
    ['restart', 'none'],
  );
});

test('after the wall clock was set, a wait ends at another time', async () => {
  const web = assessed({ name: 'web' });
  const retryAt = new Map([[keyOf(web.workload), { until: NOW + MINUTE, problem: 'refused' }]]);
  const first = { ...plan([web], context({ retryAt })), at: NOW, wall: NOW };
  const [before, after] = await rowsAfter(first, { ...first, wall: NOW + HOUR });
  const [soon, later] = [before, after].map((rows) => rows?.get('Deployment/shop/web')?.detail);
  assert.match(soon ?? '', /until /);
  assert.notEqual(soon, later);
});
