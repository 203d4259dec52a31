import assert from 'node:assert/strict';
import { keyOf, type WorkloadKey } from '../../../../src/model.ts';
import { RESTARTED_AT } from '../../../../src/names.ts';
import type { Assessed } from '../../../../src/plan/assessed.ts';
import { courseOf } from '../../../../src/plan/eta/forecast.ts';
import { play } from '../../../../src/plan/eta/play.ts';
import { plan } from '../../../../src/plan/plan.ts';
import type { Policy } from '../../../../src/plan/policy.ts';
import { timestamp } from '../../../../src/rfc3339.ts';
import { context } from '../../../builders/policy.ts';
import { wave } from '../../../builders/waves.ts';
import { MINUTE, NOW } from '../../../builders/workload.ts';
import { type Dice, diceFor } from '../../fuzz/dice.ts';
import { playedRun } from './playedRun.ts';
import { drawn, type RandomCluster, randomCluster } from './randomCluster.ts';

/** Somebody has restarted some by hand a moment ago, some are opted out, others form rollout groups or need the first of their kind. */
function complicated(dice: Dice, one: Assessed): Assessed {
  const { workload } = one;
  if (dice.once(6)) {
    const annotations = { [RESTARTED_AT]: timestamp(NOW - dice.below(9) * MINUTE) };
    return { ...one, workload: { ...workload, template: { ...workload.template, annotations } } };
  }
  if (dice.once(12)) return { ...one, workload: { ...workload, annotations: { 'meltemi.dev/restart': 'false' } } };
  if (workload.kind === 'StatefulSet' && dice.once(2))
    return { ...one, workload: { ...workload, strategy: 'OnDelete', rolloutGroup: { name: 'g', paused: false } } };
  return dice.once(8) ? { ...one, hinted: true } : one;
}

/** When each workload is done, by the estimate's own way through the queue, if each restart takes just as long as it does. */
function estimated({ assessed, policy, durations }: RandomCluster, own: WorkloadKey): Map<WorkloadKey, number> {
  const at = context({ policy, own });
  const { items } = plan(assessed, at);
  const of = ({ workload }: Pick<Assessed, 'workload'>) => {
    const base = durations.get(keyOf(workload)) as number;
    return { base, deviation: { centre: 0, spread: 0, doubt: 0 } };
  };
  const { course } = resultOf(courseOf({ items, context: at }, { of }));
  const { doneAt } = resultOf(play(course, 0));
  return new Map(course.candidates.map(({ key }, place) => [key, doneAt[place] as number]));
}

function resultOf<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Waves by the names of the namespaces, some with a bake. */
const wavesFor = (dice: Dice): Policy['waves'] =>
  dice.once(2)
    ? undefined
    : [
        wave('canary', { match: [{ namespaces: ['ns-1*'] }], percent: 30, bake: 5 * MINUTE }),
        wave('second', { match: [{ namespaces: ['ns-2*'] }], bake: dice.pick([0, MINUTE]), maxInFlight: 2 }),
      ];

for (let seed = 0; seed < 40; seed++)
  test(`the estimate restarts what repeated plans restart, at the same times: cluster ${seed}`, () => {
    const dice = diceFor(13, seed);
    const of = drawn(dice, { workloads: 20 + dice.below(80) });
    const cooldown = dice.pick([0, 10 * MINUTE]);
    const waves = wavesFor(dice);
    const made = randomCluster(dice, {
      ...of,
      policy: { ...of.policy, annotationCooldown: cooldown, restartTimeout: 86_400_000, ...(waves && { waves }) },
    });
    const cluster = { ...made, assessed: made.assessed.map((one) => complicated(dice, one)) };
    const own = keyOf(dice.pick(cluster.assessed).workload);
    const really = playedRun(cluster, { forecasts: 0, own });
    assert.ok(really.restarts.length > 10);
    const expected = estimated(cluster, own);
    const told = ({ key }: { readonly key: WorkloadKey }, time: number | undefined): string =>
      `${key} after ${Math.round(((time ?? Number.NaN) - NOW) / 100) / 10} s`;
    assert.deepEqual(
      really.restarts.map((one) => told(one, expected.get(one.key))),
      really.restarts.map((one) => told(one, one.ended)),
    );
    assert.equal([...expected.values()].filter((time) => !Number.isNaN(time)).length, really.restarts.length);
  });
