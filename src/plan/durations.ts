/** How long a workload's last restarts took, in milliseconds, newest first: from the decision until the new pods were verified. */
export type Durations = readonly number[];

/** As many are kept. Their median is not moved by one restart that was unusual. */
export const DURATIONS_KEPT = 3;

const SECOND = 1000;
/** Longer ones are kept as this one: a clock was wrong, or the time limit is that of nobody. */
const LONGEST = 24 * 60 * 60;

/** A duration as it is kept: two digits say enough for an estimate, and equal texts keep the compressed journal small. */
function keptSeconds(milliseconds: number): number {
  const seconds = Math.min(LONGEST, Math.max(1, Math.round(milliseconds / SECOND)));
  return Number(seconds.toPrecision(2));
}

/** The durations after another restart took so long. */
export const withDuration = (milliseconds: number, before: Durations = []): Durations =>
  [keptSeconds(milliseconds) * SECOND, ...before].slice(0, DURATIONS_KEPT);

/** Durations as they are written: whole seconds. */
export const durationNumbers = (durations: Durations): number[] => durations.map((one) => one / SECOND);

/**
 * Reads what `durationNumbers` made, from words or numbers. Anyone who may edit a workload can write its record, so what is no number of
 * seconds within a day is left out.
 * @returns undefined if nothing is left
 */
export function durationsFrom(values: readonly (string | number)[] | undefined): Durations | undefined {
  const read = (values ?? []).slice(0, DURATIONS_KEPT).flatMap((value) => {
    const isNumber = /^\d{1,6}$/.test(String(value)) && Number(value) >= 1 && Number(value) <= LONGEST;
    return isNumber ? Number(value) * SECOND : [];
  });
  return read.length > 0 ? read : undefined;
}
