import { filterMatches } from '../../expect/filter.ts';
import { forgetOldest } from '../../forgetOldest.ts';
import type { Assessed, Outdated } from '../assessed.ts';
import type { Policy } from '../policy.ts';
import { type Opening, openingAt, type WindowSet } from './openings.ts';
import { isUrgent } from './urgent.ts';
import type { Window } from './window.ts';
import { annotationWords, type OwnWindows, ownWindowsOf } from './windowAnnotation.ts';

/** How many different combinations of windows are kept with their state. */
const MOST_KEPT = 1000;

/** Without windows of the policy. */
const NONE: readonly Window[] = [];

type Placed = Pick<Assessed, 'workload' | 'namespace'>;

/** Outside which windows a workload is, and when it will be inside all of them; undefined if it is. */
export const closedWindows = (placed: Placed, at: number, windows: readonly Window[] = NONE): Opening['closed'] =>
  openingOf(placed, at, windows)?.closed;

/** Until when the windows of a workload stay as they are, its own by themselves, too; Infinity without windows. */
export const windowsStayUntil = (placed: Placed, at: number, windows: readonly Window[] = NONE): number =>
  Math.min(...[windows, NONE].map((some) => openingOf(placed, at, some)?.until ?? Number.POSITIVE_INFINITY));

/** The state of all windows that concern a workload; undefined if none does. */
function openingOf(placed: Placed, at: number, windows: readonly Window[]): Opening | undefined {
  const matching = windows.filter(
    ({ match }) => match === undefined || match.some((filter) => filterMatches(filter, placed)),
  );
  // what cannot be read is a reason of its own
  const own = ownWindowsOf(placed).filter(({ reading }) => 'windows' in reading);
  if (matching.length === 0 && own.length === 0) return undefined;
  const key = JSON.stringify([...own.map(({ where, text }) => [where, text]), matching.map(({ name }) => name)]);
  const states = statesOf(windows);
  let state = states.get(key);
  if (!state || at < state.from || at >= state.until) {
    state = openingAt(setsOf(matching, own), at);
    states.delete(key);
    states.set(key, state);
    forgetOldest(states, MOST_KEPT);
  }
  return state;
}

/** The state of each combination of windows, for the policy that they are of. */
const kept = new WeakMap<readonly Window[], Map<string, Opening>>();

function statesOf(windows: readonly Window[]): Map<string, Opening> {
  const known = kept.get(windows) ?? new Map<string, Opening>();
  kept.set(windows, known);
  return known;
}

function setsOf(matching: readonly Window[], own: readonly OwnWindows[]): WindowSet[] {
  const names = matching.map(({ name }) => name).join(', ');
  const words = `${matching.length > 1 ? 'windows' : 'window'} ${names}`;
  return [
    ...(matching.length > 0 ? [{ words, windows: matching }] : []),
    ...own.flatMap((one) =>
      'windows' in one.reading ? { words: annotationWords(one), windows: one.reading.windows } : [],
    ),
  ];
}

/**
 * Whether the annotation on a workload or its namespace keeps its restart from beginning now: it is outside those windows, or they cannot
 * be read. The policy's own windows do not count.
 */
export function isHeldByOwnWindow(assessed: Outdated, policy: Pick<Policy, 'urgent'>, at: number): boolean {
  const own = ownWindowsOf(assessed);
  if (own.length === 0 || isUrgent(assessed, policy)) return false;
  return own.some(({ reading }) => 'problem' in reading) || closedWindows(assessed, at) !== undefined;
}
