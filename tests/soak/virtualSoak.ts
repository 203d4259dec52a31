import { meddle, relapse, upgrade } from '../simulation/events.ts';
import { CALM, drawScenario, FLAVOURS, type Scenario } from '../simulation/scenario.ts';
import { ALWAYS } from '../simulation/times.ts';
import { World } from '../simulation/world.ts';
import { diceFor } from '../unit/fuzz/dice.ts';
import type { Series } from './steadiness.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SAMPLE_EVERY = 10 * MINUTE;

/** Figures of a simulated operator that must not grow, and how much they may over a run. */
const FIGURES = { 'heap in use, MB': 3, 'planned wake-ups': 5, 'journal, bytes': 3000 } as const;

type Figure = keyof typeof FIGURES;
type Sample = Readonly<Record<Figure, number>> & { readonly at: number };

/** What a run shows. */
export interface VirtualSoak {
  readonly series: readonly Series[];
  readonly restarts: number;
}

/**
 * Lets the real operator live for hours of virtual time in a simulated cluster in which people deploy, scale, relabel and upgrade.
 * @param collect collects garbage, so that what is left is what is held
 * @param leak called with each sample; a test plants a leak in it
 */
export async function virtualSoak(
  hours: number,
  seed: number,
  collect: () => void,
  leak: () => void = () => undefined,
): Promise<VirtualSoak> {
  const world = new World(seed, false, scenarioOf(seed, hours));
  const { time, referee } = world;
  const keys = world.existing().map(({ key }) => key);
  const again = (every: number, act: (world: World) => void): void => {
    time.after(every, () => {
      act(world);
      again(every, act);
    });
  };
  again(15 * MINUTE, upgrade);
  again(5 * MINUTE, meddle);
  let made = 0;
  again(MINUTE, () => {
    // what was deleted is deployed again
    for (const key of keys) if (!world.find(key)) world.remake({ key }, `soak-${made++}`);
  });
  again(HOUR, relapse);
  world.boot();
  const began = time.now;
  const samples: Sample[] = [];
  let restarts = 0;
  const look = (): void => {
    leak();
    restarts += referee.restarts.length;
    // the referee's book is ours, not the operator's
    referee.restarts.length = 0;
    referee.violations.clear();
    collect();
    samples.push({
      at: time.now - began,
      'heap in use, MB': process.memoryUsage().heapUsed / 1e6,
      'planned wake-ups': time.planned,
      'journal, bytes': world.lease.bytes,
    });
    time.after(SAMPLE_EVERY, look);
  };
  time.after(SAMPLE_EVERY, look);
  await time.pass(() => time.now - began >= hours * HOUR);
  for (const { lane } of world.processes) lane.kill();
  const seriesOf = (name: Figure): Series => ({
    name,
    allowed: FIGURES[name],
    samples: samples.map((one) => ({ at: one.at, value: one[name] })),
  });
  return { series: (Object.keys(FIGURES) as Figure[]).map(seriesOf), restarts };
}

/** A cluster as the simulation draws it, in which nothing hangs and no process ends, for so many hours. */
function scenarioOf(seed: number, hours: number): Scenario {
  const drawn = drawScenario(FLAVOURS.length * seed, diceFor(seed, 0));
  return {
    ...drawn,
    policy: { ...drawn.policy, maxRestartsPerDay: 1000, restartTimeout: 10 * MINUTE },
    times: ALWAYS,
    admission: 'keeps',
    eventful: hours * HOUR,
    knobs: { ...CALM, mishaps: 3, slowCalls: 5 },
  };
}
