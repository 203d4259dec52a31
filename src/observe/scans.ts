import { backOff } from '../backOff.ts';
import { ApiError, isForbidden, isNotFound } from '../cluster/apiError.ts';
import { readsConfig } from '../compare/drift.ts';
import type { Mesh } from '../expect/mesh.ts';
import { messageOf } from '../messageOf.ts';
import type { Workload, WorkloadKey, WorkloadKind, WorkloadRef } from '../model.ts';
import type { Policy } from '../plan/policy.ts';
import type { Report } from '../report/report.ts';
import { SayOnce } from '../sayOnce.ts';
import type { Observations } from './observations.ts';
import type { Observer } from './observer.ts';

export interface ScansOptions {
  readonly observer: Pick<Observer, 'scan' | 'mayList'>;
  readonly observations: Pick<Observations, 'scanned' | 'unread'>;
  /** Workloads that are being restarted. */
  readonly busy: { has(key: WorkloadKey): boolean };
  readonly policy: () => Pick<Policy, 'skipNamespaces' | 'reportOn' | 'restartOn' | 'kinds'>;
  /** The namespaces to watch; empty means the whole cluster. */
  readonly namespaces: readonly string[];
  /** Milliseconds between periodic scans; 0 disables them. */
  readonly reconcilePeriod: number;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  readonly report: Pick<Report, 'scanned' | 'scanFailed'>;
}

/** The scope of one scan: a namespace, or the whole cluster. */
type Place = string | undefined;

interface Schedule {
  dueAt: number;
  /** In a row. */
  failures: number;
  /** The last failure. It is reported again only if it changes. */
  said: SayOnce;
  /** The first scan, or the scan after an epoch changed, has not run yet. Until then, no observation of this scope counts. */
  awaited: boolean;
  /** The namespaces that its last scan skipped. */
  skipped: ReadonlySet<string>;
  /** The kinds that it looked for. */
  kinds: ReadonlySet<WorkloadKind>;
  /** The namespace is gone, and all its workloads with it. */
  isGone: boolean;
}

const RETRY = { first: 1000, longest: 60_000 };

/**
 * Keeps observations up to date by scanning the whole cluster, or each namespace separately. A namespace that cannot be scanned has its
 * own back-off and does not block other scans.
 */
export class Scans {
  readonly #options: ScansOptions;
  readonly #places = new Map<Place, Schedule>();
  /** Single namespaces that changed, in a cluster that is scanned as a whole. */
  readonly #changed = new Map<string, Schedule>();
  /** What the policy wanted of the last full scan. */
  #wanted = '';

  constructor(options: ScansOptions) {
    this.#options = options;
    const { namespaces } = options;
    const places: Place[] = namespaces.length === 0 ? [undefined] : [...new Set(namespaces)];
    for (const place of places) this.#places.set(place, newSchedule(0));
  }

  /** Whether anything may be assessed: at least one scope has current observations. */
  get isUsable(): boolean {
    return [...this.#places.values()].some(({ awaited }) => !awaited);
  }

  /** Whether a namespace that is scanned separately has current observations, or the whole cluster for undefined. */
  isRead(place: Place): boolean {
    return this.#places.get(place)?.awaited === false;
  }

  /** Whether the workloads of a kind in a namespace were scanned completely. Only then does a missing one count as deleted. */
  hasSeen({ kind, namespace }: Pick<WorkloadRef, 'kind' | 'namespace'>): boolean {
    const schedule = this.#places.get(namespace) ?? this.#places.get(undefined);
    if (schedule?.isGone) return true;
    if (schedule === undefined || schedule.awaited || schedule.skipped.has(namespace)) return false;
    return schedule.kinds.has(kind) && this.#options.observer.mayList(kind, namespace);
  }

  /** What has not been read, in words: a namespace that exists and is scanned separately, and whose scan has not ended well. */
  unseen({ namespaces }: Pick<Mesh, 'namespaces'>): string | undefined {
    const { skipNamespaces } = this.#options.policy();
    const awaited = [...this.#places].find(
      ([place, schedule]) =>
        place !== undefined && schedule.awaited && namespaces.has(place) && !skipNamespaces.has(place),
    );
    return awaited && `namespace ${awaited[0]} has not been read yet`;
  }

  /** When the next scan is due, in the milliseconds of `now`; infinite if none is. */
  dueAt(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { dueAt } of [...this.#places.values(), ...this.#changed.values()]) first = Math.min(first, dueAt);
    return first;
  }

  /** Schedules a full scan. Until it has run, earlier observations do not count. */
  askForAll(at: number): void {
    this.#changed.clear();
    for (const schedule of this.#places.values()) {
      schedule.awaited = true;
      schedule.dueAt = at;
    }
  }

  /** A full scan that has not run yet comes at this time at the latest. */
  awaitNoLongerThan(at: number): void {
    for (const schedule of this.#places.values()) if (schedule.awaited) schedule.dueAt = Math.min(schedule.dueAt, at);
  }

  /** Schedules a scan of these namespaces now, unless they are not watched or a pending scan covers them. */
  askFor(namespaces: Iterable<string>): void {
    const now = this.#options.now();
    const whole = this.#places.get(undefined);
    for (const namespace of namespaces) {
      const schedule = this.#places.get(namespace);
      if (schedule && !schedule.awaited) schedule.dueAt = Math.min(schedule.dueAt, now);
      else if (whole && !whole.awaited) this.#changed.set(namespace, newSchedule(now));
    }
  }

  /** Applies a new policy. If it needs other pods or more of them, a scan is scheduled, unless one is already pending. */
  policyChanged(): void {
    if (this.#wants() === this.#wanted) return;
    const now = this.#options.now();
    for (const schedule of this.#places.values()) if (!schedule.awaited) schedule.dueAt = Math.min(schedule.dueAt, now);
  }

  /** Runs the scans that are due, one after the other. Failed scans are reported and retried later. */
  async run(mesh: Mesh, signal: AbortSignal): Promise<void> {
    const { now } = this.#options;
    const due = [...this.#places].filter(([, { dueAt }]) => dueAt <= now());
    if (due.length > 0) this.#wanted = this.#wants();
    for (const [place, schedule] of due) {
      if (signal.aborted) return;
      // a full scan covers the namespaces that changed, too
      if (place === undefined) this.#changed.clear();
      await this.#scan(mesh, place, schedule, signal);
    }
    for (const [namespace, schedule] of [...this.#changed]) {
      if (signal.aborted) return;
      if (schedule.dueAt > now()) continue;
      if (await this.#scan(mesh, namespace, schedule, signal)) this.#changed.delete(namespace);
    }
  }

  /** @returns whether everything there was read */
  async #scan(mesh: Mesh, place: Place, schedule: Schedule, signal: AbortSignal): Promise<boolean> {
    const { observer, observations, busy, now, report, policy } = this.#options;
    const [began, wants, { skipNamespaces: skipped, kinds }] = [now(), this.#wants(), policy()];
    try {
      const seen = await observer.scan(mesh, place, signal);
      // a right that is missing for a while must not let others go first
      const whyUnlisted = ({ kind, namespace, unsupported }: Workload): string | undefined =>
        unsupported || !kinds.has(kind) || observer.mayList(kind, namespace) ? undefined : `${kind}s may not be listed`;
      const isWhole = observations.scanned(seen, place, began, busy, whyUnlisted);
      // a policy that was edited meanwhile may want something else
      const dueAt = wants === this.#wants() ? this.#nextPeriod(isWhole) : now();
      Object.assign(schedule, { ...newSchedule(dueAt), awaited: false, skipped, kinds });
      report.scanned({ began, ended: now(), workloads: seen.size, namespace: place });
      return isWhole;
    } catch (error) {
      if (!signal.aborted) this.#failed(mesh, place, schedule, error, began);
      return false;
    }
  }

  /** Retries a failed scan with back-off: 1 s, 2 s … 1 min. The same failure is not reported twice. */
  #failed(mesh: Mesh, place: Place, schedule: Schedule, error: unknown, began: number): void {
    const { observations, busy, now, report } = this.#options;
    const wait = backOff(schedule.failures + 1, RETRY);
    schedule.failures += 1;
    schedule.dueAt = now() + wait;
    const denied = isForbidden(error) || isNotFound(error);
    // deleting a namespace also deletes its Role, so the API server answers 403
    const isGone = denied && place !== undefined && !mesh.namespaces.has(place);
    schedule.isGone = isGone;
    const problem = isGone ? 'gone' : kindOf(error);
    if (isGone) observations.scanned(new Map(), place, began, busy);
    else if (denied || schedule.awaited) observations.unread(place, messageOf(error));
    report.scanFailed(error, wait, { namespace: place, isGone, isNews: schedule.said.isNews(undefined, problem) });
  }

  /** Schedules another scan soon where the last one was incomplete. */
  #nextPeriod(isWhole: boolean): number {
    const { reconcilePeriod, now } = this.#options;
    const period = reconcilePeriod > 0 ? reconcilePeriod : Number.POSITIVE_INFINITY;
    return now() + (isWhole ? period : Math.min(period, RETRY.longest));
  }

  /** What of the policy decides what a scan reads. */
  #wants(): string {
    const policy = this.#options.policy();
    const { skipNamespaces, kinds } = policy;
    return [[...skipNamespaces].sort().join(), [...kinds].sort().join(), readsConfig(policy) ? 'config' : ''].join(' ');
  }
}

const newSchedule = (dueAt: number): Schedule => ({
  dueAt,
  failures: 0,
  said: new SayOnce(),
  awaited: true,
  skipped: new Set(),
  kinds: new Set(),
  isGone: false,
});

/** Identifies a failure. The message does not count, because it depends on which of several lists fails first. */
const kindOf = (error: unknown): string =>
  error instanceof ApiError ? `${error.status ?? ''} ${error.reason}` : messageOf(error);
