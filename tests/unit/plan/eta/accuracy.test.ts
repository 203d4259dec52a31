import assert from 'node:assert/strict';
import { diceFor } from '../../fuzz/dice.ts';
import { accuracyOf } from './accuracy.ts';
import { type Foreseen, foreseen } from './foreseen.ts';
import { drawn, randomCluster, steered } from './randomCluster.ts';

/** `npm run eta` plays 300 runs of up to 2,000 workloads. */
const RUNS = Number(process.env.ETA_RUNS ?? 30);
const MOST_WORKLOADS = RUNS > 100 ? 2000 : 400;
const TIME_LIMIT = RUNS * 30_000;
const SHARES = [0, 1 / 3, 2 / 3] as const;

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

test(
  `estimates of ${RUNS} runs come true`,
  () => {
    const byShare = SHARES.map((): Foreseen[] => []);
    for (let run = 0; run < RUNS; run++) {
      const dice = diceFor(17, run);
      const of = drawn(dice);
      const given = { ...of, workloads: Math.min(of.workloads, MOST_WORKLOADS), policy: steered(dice, of.policy) };
      for (const [index, one] of foreseen(randomCluster(dice, given), SHARES).entries()) byShare[index]?.push(one);
    }
    const found = byShare.map(accuracyOf);
    for (const [index, { runs, within, ofLeft, ofWhole }] of found.entries())
      console.info(
        `after ${percent(SHARES[index] as number)} of the time, ${runs} runs: ${percent(within)} ended by the 90th percentile; ` +
          `the median was off by ${percent(ofLeft)} of the time left, ${percent(ofWhole)} of the whole`,
      );
    const third = found[1];
    assert.ok(third && third.within >= 0.85, `only ${percent(third?.within ?? 0)} ended by the 90th percentile`);
    assert.ok(third.ofLeft <= 0.2, `the median was off by ${percent(third.ofLeft)} of the time left`);
  },
  TIME_LIMIT,
);
