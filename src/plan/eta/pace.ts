import type { Assessed } from '../assessed.ts';
import { isInFlight } from '../journalEntry.ts';
import { knownDurations } from '../knownRestarts.ts';
import type { PlanContext } from '../planContext.ts';
import { normalAt, shareBelow } from './draws.ts';
import { roughDuration } from './roughDuration.ts';

/** How far real durations lie from their estimates, as logarithms: a normal distribution whose centre is not known exactly. */
export interface Deviation {
  readonly centre: number;
  readonly spread: number;
  /** How far the centre itself may be off. */
  readonly doubt: number;
}

/** What a restart is expected to take, before anything random: milliseconds, and how far that may be off. */
export interface Estimate {
  readonly base: number;
  readonly deviation: Deviation;
}

/** What is assumed before restarts have shown anything: by size alone, and where earlier restarts of the same workload are known. */
const BY_SIZE: Deviation = { centre: 0, spread: 0.6, doubt: 0.7 };
const BY_RECORD: Deviation = { centre: 0, spread: 0.3, doubt: 0.2 };
/** The assumed spread counts as so many restarts. */
const SPREAD_WEIGHT = 4;
/** Restarts that say enough about one kind, or about one run, to leave the others aside. */
const ENOUGH = 8;
/** The variance of a median is so much larger than that of a mean. */
const MEDIAN_COST = 1.57;

interface Sight {
  readonly kind: string;
  readonly isKnown: boolean;
  /** The logarithm of what it took, by its estimate. */
  readonly ratio: number;
  /** It has not ended yet, so it takes longer than this. */
  readonly isOpen: boolean;
}

/** What is known about the duration of each workload's restart. */
export class Pace {
  readonly #context: Pick<PlanContext, 'policy'>;
  readonly #byRecord: Deviation;
  readonly #bySize: Deviation;
  readonly #byKind: ReadonlyMap<string, Deviation>;

  /** @param runs the runs that the estimate is about. Restarts of others count as long as these have shown too little. */
  constructor(assessed: readonly Assessed[], context: Pick<PlanContext, 'policy' | 'now'>, runs: ReadonlySet<string>) {
    this.#context = context;
    const seen = assessed.flatMap((one) => {
      const sight = this.#sightOf(one, context.now);
      return sight ? { ...sight, isOfRun: runs.has(one.entry?.run ?? '') } : [];
    });
    const own = seen.filter(({ isOfRun }) => isOfRun);
    const sights = own.filter(({ isOpen }) => !isOpen).length >= ENOUGH ? own : seen;
    const unknown = sights.filter(({ isKnown }) => !isKnown);
    this.#byRecord = deviationOf(
      sights.filter(({ isKnown }) => isKnown),
      BY_RECORD,
    );
    this.#bySize = deviationOf(unknown, BY_SIZE);
    const kinds = [...Map.groupBy(unknown, ({ kind }) => kind)].filter(([, some]) => some.length >= ENOUGH);
    this.#byKind = new Map(kinds.map(([kind, some]) => [kind, deviationOf(some, BY_SIZE)]));
  }

  /** What a restart of this workload is expected to take. */
  of(assessed: Pick<Assessed, 'workload' | 'entry'>): Estimate {
    const known = this.#known(knownDurations(assessed));
    if (known !== undefined) return { base: known, deviation: this.#byRecord };
    const { workload } = assessed;
    const deviation = this.#byKind.get(workload.kind) ?? this.#bySize;
    return { base: roughDuration(workload, this.#context.policy), deviation };
  }

  /** A restart of this run that was measured, or is under way. What only the workload tells counts for itself alone. */
  #sightOf(one: Assessed, now: number): Sight | undefined {
    const { workload, entry } = one;
    if (!entry || workload.unsupported) return undefined;
    const isOpen = isInFlight(one);
    if (!isOpen && entry.outcome !== 'verified') return undefined;
    const took = isOpen ? now - entry.since : entry.durations?.[0];
    if (took === undefined || took <= 0) return undefined;
    const durations = knownDurations(one);
    const earlier = this.#known(isOpen ? durations : durations?.slice(1));
    const base = earlier ?? roughDuration(workload, this.#context.policy);
    return { kind: workload.kind, isKnown: earlier !== undefined, ratio: Math.log(took / base), isOpen };
  }

  /** Never longer than a restart may take, whatever a tenant has written. */
  #known(durations: readonly number[] | undefined): number | undefined {
    if (!durations || durations.length === 0) return undefined;
    return Math.min(medianOf(durations), this.#context.policy.restartTimeout);
  }
}

/**
 * Where the ratios lie, between what they show and what was assumed. Long restarts are the last to end, so those that are still under way
 * count, too, as long as they will probably take.
 */
function deviationOf(sights: readonly Sight[], assumed: Deviation): Deviation {
  const ended = sights.filter(({ isOpen }) => !isOpen).map(({ ratio }) => ratio);
  const open = sights.filter(({ isOpen }) => isOpen).map(({ ratio }) => ratio);
  const first = combined(ended, assumed);
  const expected = open.map(
    (ratio) => first.centre + first.spread * halfWayAbove((ratio - first.centre) / first.spread),
  );
  // without anything measured those would only repeat what was assumed
  return ended.length === 0 ? first : combined([...ended, ...expected], assumed);
}

/** The median of a standard normal distribution above a value. */
function halfWayAbove(value: number): number {
  const below = shareBelow(value);
  return below > 0.9999 ? value : normalAt((1 + below) / 2);
}

function combined(ratios: readonly number[], assumed: Deviation): Deviation {
  if (ratios.length === 0) return assumed;
  const median = medianOf(ratios);
  // of a normal distribution, half of all values are nearer to its middle than 0.6745 standard deviations
  const shown = medianOf(ratios.map((ratio) => Math.abs(ratio - median))) / 0.6745;
  const count = ratios.length;
  const spread = Math.sqrt((count * shown ** 2 + SPREAD_WEIGHT * assumed.spread ** 2) / (count + SPREAD_WEIGHT));
  const weight = count / (MEDIAN_COST * Math.max(spread, 0.05) ** 2);
  const assumedWeight = 1 / assumed.doubt ** 2;
  return {
    centre: (weight * median + assumedWeight * assumed.centre) / (weight + assumedWeight),
    spread,
    doubt: Math.sqrt(1 / (weight + assumedWeight)),
  };
}

/** The middle one, or between the middle two. */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[upper] as number)
    : ((sorted[upper - 1] as number) + (sorted[upper] as number)) / 2;
}
