import type { PlanContext } from '../planContext.ts';
import { type WaveNote, waveNoteOf } from '../runNotes.ts';
import { REST_WAVE } from '../wave.ts';
import type { WaveOf } from '../waveOf.ts';
import { type WaveStanding, waveStanding } from '../waveStanding.ts';
import type { Waves } from '../waves.ts';
import { emptyTally, type WaveTally } from '../waveTally.ts';

interface VirtualWave {
  readonly tally: WaveTally;
  noted: WaveNote | undefined;
  /** When it was first done, by the steady clock; undefined as long as it is not. */
  doneAt: number | undefined;
}

/** The waves of every run while time passes. How far one is, the planner's own code says; only the counting is done here. */
export class VirtualWaves implements Pick<Waves, 'of' | 'ofRun'> {
  readonly of: WaveOf;
  readonly #context: PlanContext;
  readonly #runs = new Map<string, readonly VirtualWave[]>();
  readonly #standings = new Map<string, readonly WaveStanding[]>();
  #now: number;
  /** How often the state of a wave was computed anew: as long as this stays, nothing that waits for a wave has to be looked at. */
  computed = 0;

  constructor(waves: Waves, context: PlanContext) {
    this.of = waves.of;
    this.#context = context;
    this.#now = context.now;
    for (const [run, tallies] of waves.tallies)
      this.#runs.set(
        run,
        this.of.waves.map((wave, index) => ({
          tally: { ...(tallies[index] ?? emptyTally()) },
          noted: waveNoteOf(context.notes.get(run), wave.name),
          doneAt: undefined,
        })),
      );
    for (const run of this.#runs.keys()) this.ofRun(run);
  }

  get runs(): Iterable<string> {
    return this.#runs.keys();
  }

  /** When each wave of a run is done; undefined for those that never are. */
  doneAt(run: string): readonly (number | undefined)[] {
    const standings = this.ofRun(run);
    return (this.#runs.get(run) ?? []).map(({ doneAt }, index) => doneAt ?? standings[index]?.progress.until);
  }

  /** The place of the first wave of a run that is not done: those up to it are open. */
  firstUndone(run: string): number {
    const index = this.ofRun(run).findIndex(({ progress }) => progress.state !== 'done');
    return index === -1 ? this.of.waves.length : index;
  }

  /** When the next bake has passed. */
  get until(): number {
    const times = [...this.#runs.keys()].flatMap((run) => this.ofRun(run).map(({ progress }) => progress.until));
    return Math.min(...times.flatMap((time) => time ?? []), Number.POSITIVE_INFINITY);
  }

  ofRun(run: string): readonly WaveStanding[] {
    const standings = this.#standings.get(run) ?? this.#standingsOf(run);
    this.#standings.set(run, standings);
    return standings;
  }

  /** Time passes. A bake may have ended. */
  moveTo(now: number): void {
    this.#now = now;
    for (const [run, standings] of this.#standings) {
      const until = Math.min(...standings.map(({ progress }) => progress.until ?? Number.POSITIVE_INFINITY));
      if (until <= now) this.#standings.set(run, this.#standingsOf(run, until));
    }
  }

  /** A workload keeps its wave from being done, or does so no longer. */
  keep(runs: readonly string[], index: number, by: 1 | -1): void {
    for (const tally of this.#talliesOf(runs, index)) tally.left += by;
    this.#changed(runs, index);
  }

  /** A restart begins. */
  begin(runs: readonly string[], index: number): void {
    for (const tally of this.#talliesOf(runs, index)) {
      tally.inFlight += 1;
      tally.waiting -= 1;
      tally.isRestarted = true;
    }
  }

  /** A restart has ended well. */
  end(runs: readonly string[], index: number): void {
    // in whole seconds, as it is journalled
    const wall = Math.ceil((this.#now - this.#context.now + this.#context.wall) / 1000) * 1000;
    for (const tally of this.#talliesOf(runs, index)) {
      tally.inFlight -= 1;
      tally.left -= 1;
      tally.current += 1;
      tally.endedAt = wall;
    }
    this.#changed(runs, index);
  }

  *#talliesOf(runs: readonly string[], index: number): Generator<WaveTally> {
    for (const run of runs) {
      const wave = this.#runs.get(run)?.[index];
      if (wave) yield wave.tally;
    }
  }

  /** Nothing changes for others before a wave has nothing left to do. */
  #changed(runs: readonly string[], index: number): void {
    for (const run of runs)
      if (this.#runs.get(run)?.[index]?.tally.left === 0) this.#standings.set(run, this.#standingsOf(run));
  }

  /** @param since when a wave that is done now has been so */
  #standingsOf(run: string, since = this.#now): readonly WaveStanding[] {
    const { metricGates, now, wall } = this.#context;
    const at = { now: this.#now, wall: this.#now - now + wall, metricGates };
    this.computed += 1;
    let undone: string | undefined;
    const all = this.#runs.get(run) ?? [];
    return all.map((virtual, index) => {
      const wave = this.of.waves[index] ?? REST_WAVE;
      const isAwaited = all.slice(index + 1).some(({ tally }) => tally.left > 0);
      const standing = waveStanding({ wave, counted: virtual.tally, noted: virtual.noted, undone, isAwaited }, at);
      virtual.noted = standing.note ?? virtual.noted;
      if (standing.progress.state === 'done') virtual.doneAt ??= since;
      else undone ??= wave.name;
      return standing;
    });
  }
}
