import { planEvents } from './events.ts';
import type { Flavour } from './scenario.ts';
import { heldBy, unsettled } from './settled.ts';
import { World } from './world.ts';

const SECOND = 1000;
/** How long a world that is well may take until everything is current or truly held. */
const PATIENCE = 45 * 60 * SECOND;
const LOOK_EVERY = 30 * SECOND;

/** What came of one run. */
export interface Result {
  readonly seed: number;
  readonly flavour: Flavour;
  /** Each invariant that was broken, with the first breach. */
  readonly violations: readonly (readonly [string, string])[];
  readonly restarts: number;
  /** Virtual milliseconds. */
  readonly took: number;
  readonly peaks: ReadonlyMap<string, number>;
  readonly limits: ReadonlyMap<string, number>;
  readonly outcomes: readonly string[];
  readonly held: readonly string[];
  readonly trace: readonly string[];
}

/** Plays one seed to its end. The same seed always gives the same result; tracing only writes down what happens. */
export async function simulate(seed: number, traced = false): Promise<Result> {
  const world = new World(seed, traced);
  const { time, scenario, referee, processes } = world;
  const { policy, knobs } = scenario;
  world.log(() => JSON.stringify(scenario, (_key, value) => (value instanceof Set ? [...value] : value), 1));
  planEvents(world);
  for (let index = 0; index < knobs.processes; index++) time.after(index * SECOND, () => world.boot());
  const began = time.now;
  let over = false;
  const look = (): void => {
    const waiting = world.existing().flatMap((one) => {
      const why = unsettled(world, one);
      return why === undefined ? [] : [`${one.key}: ${why}`];
    });
    const late = time.now - began > scenario.eventful + PATIENCE;
    if (late && waiting.length > 0) referee.violated('liveness', waiting.join('\n'));
    over = late || waiting.length === 0;
    if (!over) time.after(LOOK_EVERY, look);
  };
  time.after(scenario.eventful + LOOK_EVERY, look);
  await time.pass(() => over);
  const held = heldBy(world);
  for (const process of processes) process.lane.kill();
  return {
    seed,
    flavour: scenario.flavour,
    violations: [...referee.violations],
    restarts: referee.restarts.length,
    took: time.now - began,
    peaks: referee.peaks,
    limits: new Map([
      ['max-in-flight', policy.maxInFlight],
      ['max-in-flight-per-namespace', policy.maxInFlightPerNamespace],
      ['max-restarts-per-minute', policy.maxRestartsPerMinute],
      ['daily-cap', 3],
    ]),
    outcomes: referee.restarts.map(({ outcome }) => outcome ?? 'in flight'),
    held,
    trace: world.trace,
  };
}
