import { createHash } from 'node:crypto';
import { filterMatches } from '../expect/filter.ts';
import { keyOf, type WorkloadKey, type WorkloadRef } from '../model.ts';
import { type Assessed, bySidecar } from './assessed.ts';
import { isInFlight } from './journalEntry.ts';
import { REST_WAVE, type Wave } from './wave.ts';

/** Which wave each workload is in. */
export interface WaveOf {
  /** The waves in order, with `rest` as the last. */
  readonly waves: readonly Wave[];
  /** The place of a workload's wave in that order. What is not known is in the last. */
  indexOf(workload: WorkloadRef): number;
}

/**
 * A workload is in the first wave that matches it. Where a wave takes some per cent, these are the first of all that match in the order
 * of a hash of their names, at least one. So a workload stays in its wave when others come and go, except the few at the border.
 * Workloads that Meltemi never restarts, or that no injector matches, do not count.
 */
export function waveOf(policyWaves: readonly Wave[] = [], assessed: readonly Assessed[]): WaveOf {
  const waves = [...policyWaves, REST_WAVE];
  const last = waves.length - 1;
  if (last === 0) return { waves, indexOf: () => 0 };
  const indices = new Map<WorkloadKey, number>();
  let left = assessed.filter(mayBeRestarted);
  for (const [index, wave] of policyWaves.entries()) {
    const matching = left.filter((one) => wave.match.some((filter) => filterMatches(filter, one)));
    const taken = new Set(wave.percent === undefined ? matching : firstOf(matching, wave.percent));
    for (const { workload } of taken) indices.set(keyOf(workload), index);
    left = left.filter((one) => !taken.has(one));
  }
  return { waves, indexOf: (workload) => indices.get(keyOf(workload)) ?? last };
}

/** What decides about the wave of a workload, as a word: if it stays the same for all workloads, so do the waves. */
export const waveFacts = (policyWaves: readonly Wave[] = [], one: Assessed): string =>
  policyWaves.length > 0 && mayBeRestarted(one)
    ? policyWaves.map(({ match }) => Number(match.some((filter) => filterMatches(filter, one)))).join('')
    : '';

/** One that is being restarted stays in its wave, even if no injector matches it any more. */
const mayBeRestarted = (one: Assessed): boolean =>
  !one.workload.unsupported &&
  (isInFlight(one) || bySidecar(one).some(({ match, injection }) => match.kind === 'entry' || injection !== undefined));

/** The first so many per cent, rounded down, but at least one: the first wave is there to be small. */
function firstOf(matching: readonly Assessed[], percent: number): readonly Assessed[] {
  if (percent >= 100) return matching;
  const count = Math.max(1, Math.floor((matching.length * percent) / 100));
  return matching
    .map((one) => ({ one, hash: hashOf(one.workload) }))
    .sort((a, b) => Number(a.hash > b.hash) - Number(a.hash < b.hash))
    .slice(0, count)
    .map(({ one }) => one);
}

const hashOf = ({ namespace, kind, name }: WorkloadRef): string =>
  createHash('sha256').update(`${namespace}/${kind}/${name}`).digest('hex');
