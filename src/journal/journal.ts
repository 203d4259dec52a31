import type { RewriteRule } from '../compare/learntImage.ts';
import { keyOf, refOf, type WorkloadKey, type WorkloadRef } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import {
  CUT,
  endedEntry,
  entryOf,
  isFoundByPods,
  type JournalEntries,
  type JournalEntry,
  WRITTEN_WITHIN,
} from '../plan/journalEntry.ts';
import { isFailure, type Outcome, provesNothing } from '../plan/outcomes.ts';
import { recordOf, targetsOf } from '../plan/record.ts';
import type { AllRunNotes, RunNotes } from '../plan/runNotes.ts';
import { journalText, readJournal, type StoredEntry } from './journalText.ts';
import { type Learnt, LearntRules } from './learntRules.ts';
import { NotesOfRuns } from './notesOfRuns.ts';
import { SharedWrites } from './sharedWrites.ts';
import { SnapshotMap } from './snapshotMap.ts';

/** Where the journal is kept between processes. */
export interface JournalStore {
  /** The text at the last read; undefined if there is none. */
  text(): string | undefined;
  /**
   * Resolves when the store has this text or a later one.
   * @throws {NotLeading} when this process no longer leads
   */
  keep(text: string): Promise<void>;
}

export interface JournalOptions {
  readonly store: JournalStore;
  /** Steady clock, milliseconds. */
  readonly now: () => number;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  /** Called with the error of a write that no caller waits for; the next write carries the same changes. */
  readonly onError: (error: unknown) => void;
  /** Waits so many milliseconds, for changes that share a write. Without it, none waits. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

const DAY = 24 * 60 * 60 * 1000;

/** Whether the record on the workload has no outcome, because it could not be written. Without the entry, the outcome would be unknown. */
const saysOpen = ({ workload }: Pick<Observed, 'workload'>, { restartedAt }: JournalEntry): boolean => {
  const record = recordOf(workload);
  return record?.restartedAt === restartedAt && !record.outcome;
};

/** What waits for a write belongs to another leader's term. */
class ReadAgain extends Error {
  constructor() {
    super('not written: the journal was read again in the meantime');
  }
}

/** The result of loading the stored journal. */
export type Loaded = 'read' | 'missing' | { readonly unreadable: string };

/**
 * All restarts and their outcomes. Only the journal decides about the cluster as a whole (slots, failures, halts, pace). It is kept where
 * only Meltemi writes. A restart is in the store before its workload is written.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #entries = new SnapshotMap<WorkloadKey, JournalEntry>();
  readonly #learnt = new LearntRules();
  readonly #notes = new NotesOfRuns();
  readonly #writes: SharedWrites;
  /** How often the store was read. Text that was made before the last read belongs to another leader's term. */
  #loads = 0;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#writes = new SharedWrites(() => this.#write(), options.sleep);
  }

  get entries(): JournalEntries {
    return this.#entries;
  }

  /** The entries as they are now: a map that does not change, and the same one as long as they do not. */
  snapshot(): JournalEntries {
    return this.#entries.snapshot();
  }

  /** The entry of a workload. An entry with another UID belongs to another workload. */
  of(workload: WorkloadRef & { readonly uid: string }): JournalEntry | undefined {
    return entryOf(this.#entries, workload);
  }

  get(ref: WorkloadRef): JournalEntry | undefined {
    return this.#entries.get(keyOf(ref));
  }

  /**
   * Loads the store; a new leader must do this first. If the store is empty, someone has deleted the journal, and the process keeps what it
   * knows itself.
   */
  load(): Loaded {
    const text = this.#options.store.text();
    if (text === undefined) return 'missing';
    const read = readJournal(text);
    if ('unreadable' in read) return read;
    this.#loads += 1;
    this.#writes.drop(new ReadAgain());
    const before = new Map(this.#entries);
    this.#learnt.load(read.learnt);
    this.#notes.load(read.notes);
    this.#entries.clear();
    for (const [key, stored] of read.entries) this.#entries.set(key, this.#loaded(stored, before.get(key)));
    return 'read';
  }

  /** A stored time is from another process's wall clock. Here it becomes an age, which is never negative. */
  #loaded(stored: StoredEntry, known: JournalEntry | undefined): JournalEntry {
    const { now, wall } = this.#options;
    const same = known?.uid === stored.uid && known.restartedAt === stored.restartedAt;
    const age = Math.max(0, wall() - stored.restartedAt - WRITTEN_WITHIN - CUT);
    const { before, ...rest } = stored;
    const earlier = before && { before: this.#loaded(before, known?.before) };
    return { ...rest, ...earlier, since: same ? known.since : now() - age };
  }

  /**
   * Records that a restart is about to be written. Once this resolves, the store has it, even if this process ends.
   * @throws {Error} when it could not be stored; the entry is then removed again, although the store may have it
   */
  async begin(ref: WorkloadRef, entry: JournalEntry): Promise<void> {
    const before = this.get(ref);
    this.#entries.set(keyOf(ref), { ...entry, ...(before && { before }) });
    this.#notes.begins(entry, this.#options.wall());
    try {
      await this.#writes.now();
    } catch (error) {
      this.#takeBack(ref);
      throw error;
    }
  }

  /** Marks that the write is being sent. Pace and time limit count from here. */
  sending(ref: WorkloadRef): void {
    const entry = this.get(ref);
    if (entry) this.#entries.set(keyOf(ref), { ...entry, since: this.#options.now() });
  }

  /** Removes a restart that is certain not to have been written. */
  cancel(ref: WorkloadRef): void {
    this.#takeBack(ref);
    this.#storeSoon();
  }

  #takeBack(ref: WorkloadRef): void {
    const entry = this.get(ref);
    if (!entry || entry.confirmed || entry.outcome) return;
    if (entry.before) this.#entries.set(keyOf(ref), entry.before);
    else this.#entries.delete(keyOf(ref));
    this.#notes.takenBack(entry, this.#entries);
  }

  /** Marks the write of a restart as successful. */
  confirm(ref: WorkloadRef): void {
    const entry = this.get(ref);
    if (!entry || entry.confirmed) return;
    const { before: _over, ...known } = entry;
    this.#entries.set(keyOf(ref), { ...known, confirmed: true });
    this.#storeSoon();
  }

  /**
   * A restart has ended.
   * @param ends how it ended for each of its targets; `outcome` for those that are not in it
   * @returns the entry with its end
   */
  end(ref: WorkloadRef, outcome: Outcome, ends: ReadonlyMap<string, Outcome> = new Map()): JournalEntry | undefined {
    const entry = this.get(ref);
    if (!entry) return undefined;
    const ended = endedEntry(entry, outcome, ends, this.#options.wall());
    this.#entries.set(keyOf(ref), ended);
    if (!entry.outcome) this.#notes.ends(keyOf(ref), ended, this.#options.wall());
    this.#storeSoon();
    return ended;
  }

  /** The rewrites of a run's images that count in a namespace. */
  learnt(run: string, namespace: string): readonly RewriteRule[] {
    return this.learntSoFar()(run, namespace);
  }

  /** `learnt` as it is now: a later restart does not change what it returns. The same function as long as nothing new is learnt. */
  learntSoFar(): Learnt {
    return this.#learnt.soFar();
  }

  /** @returns whether the rule is new, already known, or does not count because there is no room for it */
  learn(run: string, rule: RewriteRule, namespace: string): ReturnType<LearntRules['learn']> {
    const before = this.#learnt.all;
    const learnt = this.#learnt.learn(run, rule, namespace);
    if (this.#learnt.all !== before) this.#storeSoon();
    return learnt;
  }

  /** Forgets what was learnt of injections that no longer exist, and the notes of their runs, except news that receivers wait for. */
  keepOnly(injections: readonly { readonly run: string }[]): void {
    const runs = new Set(injections.map(({ run }) => run));
    this.#learnt.keepOnly(runs);
    this.#notes.keepOnly(runs);
  }

  /** What is remembered of each run besides its restarts. */
  get notes(): AllRunNotes {
    return this.#notes.all;
  }

  /** Adds to what is remembered of a run. A field that is given replaces the one before. */
  note(run: string, notes: RunNotes): void {
    this.#notes.note(run, notes);
    this.#storeSoon();
  }

  /** @returns a promise that resolves when the store has the current journal, after half a second or so; it rejects as `begin` does */
  stored(): Promise<void> {
    return this.#writes.soon();
  }

  /** Forgets a deleted workload. Its restart, if it was in flight, ends with it. */
  forget(key: WorkloadKey): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    if (!entry.outcome) this.#notes.endsUnseen(entry, this.#options.wall());
    this.#storeSoon();
  }

  /**
   * Forgets entries that nothing depends on: deleted workloads, and after a day restarts that ended well. A restart in flight stays until
   * it is followed to its end.
   * @param observations all workloads
   * @param isWatched whether a workload would be among them if it was there
   * @returns workloads whose failure holds others, and of which only a look can tell whether they are deleted
   */
  prune(
    observations: readonly Pick<Observed, 'workload'>[],
    isWatched: (ref: WorkloadRef) => boolean,
  ): readonly WorkloadKey[] {
    const unsure: WorkloadKey[] = [];
    const seen = new Map(observations.map((one) => [keyOf(one.workload), one]));
    const old = this.#options.wall() - DAY;
    for (const [key, entry] of this.#entries) {
      if (!entry.outcome) continue;
      const one = seen.get(key);
      const isMissing = !one && isWatched(refOf(key));
      const fate = fateOf(key, entry, { one, isMissing, isOld: entry.restartedAt < old });
      if (fate === 'unsure') unsure.push(key);
      if (fate !== 'forgotten') continue;
      this.#notes.forgets(entry);
      this.forget(key);
    }
    return unsure;
  }

  /** Restores restarts from the records on workloads, after the journal was lost. */
  adopt(entries: JournalEntries): void {
    for (const [key, entry] of entries) this.#entries.set(key, entry);
    this.#storeSoon();
  }

  /**
   * If the process ends before, or another term reads the journal, that leader follows the restart again, and learns and notes the same
   * again.
   */
  #storeSoon(): void {
    this.#writes.soon().catch((error: unknown) => error instanceof ReadAgain || this.#options.onError(error));
  }

  async #write(): Promise<void> {
    const loads = this.#loads;
    const made = journalText(this.#entries, this.#learnt.all, this.#notes.all);
    const text = typeof made === 'string' ? made : await made;
    if (loads !== this.#loads) throw new ReadAgain();
    await this.#options.store.keep(text);
  }
}

/** What is known, when the journal is pruned, of the workload of a restart that has ended. */
interface Known {
  readonly one: Pick<Observed, 'workload'> | undefined;
  /** It was not found where it would be found, but it may be there without pods. */
  readonly isMissing: boolean;
  readonly isOld: boolean;
}

/** What becomes of such a restart; `unsure` if only a look at its workload can tell. */
function fateOf(
  key: WorkloadKey,
  entry: JournalEntry,
  { one, isMissing, isOld }: Known,
): 'forgotten' | 'kept' | 'unsure' {
  const outcomes = targetsOf(entry).map(({ outcome }) => outcome);
  const isGone = one ? one.workload.uid !== entry.uid : isMissing && (isOld || !isFoundByPods(key));
  const isWell = outcomes.every((outcome) => outcome === 'verified' || provesNothing(outcome));
  const isDone = isWell && isOld && !(one && saysOpen(one, entry));
  if (isGone || isDone) return 'forgotten';
  return isMissing && outcomes.some(isFailure) ? 'unsure' : 'kept';
}
