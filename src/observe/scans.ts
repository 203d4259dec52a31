import { backOff } from '../backOff.ts';
import { ApiError, isForbidden, isNotFound } from '../cluster/apiError.ts';
import type { Mesh } from '../expect/mesh.ts';
import { messageOf } from '../messageOf.ts';
import type { WorkloadKey } from '../model.ts';
import type { Policy } from '../plan/policy.ts';
import type { Report } from '../report/report.ts';
import { SayOnce } from '../sayOnce.ts';
import type { Observations } from './observations.ts';
import type { Observed } from './observed.ts';
import type { Observer } from './observer.ts';

export interface ScansOptions {
  readonly observer: Pick<Observer, 'scan'>;
  readonly observations: Pick<Observations, 'scanned' | 'unread'>;
  /** Workloads that are being restarted. */
  readonly busy: { has(key: WorkloadKey): boolean };
  readonly policy: () => Pick<Policy, 'skipNamespaces'>;
  /** The namespaces to look after; empty is the whole cluster. */
  readonly namespaces: readonly string[];
  /** Milliseconds between scans that nothing asks for; 0: there are none. */
  readonly reconcilePeriod: number;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  readonly report: Pick<Report, 'scanned' | 'scanFailed'>;
}

/** What is scanned at once: a namespace, or the whole cluster. */
type Place = string | undefined;

interface Schedule {
  dueAt: number;
  /** In a row. */
  failures: number;
  /** What went wrong last; it is reported again only if it changes. */
  said: SayOnce;
  /** Its first scan, or the one that changed epochs ask for, is still to come: what was seen there says nothing yet. */
  awaited: boolean;
  /** The namespaces that its last scan skipped. */
  skipped: ReadonlySet<string>;
}

const RETRY = { first: 1000, longest: 60_000 };

/**
 * Keeps what is seen of workloads up to date by scans: of the whole cluster, or of each namespace by itself. A namespace that cannot be
 * scanned has a back-off of its own and keeps nothing else from being scanned.
 */
export class Scans {
  readonly #options: ScansOptions;
  readonly #places = new Map<Place, Schedule>();
  /** Namespaces of a cluster that is scanned as a whole, each of which has changed by itself. */
  readonly #changed = new Map<string, Schedule>();
  /** The namespaces that the last scan of everything skipped. */
  #skipped = '';

  constructor(options: ScansOptions) {
    this.#options = options;
    const { namespaces } = options;
    const places: Place[] = namespaces.length === 0 ? [undefined] : [...new Set(namespaces)];
    for (const place of places) this.#places.set(place, newSchedule(0));
  }

  /** Whether something that was seen may be assessed: of at least one place it is known what is there now. */
  get isUsable(): boolean {
    return [...this.#places.values()].some(({ awaited }) => !awaited);
  }

  /** Whether a namespace was seen as a whole: only then is gone what is not among what was seen. */
  hasSeen(namespace: string): boolean {
    const schedule = this.#places.get(namespace) ?? this.#places.get(undefined);
    return schedule !== undefined && !schedule.awaited && !schedule.skipped.has(namespace);
  }

  /** When the next scan is due, in the milliseconds of `now`; infinite if none is. */
  dueAt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { dueAt } of [...this.#places.values(), ...this.#changed.values()]) first = Math.min(first, dueAt);
    return first;
  }

  /** Asks for a scan of everything at a time; until then nothing that was seen counts. */
  askForAll(at: number): void {
    this.#changed.clear();
    for (const schedule of this.#places.values()) {
      schedule.awaited = true;
      schedule.dueAt = at;
    }
  }

  /** Asks for a scan of these namespaces now, as far as they are looked after and no scan is awaited that sees them anyway. */
  askFor(namespaces: Iterable<string>): void {
    const now = this.#options.now();
    const whole = this.#places.get(undefined);
    for (const namespace of namespaces) {
      const schedule = this.#places.get(namespace);
      if (schedule && !schedule.awaited) schedule.dueAt = Math.min(schedule.dueAt, now);
      else if (whole && !whole.awaited) this.#changed.set(namespace, newSchedule(now));
    }
  }

  /** Another policy is in force: other skipped namespaces ask for a scan, unless one is awaited anyway. */
  policyChanged(): void {
    if (this.#skips() === this.#skipped) return;
    const now = this.#options.now();
    for (const schedule of this.#places.values()) if (!schedule.awaited) schedule.dueAt = Math.min(schedule.dueAt, now);
  }

  /** Makes the scans that are due, one after the other. Failures are reported and tried again later. */
  async run(mesh: Mesh, signal: AbortSignal): Promise<void> {
    const { now } = this.#options;
    const due = [...this.#places].filter(([, { dueAt }]) => dueAt <= now());
    if (due.length > 0) this.#skipped = this.#skips();
    for (const [place, schedule] of due) {
      if (signal.aborted) return;
      // the whole is scanned: what has changed in parts of it is seen, too
      if (place === undefined) this.#changed.clear();
      await this.#scan(mesh, place, schedule, signal);
    }
    for (const [namespace, schedule] of [...this.#changed]) {
      if (signal.aborted) return;
      if (schedule.dueAt > now()) continue;
      if (await this.#scan(mesh, namespace, schedule, signal)) this.#changed.delete(namespace);
    }
  }

  async #scan(mesh: Mesh, place: Place, schedule: Schedule, signal: AbortSignal): Promise<boolean> {
    const { observer, observations, busy, now, report, policy } = this.#options;
    const [began, skips, skipped] = [now(), this.#skips(), policy().skipNamespaces];
    try {
      const seen = await observer.scan(mesh, place, signal);
      observations.scanned(seen, place, began, busy);
      // a policy that was edited meanwhile may name other namespaces
      const dueAt = skips === this.#skips() ? this.#nextPeriod(seen) : now();
      Object.assign(schedule, { ...newSchedule(dueAt), awaited: false, skipped });
      report.scanned({ began, ended: now(), workloads: seen.size, namespace: place });
      return true;
    } catch (error) {
      if (!signal.aborted) this.#failed(mesh, place, schedule, error, began);
      return false;
    }
  }

  /** A scan that fails is made again with back-off: 1 s, 2 s … 1 min. The same failure is not reported twice. */
  #failed(mesh: Mesh, place: Place, schedule: Schedule, error: unknown, began: number): void {
    const { observations, busy, now, report } = this.#options;
    const wait = backOff(schedule.failures + 1, RETRY);
    schedule.failures += 1;
    schedule.dueAt = now() + wait;
    const denied = isForbidden(error) || isNotFound(error);
    // a namespace that is deleted takes its Role with it, so that the answer is 403
    const isGone = denied && place !== undefined && !mesh.namespaces.has(place);
    const problem = isGone ? 'gone' : kindOf(error);
    if (isGone) observations.scanned(new Map(), place, began, busy);
    else if (denied || schedule.awaited) observations.unread(place, messageOf(error));
    report.scanFailed(error, wait, { namespace: place, isGone, isNews: schedule.said.isNews(undefined, problem) });
  }

  /** What could not be seen whole is scanned again soon. */
  #nextPeriod(seen: ReadonlyMap<WorkloadKey, Observed>): number {
    const { reconcilePeriod, now } = this.#options;
    const period = reconcilePeriod > 0 ? reconcilePeriod : Number.POSITIVE_INFINITY;
    const isWhole = [...seen.values()].every(({ unread }) => unread === undefined);
    return now() + (isWhole ? period : Math.min(period, RETRY.longest));
  }

  #skips(): string {
    return [...this.#options.policy().skipNamespaces].sort().join();
  }
}

const newSchedule = (dueAt: number): Schedule => ({
  dueAt,
  failures: 0,
  said: new SayOnce(),
  awaited: true,
  skipped: new Set(),
});

/** What distinguishes two failures: not the message, because it depends on which of several lists fails first. */
const kindOf = (error: unknown): string =>
  error instanceof ApiError ? `${error.status ?? ''} ${error.reason}` : messageOf(error);
