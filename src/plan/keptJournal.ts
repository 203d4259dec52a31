import type { Pause } from '../loopSlices.ts';
import type { WorkloadKey } from '../model.ts';
import type { Assessed } from './assessed.ts';
import { BlockSums } from './blockSums.ts';
import { changedBetween } from './changedBetween.ts';
import { type History, historyIn, leavesATrace } from './history.ts';
import type { JournalEntries, JournalEntry } from './journalEntry.ts';
import { type KnownRestarts, MINUTE, type PastRestarts, writtenBy } from './limits/counts.ts';
import type { PlanContext } from './planContext.ts';
import { targetsOf } from './record.ts';

type KeyedEntry = readonly [WorkloadKey, JournalEntry];

/** What plans need to know of some entries of the journal. */
interface EntriesSum {
  readonly from: number;
  readonly to: number;
  /** Those by which others may be judged. */
  readonly traces: readonly KeyedEntry[];
  /** Something of it is in flight, or may be. */
  readonly isOpen: boolean;
  /** The latest write, by the steady clock, and the latest of those of which only the decision is known, by the wall clock. */
  readonly since: number;
  readonly at: number;
  readonly targets: ReadonlySet<string>;
}

/** The journal as the last evaluation saw it, with what follows from its entries. Only what has changed since is looked at again. */
export class KeptJournal {
  #taken: JournalEntries | undefined;
  #keys: readonly WorkloadKey[] = [];
  #entries: readonly JournalEntry[] = [];
  readonly #blocks = new BlockSums<EntriesSum>();
  #sums: readonly EntriesSum[] = [];

  /** Takes the journal as it is now. @returns the workloads whose entries are other ones than before */
  *take(journal: JournalEntries): Generator<Pause, ReadonlySet<WorkloadKey>> {
    // a journal that is handed over does not change afterwards
    if (journal === this.#taken) return new Set();
    const { keyList: keys = [...journal.keys()], valueList: entries = [...journal.values()] } = journal;
    const [others, otherEntries] = [this.#keys, this.#entries];
    const changed: number[] = [];
    const isSame = (place: number): boolean => entries[place] === otherEntries[place] && keys[place] === others[place];
    for (let place = 0; place < keys.length; place++) if (!isSame(place)) changed.push(place);
    // should this end half-way, what is kept stays as it was
    const sums = yield* this.#blocks.of(entries.length, changed, (from, to) => sumOf(keys, entries, from, to));
    [this.#keys, this.#entries, this.#sums, this.#taken] = [keys, entries, sums, journal];
    const isMoved = others !== keys && others.some((key, place) => key !== keys[place]);
    if (isMoved) return changedBetween(zipped(others, otherEntries), zipped(keys, entries));
    return new Set(changed.map((place) => keys[place] as WorkloadKey));
  }

  /** Restarts that have not ended, or not for all of their targets, and others. */
  open(): readonly KeyedEntry[] {
    return this.#sums.flatMap(({ from, to, isOpen }) => (isOpen ? keyed(this.#keys, this.#entries, from, to) : []));
  }

  /** Restarts by which others may be judged: all that have failed are among them. */
  traces(): readonly KeyedEntry[] {
    return this.#sums.flatMap(({ traces }) => traces);
  }

  /** What others are judged by. */
  history(namespaces: History['namespaces'], since: number): History {
    return historyIn(this.traces(), namespaces, since);
  }

  /** What the limits count. */
  restarts(context: PlanContext, find: (key: WorkloadKey) => Assessed | undefined): KnownRestarts {
    const past: PastRestarts[] = [];
    const entries: KeyedEntry[] = [];
    for (const { from, to, isOpen, since, at, targets } of this.#sums) {
      const lastWrite = Math.max(since, writtenBy(at, context));
      if (!isOpen && lastWrite <= context.now - MINUTE) past.push({ lastWrite, targets });
      else entries.push(...keyed(this.#keys, this.#entries, from, to));
    }
    return { past, entries, find };
  }
}

const zipped = (keys: readonly WorkloadKey[], entries: readonly JournalEntry[]): JournalEntries =>
  new Map(keyed(keys, entries, 0, keys.length));

const keyed = (
  keys: readonly WorkloadKey[],
  entries: readonly JournalEntry[],
  from: number,
  to: number,
): readonly KeyedEntry[] =>
  entries.slice(from, to).map((entry, place) => [keys[from + place] as WorkloadKey, entry] as const);

function sumOf(keys: readonly WorkloadKey[], entries: readonly JournalEntry[], from: number, to: number): EntriesSum {
  const some = keyed(keys, entries, from, to);
  const all = some.map(([, entry]) => entry);
  return {
    from,
    to,
    traces: some.filter(([, entry]) => leavesATrace(entry)),
    isOpen: all.some(
      (entry) => entry.outcome === undefined || targetsOf(entry).some((one) => one.outcome === undefined),
    ),
    since: Math.max(...all.map(({ since }) => since)),
    at: Math.max(Number.NEGATIVE_INFINITY, ...all.flatMap(({ writes }) => writes.slice(1).map(({ at }) => at))),
    targets: new Set(all.flatMap((entry) => targetsOf(entry).map(({ restartedFor }) => restartedFor))),
  };
}
