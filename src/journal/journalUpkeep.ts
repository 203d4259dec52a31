import { refOf, type Workload, type WorkloadKey, type WorkloadRef } from '../model.ts';
import type { Answered } from '../plan/assess.ts';
import type { Policy } from '../plan/policy.ts';
import { recordOf } from '../plan/record.ts';
import type { Report } from '../report/report.ts';
import type { Journal } from './journal.ts';
import { restartsOnWorkloads } from './journalFromWorkloads.ts';

export interface JournalUpkeepOptions {
  readonly journal: Journal;
  readonly policy: () => Policy;
  /** The namespaces that Meltemi manages; empty means all. */
  readonly namespaces: readonly string[];
  /** Nothing is written. */
  readonly dryRun: boolean;
  /** Whether all workloads of its kind in its namespace were scanned. */
  readonly hasSeen: (ref: WorkloadRef) => boolean;
  /** Whether a namespace that is scanned separately was read, or the whole cluster for undefined. */
  readonly isRead: (namespace: string | undefined) => boolean;
  /** Looks for a workload by its name; undefined if it is deleted. */
  readonly uidOf: (ref: WorkloadRef) => Promise<string | undefined>;
  readonly report: Pick<Report, 'journalUnreadable' | 'journalRebuilt'>;
  /** The steady clock, in milliseconds. */
  readonly now: () => number;
  /** The wall clock, in milliseconds. */
  readonly wall: () => number;
}

/** Milliseconds between two prunings. */
const PRUNE_EVERY = 10_000;

/** Loads the journal when a term begins, restores it if it was lost, and removes entries that are no longer needed. */
export class JournalUpkeep {
  readonly #options: JournalUpkeepOptions;
  /** Where the journal, which was missing when the term began, is not restored yet: namespaces, or undefined for the whole cluster. */
  #lostIn = new Set<string | undefined>();
  /** How many restarts were restored in this term. */
  #restored = 0;
  #pruneAt = 0;

  constructor(options: JournalUpkeepOptions) {
    this.#options = options;
  }

  /** Loads the journal of earlier leaders. */
  load(): void {
    const { journal, report, namespaces } = this.#options;
    const loaded = journal.load();
    if (typeof loaded === 'object') report.journalUnreadable(loaded.unreadable);
    this.#lostIn = new Set(loaded === 'read' ? [] : namespaces.length === 0 ? [undefined] : namespaces);
    this.#restored = 0;
    this.#pruneAt = 0;
  }

  /** Restores a lost journal from the workloads, and prunes it. @returns whether it was restored, so that a new plan is due */
  tend(observations: readonly Answered[]): boolean {
    const restored = this.#restore(observations);
    this.#prune(observations);
    return restored;
  }

  /**
   * Open records on workloads take slots until their time limit, but never more slots than there are. Each namespace is restored once, when
   * it has been read: later records there are no news of a lost journal.
   */
  #restore(observations: readonly Answered[]): boolean {
    const { journal, now, wall, policy, report, dryRun, isRead } = this.#options;
    const places = new Set([...this.#lostIn].filter(isRead));
    if (dryRun || places.size === 0) return false;
    for (const place of places) this.#lostIn.delete(place);
    const allowed = policy();
    const slots = { ...allowed, maxInFlight: Math.max(0, allowed.maxInFlight - this.#restored) };
    // nothing is restarted in a skipped namespace, so a record there takes no slot
    const own = observations.filter(
      ({ workload, workload: { namespace } }) =>
        (places.has(undefined) || places.has(namespace)) &&
        !allowed.skipNamespaces.has(namespace) &&
        this.#isNews(workload),
    );
    const found = restartsOnWorkloads(own, slots, { now: now(), wall: wall() });
    this.#restored += found.size;
    journal.adopt(found);
    if (found.size > 0) report.journalRebuilt([...found.keys()]);
    return found.size > 0;
  }

  /** This process's own memory is better than the records on workloads, except of what another leader has restarted since. */
  #isNews(workload: Workload): boolean {
    const known = this.#options.journal.of(workload);
    return !known || known.restartedAt < (recordOf(workload)?.restartedAt ?? 0);
  }

  #prune(observations: readonly Answered[]): void {
    const { journal, now, hasSeen } = this.#options;
    if (now() < this.#pruneAt) return;
    this.#pruneAt = now() + PRUNE_EVERY;
    const unsure = journal.prune(observations, (ref) => this.#isWatched(ref.namespace) && hasSeen(ref));
    for (const key of unsure) void this.#forgetIfDeleted(key);
  }

  /** Looks for a workload by its name, because one that is found by its pods may be there without any. An error is no answer. */
  async #forgetIfDeleted(key: WorkloadKey): Promise<void> {
    const { uidOf, journal } = this.#options;
    const entry = journal.entries.get(key);
    const uid = await uidOf(refOf(key)).catch(() => entry?.uid);
    if (entry && entry === journal.entries.get(key) && uid !== entry.uid) journal.forget(key);
  }

  #isWatched(namespace: string): boolean {
    const { namespaces, policy } = this.#options;
    return !policy().skipNamespaces.has(namespace) && (namespaces.length === 0 || namespaces.includes(namespace));
  }
}
