import assert from 'node:assert/strict';
import { diceFor } from '../../unit/fuzz/dice.ts';
import { accuracyOf } from '../../unit/plan/eta/accuracy.ts';
import type { Foreseen } from '../../unit/plan/eta/foreseen.ts';
import { drawn, randomCluster } from '../../unit/plan/eta/randomCluster.ts';
import { calmRun } from './calmRun.ts';

/** More runs take the same code longer. */
const RUNS = Number(process.env.CALM_RUNS ?? 4);
const LEAST_BUSY = 0.95;
const MINUTES = 60_000;

test('slots are busy where no rule holds', async () => {
  const policy = { maxInFlight: 5, maxInFlightPerNamespace: 5, restartDelay: 0, maxRestartsPerMinute: 0 };
  const dice = diceFor(5, 1);
  const { restarts } = await calmRun(randomCluster(dice, drawn(dice, { workloads: 120, policy })), false);
  const began = Math.min(...restarts.map((one) => one.began));
  // when nothing is left to begin, slots are empty because there is nothing to do
  const last = Math.max(...restarts.map((one) => one.began));
  const busy = restarts.reduce((sum, one) => sum + Math.min(one.ended, last) - one.began, 0);
  const share = busy / (policy.maxInFlight * (last - began));
  console.info(`${restarts.length} restarts: slots were busy ${(100 * share).toFixed(1)} % of the time`);
  assert.ok(share >= LEAST_BUSY, `slots were busy ${(100 * share).toFixed(1)} % of the time`);
});

test(`what the operator itself expects comes true in ${RUNS} runs`, async () => {
  const foreseen: Foreseen[] = [];
  for (let run = 0; run < RUNS; run++) {
    const dice = diceFor(23, run);
    const of = drawn(dice);
    const { began, ended, forecasts } = await calmRun(randomCluster(dice, { ...of, workloads: 50 + dice.below(50) }));
    const third = began + (ended - began) / 3;
    const forecast = forecasts.find(({ at }) => at >= third);
    assert.ok(forecast, 'no estimate was made after a third of the time');
    foreseen.push({ forecast, at: forecast.at, began, ended });
    assert.ok(forecasts.every(({ at }, index) => index === 0 || at - (forecasts[index - 1]?.at ?? 0) >= MINUTES / 4));
  }
  const { within, ofLeft } = accuracyOf(foreseen);
  console.info(`${RUNS} runs: ${within} within the 90th percentile, the median off by ${ofLeft} of the time left`);
  assert.ok(within >= 0.75 && ofLeft <= 0.3, JSON.stringify({ within, ofLeft }));
});
