import { type Budget, keyOf, type Workload, type WorkloadKey } from '../../../../src/model.ts';
import type { Assessed } from '../../../../src/plan/assessed.ts';
import { withDuration } from '../../../../src/plan/durations.ts';
import type { Policy } from '../../../../src/plan/policy.ts';
import { replacedPods } from '../../../../src/plan/rollout.ts';
import type { Wave } from '../../../../src/plan/wave.ts';
import type { Window } from '../../../../src/plan/windows/window.ts';
import { recorded, restarted } from '../../../builders/journal.ts';
import { policy } from '../../../builders/policy.ts';
import { wave } from '../../../builders/waves.ts';
import { assessed, complete, HOUR, MINUTE, workload } from '../../../builders/workload.ts';
import type { Dice } from '../../fuzz/dice.ts';

const SECOND = 1000;

/** A cluster in which everything is outdated, and how long the restarts will really take. */
export interface RandomCluster {
  readonly assessed: readonly Assessed[];
  readonly policy: Policy;
  readonly durations: ReadonlyMap<WorkloadKey, number>;
}

/** A number from a normal distribution (Box and Muller). */
function normal(dice: Dice): number {
  const [a, b] = [(dice.below(1_000_000) + 1) / 1_000_001, dice.below(1_000_000) / 1_000_000];
  return Math.sqrt(-2 * Math.log(a)) * Math.cos(2 * Math.PI * b);
}

/** A number from a log-normal distribution. */
export const logNormal = (dice: Dice, median: number, spread: number): number =>
  median * Math.exp(spread * normal(dice));

/** A whole number between these, small ones as often as large ones of ten times the size. */
export const logUniform = (dice: Dice, from: number, to: number): number =>
  Math.round(from * (to / from) ** (dice.below(1_000_000) / 1_000_000));

/** What all clusters may have in common; the rest is thrown. */
export interface Drawn {
  readonly workloads: number;
  readonly policy: Partial<Policy>;
  /** The median time until a pod is Ready, in milliseconds, and how far workloads differ in it. */
  readonly podStarts: number;
  readonly spread: number;
  /** The share of workloads whose earlier restarts are known, in per cent. */
  readonly known: number;
}

/** Throws what a cluster is like. */
export function drawn(dice: Dice, given: Partial<Drawn> = {}): Drawn {
  const maxInFlight = logUniform(dice, 2, 25);
  return {
    workloads: logUniform(dice, 50, 2000),
    podStarts: logUniform(dice, 6, 90) * SECOND,
    spread: 0.2 + dice.below(50) / 100,
    known: dice.pick([0, 0, 30, 80, 100]),
    ...given,
    policy: {
      maxInFlight,
      maxInFlightPerNamespace: 1 + dice.below(maxInFlight),
      restartDelay: dice.pick([0, 0, 2, 5]) * SECOND,
      maxRestartsPerMinute: dice.pick([0, 0, 0, 20]),
      istiodConfigReadDelay: 0,
      annotationCooldown: 0,
      ...given.policy,
    },
  };
}

/** Waves by the names of the namespaces, some with a bake. */
export const someWaves = (dice: Dice): readonly Wave[] => [
  wave('canary', { match: [{ namespaces: ['ns-1*'] }], percent: 30, bake: 5 * MINUTE }),
  wave('second', { match: [{ namespaces: ['ns-2*'] }], bake: dice.pick([0, MINUTE]), maxInFlight: 2 }),
];

/** Every day, two hours that begin at these hours, and some of the namespaces may use the second half of each only. */
export const someWindows = (hours: readonly number[]): readonly Window[] =>
  hours.flatMap((hour) => {
    const shared = { days: new Set([0, 1, 2, 3, 4, 5, 6]), end: (hour + 2) * HOUR, timeZone: 'UTC' };
    return [
      { ...shared, name: `whole-${hour}`, start: hour * HOUR, match: [{ namespaces: ['ns-1*', 'ns-2*'] }] },
      { ...shared, name: `half-${hour}`, start: (hour + 1) * HOUR },
    ];
  });

/** The same policy, with waves in some runs. */
export const steered = (dice: Dice, given: Partial<Policy>): Partial<Policy> =>
  dice.once(4) ? { ...given, waves: someWaves(dice) } : given;

const KINDS = ['Deployment', 'Deployment', 'Deployment', 'StatefulSet', 'DaemonSet'];

/** Makes a cluster of what was thrown. */
export function randomCluster(dice: Dice, of: Drawn): RandomCluster {
  const given = policy(of.policy);
  const namespaces = Math.max(3, Math.round(of.workloads / logUniform(dice, 3, 40)));
  const durations = new Map<WorkloadKey, number>();
  const all = Array.from({ length: of.workloads }, (_, index) => {
    const made = randomWorkload(dice, index, namespaces);
    // the same workload takes about the same each time
    const typical = rounds(made) * logNormal(dice, of.podStarts, of.spread);
    const another = (): number =>
      Math.min(given.restartTimeout - SECOND, Math.max(SECOND, logNormal(dice, typical, 0.15)));
    durations.set(keyOf(made), another());
    const isKnown = dice.below(100) < of.known;
    const earlier = isKnown ? withDuration(another(), withDuration(another())) : undefined;
    const entry = restarted(30 * 24 * HOUR, 'verified', { ...(earlier && { durations: earlier }), run: 'before' });
    const annotations = isKnown ? recorded(entry) : {};
    return { ...assessed({ ...made, annotations, createdAt: 0 }), budgets: budgetsOf(dice, made) };
  });
  return { assessed: all, policy: given, durations };
}

function randomWorkload(dice: Dice, index: number, namespaces: number): Workload {
  const kind = dice.pick(KINDS);
  const replicas = logUniform(dice, 1, kind === 'DaemonSet' ? 40 : 12);
  const surge = kind === 'Deployment' ? Math.ceil(replicas / 4) : 0;
  const spare = Math.floor(replicas / 4);
  return workload({
    kind,
    namespace: `ns-${dice.below(namespaces)}`,
    name: `w${index}`,
    uid: `uid-${index}`,
    rollout: complete(replicas),
    maxUnavailable: kind === 'Deployment' ? spare : kind === 'DaemonSet' ? Math.max(1, dice.below(4)) : 1,
    ...(surge > 0 && { maxSurge: surge }),
    ...(dice.once(10) && { minReadySeconds: 10 }),
    ...(dice.once(20) && { owner: { apiVersion: 'example.org/v1', kind: dice.pick(['Db', 'Queue']), name: 'one' } }),
  });
}

/** How often pods start one after the other. */
function rounds(made: Workload): number {
  const { maxUnavailable, maxSurge = 0 } = made;
  return Math.ceil(replacedPods(made) / Math.max(1, maxUnavailable + maxSurge));
}

/** Some share a budget with others of their namespace. */
function budgetsOf(dice: Dice, { namespace }: Workload): Budget[] {
  if (!dice.once(5)) return [];
  const name = dice.pick(['a', 'b']);
  return [{ namespace, name, selector: {}, allowed: 1, detail: '' }];
}
