import type { Pause } from '../loopSlices.ts';
import { keyOf, refOf, type WorkloadKey, type WorkloadRef } from '../model.ts';
import { type Assessed, bySidecar, type Outdated, wasRead } from './assessed.ts';
import { countsSince } from './history.ts';
import type { JournalEntry } from './journalEntry.ts';
import type { PlanContext } from './planContext.ts';
import { targetsOfRestart } from './record.ts';
import { type RunNotes, type WaveNote, waveNoteOf } from './runNotes.ts';
import { REST_WAVE, type RunWaves } from './wave.ts';
import { type WaveOf, waveOf } from './waveOf.ts';
import { type WaveStanding, waveStanding } from './waveStanding.ts';
import {
  addTally,
  countInFlight,
  countUnseen,
  emptyTally,
  tally,
  type UnmovedContext,
  type WaveTally,
} from './waveTally.ts';

/** What the state of the waves follows from, besides the workloads. */
export type WavesContext = Pick<
  PlanContext,
  | 'now'
  | 'wall'
  | 'policy'
  | 'journal'
  | 'busy'
  | 'notes'
  | 'metricGates'
  | 'resumedAt'
  | 'unseen'
  | 'managedNamespaces'
> & {
  /** Whether its owners hold an outdated workload, or no waiting will make it current. */
  readonly isHeld: (assessed: Outdated) => boolean;
};

type KeyedEntry = readonly [WorkloadKey, JournalEntry];

/** What was counted of each wave, by run. */
export type WaveTallies = Map<string, WaveTally[]>;

/** What was counted of some workloads. */
export interface WavePart {
  readonly tallies: WaveTallies;
  /** It may be another count the next time although nothing of these workloads has changed: time has passed, or something was noted. */
  readonly isMoving: boolean;
}

/** The waves of every run, and how far each is. Pure: everything follows from the workloads, the journal, the policy and the time. */
export class Waves {
  #of: WaveOf | undefined;
  readonly #assessed: readonly Assessed[];
  readonly #context: WavesContext;
  #tallies: WaveTallies | undefined;
  readonly #standings = new Map<string, readonly WaveStanding[]>();

  /** @param of which wave each workload is in, if that is known */
  constructor(assessed: readonly Assessed[], context: WavesContext, of?: WaveOf) {
    this.#assessed = assessed;
    this.#context = context;
    this.#of = of;
  }

  /** Counts some of the workloads by themselves. */
  tallied(some: readonly Assessed[]): WavePart {
    const tallies: WaveTallies = new Map();
    let isMoving = false;
    const moves = (): void => {
      isMoving = true;
    };
    for (const one of some) this.#tally(one, tallies, moves);
    return { tallies, isMoving };
  }

  /** Takes what was counted of all workloads in parts. @param unseen restarts of others that are under way or have failed */
  take(parts: readonly WavePart[], unseen: Iterable<KeyedEntry>): void {
    const tallies: WaveTallies = new Map();
    for (const part of parts)
      for (const [run, counted] of part.tallies) {
        const into = this.#talliesOf(run, tallies);
        for (const [index, one] of counted.entries()) addTally(into[index] as WaveTally, one);
      }
    this.#tallyUnseen(tallies, unseen);
    this.#tallies = tallies;
  }

  /** Which wave each workload is in. */
  get of(): WaveOf {
    this.#of ??= waveOf(this.#context.policy.waves, this.#assessed);
    return this.#of;
  }

  /** Counts all workloads in steps, for callers that do other work in between. */
  *prepare(): Generator<Pause, void> {
    const tallies: WaveTallies = new Map();
    for (const one of this.#assessed) {
      this.#tally(one, tallies);
      yield 'short';
    }
    const read = this.#assessed.filter(({ workload }) => wasRead(workload));
    const seen = new Set(read.map(({ workload }) => keyOf(workload)));
    const unseen = [...this.#context.journal].filter(([key]) => !seen.has(key));
    this.#tallyUnseen(tallies, unseen);
    this.#tallies = tallies;
  }

  /** The waves of a run, in order. */
  ofRun(run: string): readonly WaveStanding[] {
    const standings = this.#standings.get(run) ?? this.#standingsOf(run, this.#counted().get(run));
    this.#standings.set(run, standings);
    return standings;
  }

  /** How far the waves of each run are that concerns a workload. */
  progress(): RunWaves[] {
    return [...this.#counted().keys()].map((run) => ({
      run,
      waves: this.ofRun(run).map(({ progress }) => progress),
    }));
  }

  /**
   * What is to be remembered of the waves of each run that is not yet. A wave that is done stays done until the whole run is: a workload
   * that appears or is outdated again does not stop the waves after it.
   */
  toNote(): ReadonlyMap<string, Pick<RunNotes, 'waves'>> {
    const { policy, notes } = this.#context;
    if (!policy.waves) return new Map();
    const changed = new Map<string, Pick<RunNotes, 'waves'>>();
    for (const run of this.#counted().keys()) {
      const standings = this.ofRun(run);
      const isOver = standings.every(({ progress }) => progress.state === 'done');
      const kept = standings.map(({ wave, note }) => [wave.name, isOver ? withoutDone(note) : note] as const);
      const waves = Object.fromEntries(kept.flatMap(([name, note]) => (note ? [[name, note] as const] : [])));
      if (!isSame(waves, notes.get(run)?.waves ?? {})) changed.set(run, { waves });
    }
    return changed;
  }

  /** What was counted of each wave, by run. */
  get tallies(): ReadonlyMap<string, readonly WaveTally[]> {
    return this.#counted();
  }

  #counted(): ReadonlyMap<string, readonly WaveTally[]> {
    const steps = this.#tallies ? undefined : this.prepare();
    while (steps && !steps.next().done);
    return this.#tallies ?? new Map();
  }

  #tally(assessed: Assessed, tallies: WaveTallies, moves: () => void = () => undefined): void {
    if (isNotOfItsWave(assessed)) return;
    const { entry, workload } = assessed;
    const index = this.of.indexOf(workload);
    const runs = new Set<string>();
    for (const one of bySidecar(assessed)) {
      const run = one.injection?.run;
      if (run === undefined) continue;
      runs.add(run);
      const into = this.#talliesOf(run, tallies)[index];
      if (into) tally(one, run, into, { ...this.#tallyContext(run, index), moves });
    }
    // what is restarted for a run that it no longer belongs to is still under way
    for (const run of entry && !entry.outcome ? runsOf(entry) : []) {
      const into = runs.has(run) ? undefined : this.#talliesOf(run, tallies)[index];
      if (into) countInFlight(workload, into);
    }
  }

  /** A restart whose workload is not seen may be of any wave, so it counts for the first. */
  #tallyUnseen(tallies: WaveTallies, unseen: Iterable<KeyedEntry>): void {
    const { busy } = this.#context;
    for (const [key, entry] of unseen)
      for (const run of runsOf(entry)) {
        // until its last look arrives, what has just ended tells nothing yet
        if (!entry.outcome || busy.has(key)) {
          const [first] = this.#talliesOf(run, tallies);
          if (first) countInFlight(refOf(key), first);
        } else this.#tallyEnded(refOf(key), entry, run, tallies.get(run)?.[0]);
      }
  }

  #tallyEnded(ref: WorkloadRef, entry: JournalEntry, run: string, first: WaveTally | undefined): void {
    const { policy, managedNamespaces } = this.#context;
    const isInScope = managedNamespaces?.has(ref.namespace) ?? true;
    const isManaged = isInScope && policy.kinds.has(ref.kind) && !policy.skipNamespaces.has(ref.namespace);
    if (first && isManaged) countUnseen(ref, entry, { run, into: first, context: this.#tallyContext(run, 0) });
  }

  #talliesOf(run: string, tallies: WaveTallies): WaveTally[] {
    const known = tallies.get(run) ?? this.of.waves.map(emptyTally);
    tallies.set(run, known);
    return known;
  }

  #tallyContext(run: string, index: number): UnmovedContext {
    const { wall, resumedAt, policy, notes, isHeld } = this.#context;
    return {
      wall,
      since: countsSince(resumedAt, wall),
      restartTimeout: policy.restartTimeout,
      notes: notes.get(run),
      noted: this.#noteOf(run, index)?.endedAt,
      isHeld,
    };
  }

  #noteOf(run: string, index: number): WaveNote | undefined {
    const { name } = this.of.waves[index] ?? REST_WAVE;
    return waveNoteOf(this.#context.notes.get(run), name);
  }

  #standingsOf(run: string, tallies: readonly WaveTally[] | undefined): WaveStanding[] {
    const standings: WaveStanding[] = [];
    let undone: string | undefined;
    for (const [index, wave] of this.of.waves.entries()) {
      const counted = tallies?.[index] ?? emptyTally();
      const isAwaited = tallies?.slice(index + 1).some(({ left }) => left > 0) ?? false;
      const known = { wave, counted, noted: this.#noteOf(run, index), undone, isAwaited };
      const standing = waveStanding(known, this.#context);
      standings.push(standing);
      if (standing.progress.state !== 'done') undone ??= wave.name;
    }
    return standings;
  }
}

/** What is still remembered of a wave when everything in its run is done: what drifts later begins with the first wave again. */
const withoutDone = (note: WaveNote | undefined): WaveNote | undefined =>
  note?.endedAt === undefined ? undefined : { endedAt: note.endedAt };

/** What is only listed is of no wave. What is in flight and was never read may be of any wave: `#tallyUnseen` counts it. */
const isNotOfItsWave = ({ entry, workload }: Assessed): boolean =>
  workload.unsupported !== undefined || (!wasRead(workload) && entry !== undefined && !entry.outcome);

/** The runs that a restart is for. */
const runsOf = (entry: JournalEntry): ReadonlySet<string> => new Set(targetsOfRestart(entry).map(({ run }) => run));

const isSame = (one: Readonly<Record<string, WaveNote>>, other: Readonly<Record<string, WaveNote>>): boolean => {
  const names = Object.keys(one);
  const sameNote = (name: string): boolean =>
    Object.hasOwn(other, name) &&
    one[name]?.endedAt === other[name]?.endedAt &&
    one[name]?.doneAt === other[name]?.doneAt;
  return names.length === Object.keys(other).length && names.every(sameNote);
};
