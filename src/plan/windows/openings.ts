import { momentWords } from './timeZone.ts';
import { isOpenAt, type WindowTimes, windowStateAt } from './windowTimes.ts';

/** Windows of one author. One of them must be open. */
export interface WindowSet {
  /** Whose windows they are, for reasons. */
  readonly words: string;
  readonly windows: readonly WindowTimes[];
}

/** Whether all sets have an open window at a moment, and until when that is known. */
export interface Opening {
  readonly from: number;
  readonly until: number;
  /** Which sets have none, and when all will have one; absent if all have one. */
  readonly closed?: { readonly detail: string; readonly opensAt?: number };
}

const DAY = 24 * 60 * 60_000;
/** The next common opening is looked for so far ahead: windows come again each week. */
const DAYS_AHEAD = 15;
/** And in so many steps, because the sets may be anybody's. */
const MOST_STEPS = 64;

/** Whether each of these sets has an open window at a moment, and when all will have one. Pure. */
export function openingAt(sets: readonly WindowSet[], at: number): Opening {
  const closed = sets.filter((set) => isClosed(set, at));
  const changes = sets.flatMap(({ windows }) => windows.map((window) => windowStateAt(window, at).until));
  if (closed.length === 0) return { from: at, until: Math.min(...changes) };
  const outside = `outside ${closed.map(({ words }) => words).join(' and ')}`;
  const next = nextOpening(sets, at);
  if (!next) {
    const detail = `${outside}; in the next ${DAYS_AHEAD - 1} days they are never open at the same time`;
    return { from: at, until: at + DAY, closed: { detail } };
  }
  const { opensAt, timeZone } = next;
  const detail = `${outside}, until ${momentWords(opensAt, timeZone)}`;
  return { from: at, until: opensAt, closed: { detail, opensAt } };
}

const isClosed = ({ windows }: WindowSet, at: number): boolean => !windows.some((window) => isOpenAt(window, at));

/** When all sets have an open window, and the time zone of the last one that opens. */
function nextOpening(sets: readonly WindowSet[], at: number): { opensAt: number; timeZone: string } | undefined {
  let next = { opensAt: at, timeZone: '' };
  for (let step = 0; step < MOST_STEPS && next.opensAt <= at + DAYS_AHEAD * DAY; step++) {
    const closed = sets.filter((set) => isClosed(set, next.opensAt));
    if (closed.length === 0) return next;
    for (const { windows } of closed) next = later(next, firstOf(windows, next.opensAt));
  }
  return undefined;
}

/** When the first of these closed windows opens. */
function firstOf(windows: readonly WindowTimes[], at: number): { opensAt: number; timeZone: string } {
  const openings = windows.map((window) => ({
    opensAt: windowStateAt(window, at).until,
    timeZone: window.timeZone,
  }));
  return openings.reduce((a, b) => (b.opensAt < a.opensAt ? b : a));
}

const later = <T extends { opensAt: number }>(a: T, b: T): T => (b.opensAt > a.opensAt ? b : a);
