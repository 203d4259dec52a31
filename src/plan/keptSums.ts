import type { Pause } from '../loopSlices.ts';
import type { Workload, WorkloadKey } from '../model.ts';
import type { Assessed } from './assessed.ts';
import { BlockSums } from './blockSums.ts';
import { type History, namespacesOf } from './history.ts';
import type { JournalEntry } from './journalEntry.ts';
import { type RolloutGroups, rolloutGroupsOf } from './rolloutGroups.ts';
import type { WavePart, Waves } from './waves.ts';

/** What was counted of the waves in one block of the list. */
type CountedPart = WavePart & { readonly from: number };

/** Sums over all workloads. Only blocks with a changed workload are summed again. */
export class KeptSums {
  readonly #namespaces = new BlockSums<History['namespaces']>();
  readonly #members = new BlockSums<readonly Workload[]>();
  readonly #counted = new BlockSums<CountedPart>();
  #parts: readonly CountedPart[] = [];

  /** The namespaces that each run concerns. @param changed the workloads that were assessed again */
  *namespaces(assessed: readonly Assessed[], changed: ChangedWorkloads): Generator<Pause, History['namespaces']> {
    const blocks = yield* this.#namespaces.of(assessed.length, placesIn(changed), (from, to) =>
      namespacesOf(assessed.slice(from, to)),
    );
    const namespaces = new Map<string, Set<string>>();
    for (const block of blocks)
      for (const [run, some] of block) {
        const of = namespaces.get(run) ?? new Set<string>();
        namespaces.set(run, of);
        for (const namespace of some) of.add(namespace);
      }
    return namespaces;
  }

  /** @param changed the workloads that were assessed again */
  *groups(assessed: readonly Assessed[], changed: ChangedWorkloads): Generator<Pause, RolloutGroups> {
    const blocks = yield* this.#members.of(assessed.length, placesIn(changed), (from, to) =>
      assessed.slice(from, to).flatMap(({ workload }) => (workload.rolloutGroup ? workload : [])),
    );
    return rolloutGroupsOf(blocks.flat());
  }

  /**
   * Counts for the waves.
   * @param again the workloads that have to be counted anew
   * @param unseen restarts in flight whose workloads are not among these
   */
  *countWaves(
    waves: Waves,
    assessed: readonly Assessed[],
    again: ReadonlySet<Placed>,
    unseen: Iterable<readonly [WorkloadKey, JournalEntry]>,
  ): Generator<Pause, void> {
    const changed = again.size === assessed.length ? 'all' : this.#countedAnew(again);
    this.#parts = yield* this.#counted.of(assessed.length, changed, countingOf(waves, assessed));
    waves.take(this.#parts, unseen);
  }

  /** The same for the moment of a write, after the last evaluation: the next one counts on from that. */
  recountWaves(
    waves: Waves,
    assessed: readonly Assessed[],
    again: ReadonlySet<Placed>,
    unseen: Iterable<readonly [WorkloadKey, JournalEntry]>,
  ): void {
    waves.take(this.#counted.with(this.#countedAnew(again), countingOf(waves, assessed)), unseen);
  }

  #countedAnew(again: ReadonlySet<Placed>): readonly number[] {
    const moving = this.#parts.flatMap(({ from, isMoving }) => (isMoving ? from : []));
    return [...moving, ...placesOf(again)];
  }
}

const countingOf =
  (waves: Waves, assessed: readonly Assessed[]) =>
  (from: number, to: number): CountedPart => ({ from, ...waves.tallied(assessed.slice(from, to)) });

/** Where a workload is in the list of all. */
interface Placed {
  readonly place: number;
}

type ChangedWorkloads = ReadonlySet<Placed> | 'all';

const placesOf = (some: ReadonlySet<Placed>): readonly number[] => [...some].map(({ place }) => place);

const placesIn = (changed: ChangedWorkloads): readonly number[] | 'all' =>
  changed === 'all' ? 'all' : placesOf(changed);
