/**
 * What Meltemi remembers of a run besides its restarts. A run is everything that is restarted towards one state of an injector
 * (`Injection.run`). It is journalled, so it survives crashes and leader changes, and only Meltemi writes it. Times are milliseconds of the
 * wall clock. Absent is unknown, or has not happened.
 */
export interface RunNotes {
  /** When its first restart was journalled. */
  readonly startedAt?: number;
  /** News of it that people were told, so that nobody is told twice. */
  readonly told?: readonly string[];
  /** What is known of its waves, by their names. */
  readonly waves?: Readonly<Record<string, WaveNote>>;
  /** Since when restarts have been waiting for a closed metric gate, by the names of the gates. */
  readonly closedSince?: Readonly<Record<string, number>>;
}

/** What Meltemi remembers of a wave. */
export interface WaveNote {
  /** When the last of its restarts ended. */
  readonly endedAt?: number;
  /** When its bake had passed, and its gates were open. */
  readonly doneAt?: number;
}

/** The notes of each run. */
export type AllRunNotes = ReadonlyMap<string, RunNotes>;
