/** A series of one figure over a run. */
export interface Series {
  readonly name: string;
  /** Growth over the whole run below which nothing is said, in the figure's own unit. */
  readonly allowed: number;
  readonly samples: readonly { readonly at: number; readonly value: number }[];
}

/** How a figure went over a run. */
export interface Steadiness {
  readonly name: string;
  readonly first: number;
  readonly last: number;
  /** What its line rises from the end of the warm-up to the end of the run. */
  readonly growth: number;
  /** How far a sample usually is from that line. */
  readonly noise: number;
  readonly isFlat: boolean;
}

/** The part of a run in which caches fill and code is compiled. */
const WARM_UP = 1 / 6;
/** So many times the noise a line may rise: a saw's teeth are not growth. */
const NOISES = 4;

/**
 * Whether a figure stays as it is, apart from noise. The line through the samples is Theil and Sen's: the median of the slopes between all
 * pairs, which a few outliers do not turn.
 */
export function steadiness({ name, allowed, samples }: Series): Steadiness {
  const begins = (samples[0]?.at ?? 0) + WARM_UP * ((samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0));
  const kept = samples.filter(({ at }) => at >= begins);
  const slopes = kept.flatMap((one, index) =>
    kept
      .slice(index + 1)
      .flatMap((other) => (other.at > one.at ? [(other.value - one.value) / (other.at - one.at)] : [])),
  );
  const slope = median(slopes) ?? 0;
  const level = median(kept.map(({ at, value }) => value - slope * at)) ?? 0;
  const noise = median(kept.map(({ at, value }) => Math.abs(value - slope * at - level))) ?? 0;
  const [first, last] = [kept[0]?.at ?? 0, kept.at(-1)?.at ?? 0];
  const growth = slope * (last - first);
  return {
    name,
    first: level + slope * first,
    last: level + slope * last,
    growth,
    noise,
    isFlat: growth <= Math.max(allowed, NOISES * noise),
  };
}

function median(numbers: readonly number[]): number | undefined {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1];
}
