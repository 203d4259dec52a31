import type { WorkloadKey } from '../model.ts';
import type { Untold } from './notification.ts';

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
  /** News that receivers have not got yet. */
  readonly untold?: readonly Untold[];
  /** Workloads whose restart ended well, as far as the journal has forgotten them. */
  readonly forgotten?: number;
  /** When the last of its restarts ended. */
  readonly endedAt?: number;
  /** How long its slowest restarts took, in milliseconds, by `keyOf` their workloads. */
  readonly slowest?: Readonly<Record<string, number>>;
}

/** Slow restarts of a run that are remembered. */
const MOST_SLOW = 10;

/** What Meltemi remembers of a wave. */
export interface WaveNote {
  /** When the last of its restarts ended. */
  readonly endedAt?: number;
  /** When its bake had passed, and its gates were open. */
  readonly doneAt?: number;
}

/** The note of a wave. A policy may call its wave anything, `constructor` too. */
export const waveNoteOf = ({ waves }: RunNotes = {}, name: string): WaveNote | undefined =>
  waves && Object.hasOwn(waves, name) ? waves[name] : undefined;

/** The notes of each run. */
export type AllRunNotes = ReadonlyMap<string, RunNotes>;

/** The word in `told` that a run has finished. */
export const FINISHED = 'finished';

/**
 * The notes of a run when one of its restarts begins. After it has finished, a restart begins it anew, with news and a summary of its own:
 * an injector that stays the same for weeks gets more workloads when somebody relabels their namespace.
 */
export function begun(notes: RunNotes = {}, wall: number): RunNotes {
  // a former leader's clock was ahead: of restarts from before its start, the run would know nothing
  const isKnown = notes.startedAt !== undefined && notes.startedAt <= wall;
  if (!notes.told?.includes(FINISHED)) return isKnown ? notes : { ...notes, startedAt: wall };
  const { told, forgotten, endedAt, slowest, ...rest } = notes;
  return { ...rest, startedAt: wall };
}

/**
 * The notes of a run when one of its restarts has ended.
 * @param took milliseconds
 */
export function ended(notes: RunNotes, key: WorkloadKey, took: number, wall: number): RunNotes {
  const all = Object.entries({ ...notes.slowest, [key]: took }).sort(([, a], [, b]) => b - a);
  return { ...notes, endedAt: wall, slowest: Object.fromEntries(all.slice(0, MOST_SLOW)) };
}
