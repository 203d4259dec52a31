import { type Filter, type Filtered, filterMatches } from '../../expect/filter.ts';
import { momentWords } from './timeZone.ts';

/** A time in which no restart begins. */
export interface Freeze {
  readonly name: string;
  /** Milliseconds since the epoch; `to` is the first moment after it. */
  readonly from: number;
  readonly to: number;
  readonly timeZone: string;
  /** At least one of these must match; every workload does if absent. */
  readonly match?: readonly Filter[];
}

/** What freezes a workload, in words, and when that ends; undefined if nothing does. A freeze that follows without a gap belongs to it. */
export function frozenBy(
  freezes: readonly Freeze[],
  filtered: Filtered,
  at: number,
): { readonly detail: string; readonly until: number } | undefined {
  const coming = freezes.filter(({ to }) => to > at).toSorted((a, b) => a.from - b.from);
  const all: Freeze[] = [];
  let until = at;
  for (const freeze of coming) {
    if (freeze.from > until) break;
    if (!matches(freeze, filtered)) continue;
    all.push(freeze);
    until = Math.max(until, freeze.to);
  }
  const last = all.find(({ to }) => to === until);
  if (!last) return undefined;
  const names = all.map(({ name }) => name).join(', ');
  return {
    detail: `${all.length > 1 ? 'freezes' : 'freeze'} ${names} until ${momentWords(until, last.timeZone)}`,
    until,
  };
}

const matches = ({ match }: Freeze, filtered: Filtered): boolean =>
  match === undefined || match.some((filter) => filterMatches(filter, filtered));
