import { Temporal } from 'temporal-polyfill';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Names of time zones have fewer characters. A longer text is not looked up. */
const LONGEST = 50;

/** The names that most people use, for suggestions. More are valid, older names for example. */
export const usualTimeZones = (): readonly string[] => [...Intl.supportedValuesOf('timeZone'), 'UTC'];

/** Whether a text is the name of a time zone of the IANA database, in its usual spelling. An offset such as `+02:00` is none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Z][A-Za-z0-9_+/-]*$/.test(name) || name.length > LONGEST) return false;
  try {
    return zoned(0, name).timeZoneId === name;
  } catch {
    return false;
  }
}

/** A time in which no clock of a time zone is changed. */
interface ClockPeriod {
  readonly from: number;
  /** When clocks are changed next; Infinity if no change is known. */
  readonly until: number;
  /** What clocks are ahead of UTC, in milliseconds. */
  readonly offset: number;
}

/** The latest periods of each time zone that was asked for. */
const known = new Map<string, ClockPeriod[]>();
const MOST_KNOWN = 4;

function periodAt(at: number, timeZone: string): ClockPeriod {
  const periods = known.get(timeZone) ?? [];
  const last = periods.find(({ from, until }) => at >= from && at < until);
  if (last) return last;
  const now = zoned(at, timeZone);
  const period = {
    from: at,
    until: now.getTimeZoneTransition('next')?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
    offset: now.offsetNanoseconds / 1_000_000,
  };
  known.set(timeZone, [period, ...periods].slice(0, MOST_KNOWN));
  return period;
}

/**
 * A moment as clocks in a time zone show it: in milliseconds, as if the shown date and time were in UTC.
 * @param at milliseconds since the epoch
 */
export const localTime = (at: number, timeZone: string): number => at + periodAt(at, timeZone).offset;

/** Milliseconds since the local midnight. */
export const timeOfDay = (local: number): number => local - startOfDay(local);

/** The local midnight before a local time. */
export const startOfDay = (local: number): number => Math.floor(local / DAY) * DAY;

/** When clocks in a time zone are next changed after a moment; Infinity if no change is known. */
export const nextClockChange = (at: number, timeZone: string): number => periodAt(at, timeZone).until;

/**
 * The moments at which clocks in a time zone show a date and time, the first and the last of them. Where clocks skip it, both are the
 * moment at which they do.
 * @param text such as `2026-12-20T00:00`
 * @throws {RangeError} when there is no such date or time in the calendar
 */
export function momentsOf(text: string, timeZone: string): { readonly first: number; readonly last: number } {
  const shown = Temporal.PlainDateTime.from(text);
  const [first, last] = (['earlier', 'later'] as const).map((disambiguation) =>
    shown.toZonedDateTime(timeZone, { disambiguation }),
  ) as [Temporal.ZonedDateTime, Temporal.ZonedDateTime];
  if (first.toPlainDateTime().equals(shown)) return { first: first.epochMilliseconds, last: last.epochMilliseconds };
  const skipped = nextClockChange(first.epochMilliseconds, timeZone);
  return { first: skipped, last: skipped };
}

/** A moment in words, such as `Fri 2026-12-04 22:00 Europe/Athens`. */
export function momentWords(at: number, timeZone: string): string {
  const local = new Date(localTime(at, timeZone));
  const [date = '', time = ''] = local.toISOString().split('T');
  return `${WEEKDAYS[weekdayOf(local.getTime())]} ${date} ${time.slice(0, 5)} ${timeZone}`;
}

/** The days of the week as windows name them. */
export const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

/** The place of a local time's day in `WEEKDAYS`. The epoch was a Thursday. */
export const weekdayOf = (local: number): number => (((Math.floor(local / DAY) + 3) % 7) + 7) % 7;

const zoned = (at: number, timeZone: string): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochMilliseconds(Math.floor(at)).toZonedDateTimeISO(timeZone);
