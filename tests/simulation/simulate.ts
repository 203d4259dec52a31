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
  /** What the tenant did. */
  readonly acts: number;
  readonly tenantRestarts: number;
  /** The limits that could have been reached, and whether they were. */
  readonly limits: readonly (readonly [string, boolean])[];
  readonly outcomes: readonly string[];
  /** The reasons that held workloads at the end. */
  readonly held: readonly string[];
  readonly trace: readonly string[];
}

/** Plays one seed to its end. The same seed always gives the same result; tracing only writes down what happens. */
export async function simulate(seed: number, traced = false): Promise<Result> {
  const world = new World(seed, traced);
  const { time, scenario, referee, processes } = world;
  const { knobs } = scenario;
  world.log(() => JSON.stringify(scenario, (_key, value) => (value instanceof Set ? [...value] : value), 1));
  planEvents(world);
  for (let index = 0; index < knobs.processes; index++) time.after(index * SECOND, () => world.boot());
  const began = time.now;
  let over = false;
  const look = (): void => {
    const waiting = world.others().flatMap((one) => {
      const why = unsettled(world, one);
      return why === undefined ? [] : [`${one.key}: ${why}`];
    });
    referee.looks();
    const late = time.now - began > scenario.eventful + (scenario.isLong ? 6 : 1) * PATIENCE;
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
    acts: world.tenant.acts,
    tenantRestarts: referee.restarts.filter(({ workload }) => world.isTenants(workload)).length,
    limits: limitsOf(world),
    outcomes: referee.restarts.map(({ outcome }) => outcome ?? 'in flight'),
    held,
    trace: world.trace,
  };
}

/** A limit could be reached where more was restarted than it lets go at a time. */
function limitsOf({ scenario, referee }: World): (readonly [string, boolean])[] {
  const { policy, shifts } = scenario;
  // where the policy is edited, nobody knows which limit could have been reached
  if (shifts) return [];
  const namespaces = [...scenario.namespaces, scenario.tenant.namespace];
  const restarted = new Set(referee.restarts.map(({ workload }) => workload));
  const here = namespaces.map((name) => [...restarted].filter(({ namespace }) => namespace === name).length);
  const bad = referee.restarts.filter(({ outcome }) => outcome !== 'verified').map(({ workload }) => workload);
  // one more would have been made where the last of those that ended badly was not the end of it
  const mostBad = scenario.flavour === 'failing' && policy.maxRestartsPerDay === 1 && bad.length > 0 ? 2 : 0;
  const limits: readonly (readonly [string, number, number])[] = [
    ['max-in-flight', policy.maxInFlight, restarted.size],
    ['max-in-flight-per-namespace', policy.maxInFlightPerNamespace, Math.max(...here)],
    ['max-restarts-per-minute', policy.maxRestartsPerMinute || Number.POSITIVE_INFINITY, restarted.size],
    ['daily-cap', policy.maxRestartsPerDay, mostBad],
  ];
  const possible = limits.filter(([, limit, could]) => could > limit);
  return possible.map(([name, limit]) => [name, (referee.peaks.get(name) ?? 0) >= limit]);
}
