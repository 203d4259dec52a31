import assert from 'node:assert/strict';
import { keyOf, type WorkloadKey } from '../../../../src/model.ts';
import { RESTARTED_AT } from '../../../../src/names.ts';
import type { Assessed } from '../../../../src/plan/assessed.ts';
import { timestamp } from '../../../../src/rfc3339.ts';
import { MINUTE, NOW } from '../../../builders/workload.ts';
import { type Dice, diceFor } from '../../fuzz/dice.ts';
import { exactly } from './exactly.ts';
import { playedRun } from './playedRun.ts';
import { drawn, randomCluster, someWaves, someWindows } from './randomCluster.ts';

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

for (let seed = 0; seed < 40; seed++)
  test(`the estimate restarts what repeated plans restart, at the same times: cluster ${seed}`, () => {
    const dice = diceFor(13, seed);
    const of = drawn(dice, { workloads: 20 + dice.below(80) });
    const cooldown = dice.pick([0, 10 * MINUTE]);
    const waves = dice.once(2) ? undefined : someWaves(dice);
    const windows = dice.once(3) ? someWindows([0, 9, 20]) : undefined;
    const made = randomCluster(dice, {
      ...of,
      policy: {
        ...of.policy,
        annotationCooldown: cooldown,
        restartTimeout: 86_400_000,
        ...(waves && { waves }),
        ...(windows && { windows }),
      },
    });
    const cluster = { ...made, assessed: made.assessed.map((one) => complicated(dice, one)) };
    const own = keyOf(dice.pick(cluster.assessed).workload);
    const really = playedRun(cluster, { forecasts: 0, own });
    assert.ok(really.restarts.length > 10);
    const expected = exactly(cluster, own);
    const told = ({ key }: { readonly key: WorkloadKey }, time: number | undefined): string =>
      `${key} after ${Math.round(((time ?? Number.NaN) - NOW) / 100) / 10} s`;
    assert.deepEqual(
      really.restarts.map((one) => told(one, expected.get(one.key))),
      really.restarts.map((one) => told(one, one.ended)),
    );
    assert.equal([...expected.values()].filter((time) => !Number.isNaN(time)).length, really.restarts.length);
  });
