import { momentWords } from './timeZone.ts';
import { type WindowState, type WindowTimes, windowStateAt } from './windowTimes.ts';

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
  const stateAt = forward();
  const states = sets.map(({ windows }) => windows.map((window) => stateAt(window, at)));
  const closed = sets.filter((_, index) => !states[index]?.some(({ isOpen }) => isOpen));
  if (closed.length === 0) return { from: at, until: Math.min(...states.flat().map(({ until }) => until)) };
  const outside = `outside ${closed.map(({ words }) => words).join(' and ')}`;
  const next = nextOpening(sets, at, stateAt);
  if (!next) {
    const detail = `${outside}; in the next ${DAYS_AHEAD - 1} days they are never open at the same time`;
    return { from: at, until: at + DAY, closed: { detail } };
  }
  const { opensAt, timeZone } = next;
  const detail = `${outside}, until ${momentWords(opensAt, timeZone)}`;
  return { from: at, until: opensAt, closed: { detail, opensAt } };
}

type StateAt = typeof windowStateAt;

/** The states of windows at moments that do not go back: each is worked out once. */
function forward(): StateAt {
  const known = new Map<WindowTimes, WindowState>();
  return (window, at) => {
    const last = known.get(window);
    if (last && at < last.until) return last;
    const state = windowStateAt(window, at);
    known.set(window, state);
    return state;
  };
}

interface Next {
  readonly opensAt: number;
  /** Of the window that opens last. */
  readonly timeZone: string;
}

/** When all sets have an open window. */
function nextOpening(sets: readonly WindowSet[], at: number, stateAt: StateAt): Next | undefined {
  let next: Next = { opensAt: at, timeZone: '' };
  for (let step = 0; step < MOST_STEPS && next.opensAt <= at + DAYS_AHEAD * DAY; step++) {
    const { opensAt } = next;
    const closed = sets.filter(({ windows }) => !windows.some((window) => stateAt(window, opensAt).isOpen));
    if (closed.length === 0) return next;
    const openings = closed.map(({ windows }) => firstOf(windows, (window) => stateAt(window, opensAt)));
    next = openings.reduce((a, b) => (b.opensAt > a.opensAt ? b : a));
  }
  return undefined;
}

/** When the first of these closed windows opens. */
function firstOf(windows: readonly WindowTimes[], stateOf: (window: WindowTimes) => WindowState): Next {
  const openings = windows.map((window) => ({ opensAt: stateOf(window).until, timeZone: window.timeZone }));
  return openings.reduce((a, b) => (b.opensAt < a.opensAt ? b : a));
}
