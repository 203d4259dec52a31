import type { WorkloadKey } from '../model.ts';
import type { JournalEntries, JournalEntry } from '../plan/journalEntry.ts';
import { targetsOf, targetsOfRestart } from '../plan/record.ts';
import { type AllRunNotes, begun, ended, FINISHED, type RunNotes } from '../plan/runNotes.ts';
import { cutToSecond } from '../rfc3339.ts';

/** What the journal keeps of each run besides its restarts. */
export class NotesOfRuns {
  #notes = new Map<string, RunNotes>();

  get all(): AllRunNotes {
    return this.#notes;
  }

  load(notes: AllRunNotes): void {
    this.#notes = new Map(notes);
  }

  /** Adds to what is remembered of a run. A field that is given replaces the one before. */
  note(run: string, notes: RunNotes): void {
    this.#notes.set(run, { ...this.#notes.get(run), ...notes });
  }

  /** A restart is about to be written. @param wall the wall clock in milliseconds */
  begins(entry: JournalEntry, wall: number): void {
    for (const { run } of targetsOfRestart(entry)) this.#notes.set(run, begun(this.#notes.get(run), wall));
  }

  /** A restart was taken back. A run of which no other one is left starts with its next one. */
  takenBack(entry: JournalEntry, left: JournalEntries): void {
    for (const { run } of targetsOfRestart(entry)) {
      const { startedAt, ...notes } = this.#notes.get(run) ?? {};
      if (startedAt === undefined || notes.forgotten) continue;
      const isOfRun = (one: JournalEntry): boolean =>
        targetsOf(one).some((target) => target.run === run && target.restartedAt >= cutToSecond(startedAt));
      if (![...left.values()].some(isOfRun)) this.#notes.set(run, notes);
    }
  }

  /** A restart has ended. @param wall the wall clock in milliseconds */
  ends(key: WorkloadKey, entry: JournalEntry, wall: number): void {
    for (const { run } of targetsOfRestart(entry)) {
      const notes = this.#notes.get(run);
      const took = Math.max(0, wall - entry.restartedAt);
      if (notes?.startedAt !== undefined) this.#notes.set(run, ended(notes, key, took, wall));
    }
  }

  /** The workload of a restart in flight is gone. Without an end, its run would never finish where no other restart ends. */
  endsUnseen(entry: JournalEntry, wall: number): void {
    for (const { run } of targetsOfRestart(entry))
      if (this.#notes.get(run)?.startedAt !== undefined) this.note(run, { endedAt: wall });
  }

  /** Counts a restart that is forgotten before its run has finished, so that the summary of the run has it. */
  forgets(entry: JournalEntry): void {
    for (const { run, restartedAt, outcome } of targetsOfRestart(entry)) {
      const notes = this.#notes.get(run);
      if (notes?.startedAt === undefined || notes.told?.includes(FINISHED) || outcome !== 'verified') continue;
      if (restartedAt >= cutToSecond(notes.startedAt)) this.note(run, { forgotten: (notes.forgotten ?? 0) + 1 });
    }
  }

  /** Forgets the notes of other runs, except the news that receivers wait for. */
  keepOnly(runs: ReadonlySet<string>): void {
    for (const [run, { untold = [] }] of this.#notes) {
      if (runs.has(run)) continue;
      if (untold.length > 0) this.#notes.set(run, { untold });
      else this.#notes.delete(run);
    }
  }
}
