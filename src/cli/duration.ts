import { fromOneTo, numberUpTo } from './numberPattern.ts';

const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };
const PART = /(\d+)(h|m|s)/g;
/** A year. A longer duration would mean never, which no duration should express. */
const HOURS = 8760;
export const LONGEST_DURATION = HOURS * 3_600_000;

/** What may follow a larger unit: `1h30m`, not `1h90m`. */
const SECONDS = `(${numberUpTo(59)}s)?`;
const MINUTES = `(${numberUpTo(59)}m)?`;

/** From the unit of the first number on, up to a year; the rest of a whole year is zero. */
const LASTING = [
  `${fromOneTo(HOURS - 1)}h${MINUTES}${SECONDS}`,
  `${HOURS}h(0m)?(0s)?`,
  `(0h)?${fromOneTo(HOURS * 60 - 1)}m${SECONDS}`,
  `(0h)?${HOURS * 60}m(0s)?`,
  `(0h)?(0m)?${fromOneTo(HOURS * 3600)}s`,
].join('|');
const NOTHING = '0|0h(0m)?(0s)?|(0h)?0m(0s)?|0s';

/** Durations of whole seconds, up to a year; those that are not zero where `min` says so. */
export const durationPattern = (min: number): string => (min > 0 ? `^(${LASTING})$` : `^(${NOTHING}|${LASTING})$`);

/**
 * Reads a duration as kubectl and Go write it, in whole numbers (`90s`, `5m`, `1h30m`, `0`), into milliseconds; undefined for any other
 * text. Times in records have no fractions of a second (RFC 3339, as `kubectl rollout restart` writes it), so a fraction would be lost.
 */
export function parseDuration(text: string): number | undefined {
  if (!ANY.test(text)) return undefined;
  return [...text.matchAll(PART)].reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ''] ?? 0), 0);
}

const ANY = new RegExp(durationPattern(0));
