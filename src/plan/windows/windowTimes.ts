import { localTime, nextClockChange, startOfDay, timeOfDay, weekdayOf } from './timeZone.ts';

/** The times of a window, as clocks in its time zone show them. */
export interface WindowTimes {
  /** On which days of the week it opens: places in `WEEKDAYS`. */
  readonly days: ReadonlySet<number>;
  /** Milliseconds since midnight. */
  readonly start: number;
  /** The same, up to 24:00; on the next day if not after `start`. */
  readonly end: number;
  readonly timeZone: string;
}

/** Whether a window is open, and until when it stays so. Infinity is for ever. */
export interface WindowState {
  readonly isOpen: boolean;
  readonly until: number;
}

const DAY = 24 * 60 * 60_000;
/** A window that neither opens nor closes in so many days never does. */
const DAYS_AHEAD = 8;

/**
 * Whether a window is open at a moment. What clocks show decides: a time that is skipped when clocks change does not come, and one that
 * comes twice counts both times.
 */
export const isOpenAt = (window: WindowTimes, at: number): boolean => isInside(window, localTime(at, window.timeZone));

function isInside({ days, start, end }: WindowTimes, local: number): boolean {
  const time = timeOfDay(local);
  const isToday = days.has(weekdayOf(local));
  if (end > start) return isToday && time >= start && time < end;
  return (isToday && time >= start) || (days.has(weekdayOf(local - DAY)) && time < end);
}

/** Whether a window is open at a moment, and when that changes next. Pure. */
export function windowStateAt(window: WindowTimes, at: number): WindowState {
  const isOpen = isOpenAt(window, at);
  let from = at;
  // between two changes of the clocks, times pass as everywhere
  for (;;) {
    const change = nextClockChange(from, window.timeZone);
    const local = localTime(from, window.timeZone);
    const next = nextLocal(window, local, isOpen);
    const until = next === undefined ? undefined : from + (next - local);
    if (until !== undefined && until < change) return { isOpen, until };
    if (change - from > DAYS_AHEAD * DAY && until === undefined) return { isOpen, until: Number.POSITIVE_INFINITY };
    if (isOpenAt(window, change) !== isOpen) return { isOpen, until: change };
    from = change;
  }
}

/** The next local time at which a window would open or close if no clock was changed; undefined if there is none. */
function nextLocal(window: WindowTimes, local: number, isOpen: boolean): number | undefined {
  const today = startOfDay(local);
  const times = [window.start, window.end].sort((a, b) => a - b);
  for (let day = 0; day <= DAYS_AHEAD; day++)
    for (const time of times) {
      const next = today + day * DAY + time;
      if (next > local && isInside(window, next) !== isOpen) return next;
    }
  return undefined;
}
