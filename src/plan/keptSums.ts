import type { Pause } from '../loopSlices.ts';
import type { Workload, WorkloadKey } from '../model.ts';
import type { Assessed } from './assessed.ts';
import { BlockSums } from './blockSums.ts';
import { type History, namespacesOf } from './history.ts';
import { type RolloutGroups, rolloutGroupsOf } from './rolloutGroups.ts';
import type { WavePart, Waves } from './waves.ts';

/** What was counted of the waves in one block of the list. */
type CountedPart = WavePart & { readonly from: number };

/** Sums over all workloads. Only blocks with a changed workload are summed again. */
export class KeptSums {
  readonly #namespaces = new BlockSums<Assessed, History['namespaces']>();
  readonly #members = new BlockSums<Assessed, readonly Workload[]>();
  readonly #counted = new BlockSums<unknown, CountedPart>();
  #parts: readonly CountedPart[] = [];
  /** For each workload, another object whenever it has to be counted anew. */
  #stamps: readonly unknown[] = [];

  /** The namespaces that each run concerns. */
  *namespaces(assessed: readonly Assessed[]): Generator<Pause, History['namespaces']> {
    const blocks = yield* this.#namespaces.of(assessed, (from, to) => namespacesOf(assessed.slice(from, to)));
    const namespaces = new Map<string, Set<string>>();
    for (const block of blocks)
      for (const [run, some] of block) {
        const of = namespaces.get(run) ?? new Set<string>();
        namespaces.set(run, of);
        for (const namespace of some) of.add(namespace);
      }
    return namespaces;
  }

  *groups(assessed: readonly Assessed[]): Generator<Pause, RolloutGroups> {
    const blocks = yield* this.#members.of(assessed, (from, to) =>
      assessed.slice(from, to).flatMap(({ workload }) => (workload.rolloutGroup ? workload : [])),
    );
    return rolloutGroupsOf(blocks.flat());
  }

  /**
   * Counts for the waves.
   * @param again the places of the workloads that have to be counted anew
   * @param isSeen whether a workload is among these
   */
  *countWaves(
    waves: Waves,
    assessed: readonly Assessed[],
    again: ReadonlySet<{ readonly place: number }>,
    isSeen: (key: WorkloadKey) => boolean,
  ): Generator<Pause, void> {
    const areAll = again.size === assessed.length;
    const stamps = areAll ? [] : [...this.#stamps];
    for (const { place } of again) stamps[place] = {};
    for (const { from, isMoving } of areAll ? [] : this.#parts) if (isMoving) stamps[from] = {};
    const parts = yield* this.#counted.of(stamps, (from, to) => ({ from, ...waves.tallied(assessed.slice(from, to)) }));
    this.#stamps = stamps;
    this.#parts = parts;
    waves.take(parts, isSeen);
  }
}
