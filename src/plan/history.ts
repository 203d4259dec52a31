import { refOf, type WorkloadKey, type WorkloadRef } from '../model.ts';
import { cutToSecond } from '../rfc3339.ts';
import type { Assessed } from './assessed.ts';
import { countedEntry } from './countedEntry.ts';
import type { JournalEntries, JournalEntry } from './journalEntry.ts';
import { isFailure } from './outcomes.ts';
import { type Target, targetsOf } from './record.ts';

/** Failures of each run according to the journal, which survives crashes and leader changes. */
export interface History {
  /** Failed restarts of each run, by namespace. */
  readonly failures: ByRun<number>;
  /** Namespaces in which new pods became ready without their sidecar, of each run, with one such workload. */
  readonly failingOpen: ByRun<string>;
  /** Namespaces in which new pods came with another image than the expected one, of each run, with one such workload. */
  readonly wrongImages: ByRun<string>;
  /** Namespaces in which a restart did not bring the configuration that the injector answers, of each run, with one such workload. */
  readonly configRemains: ByRun<string>;
  /** Namespaces in which an owner has taken a restart back, of each run and kind of owner (`<run> <kind>`), with one such workload. */
  readonly reverted: ByRun<string>;
  /** Namespaces with workloads that a run concerns. */
  readonly namespaces: ReadonlyMap<string, ReadonlySet<string>>;
  /** Restarts from before do not count, in milliseconds of the wall clock; 0 if a person never asked to go on. */
  readonly since: number;
}

/** Counts of a run, by namespace. */
export type ByRun<T> = ReadonlyMap<string, ReadonlyMap<string, T>>;

/**
 * @param resumedAt when a person last asked to go on, in milliseconds of the wall clock; restarts from before do not count any more. Their
 * times are cut to the second, so a restart of the same second may be later and counts: better one halt too many. A time in the future, by
 * the clock of a former leader, forgives nothing: it would also forgive what fails until then
 * @param wall the wall clock, in milliseconds
 */
export function historyOf(
  entries: JournalEntries,
  assessed: readonly Assessed[],
  wall: number,
  resumedAt?: number,
): History {
  return historyIn(entries, namespacesOf(assessed), countsSince(resumedAt, wall));
}

/**
 * The same, where the namespaces are known.
 * @param entries at least those with an end that `leavesATrace`
 * @param since restarts from before do not count
 */
export function historyIn(
  entries: Iterable<readonly [WorkloadKey, JournalEntry]>,
  namespaces: History['namespaces'],
  since: number,
): History {
  const failures = new Map<string, Map<string, number>>();
  const failingOpen = new Map<string, Map<string, string>>();
  const wrongImages = new Map<string, Map<string, string>>();
  const configRemains = new Map<string, Map<string, string>>();
  const reverted = new Map<string, Map<string, string>>();
  const counting: Counting = { failures, failingOpen, wrongImages, configRemains, reverted };
  for (const [key, entry] of entries) {
    const counted = countedEntry(entry);
    const recent = targetsOf(counted).filter(({ restartedAt }) => restartedAt >= since);
    for (const target of recent) noteTarget(target, refOf(key), counted.owner, counting);
  }
  return { ...counting, namespaces, since };
}

/** Whether a restart may have ended in a way that others are judged by. */
export const leavesATrace = (entry: JournalEntry): boolean =>
  targetsOf(entry).some(({ outcome }) => outcome !== undefined && outcome !== 'verified') ||
  (entry.before !== undefined && leavesATrace(entry.before));

/** From when on restarts count, for a person who last asked to go on at that time: see `historyOf`. */
export const countsSince = (resumedAt: number | undefined, wall: number): number =>
  resumedAt === undefined || resumedAt > wall ? 0 : cutToSecond(resumedAt);

/** The counts while they are made. */
interface Counting {
  readonly failures: Map<string, Map<string, number>>;
  readonly failingOpen: Map<string, Map<string, string>>;
  readonly wrongImages: Map<string, Map<string, string>>;
  readonly configRemains: Map<string, Map<string, string>>;
  readonly reverted: Map<string, Map<string, string>>;
}

function noteTarget(
  { run, outcome }: Target,
  { kind, namespace, name }: WorkloadRef,
  owner: string | undefined,
  { failures, failingOpen, wrongImages, configRemains, reverted }: Counting,
): void {
  const words = `${kind} ${namespace}/${name}`;
  if (isFailure(outcome)) count(failures, run, namespace);
  if (outcome === 'failed:no-sidecar') put(failingOpen, run, namespace, words);
  if (outcome === 'failed:wrong-image') put(wrongImages, run, namespace, words);
  if (outcome === 'config-remains') put(configRemains, run, namespace, words);
  if (outcome === 'reverted' && owner) put(reverted, `${run} ${owner}`, namespace, words);
}

function put<T>(into: Map<string, Map<string, T>>, run: string, namespace: string, value: T): void {
  const of = into.get(run) ?? new Map<string, T>();
  into.set(run, of.set(namespace, value));
}

const count = (into: Map<string, Map<string, number>>, run: string, namespace: string): void =>
  put(into, run, namespace, (into.get(run)?.get(namespace) ?? 0) + 1);

/** The namespaces with workloads that each run concerns. */
export function namespacesOf(assessed: readonly Assessed[]): Map<string, Set<string>> {
  const namespaces = new Map<string, Set<string>>();
  for (const one of assessed) {
    // it is never restarted, so no restart of it can fail
    if (one.workload.unsupported) continue;
    for (const { injection } of [one, ...(one.others ?? [])]) {
      if (!injection) continue;
      const of = namespaces.get(injection.run) ?? new Set<string>();
      namespaces.set(injection.run, of.add(one.workload.namespace));
    }
  }
  return namespaces;
}
