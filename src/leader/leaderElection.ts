import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Api } from '../cluster/api.ts';
import { isConflict, isNotFound } from '../cluster/apiError.ts';
import { type Clock, systemClock } from '../cluster/clock.ts';
import type { OwnAccount } from '../cluster/ownAccount.ts';
import { LEASE_ANNOTATION } from '../names.ts';
import { JournalKeeper, type StatusSource } from './journalKeeper.ts';
import { type Lead, type Leadership, type LeadershipListener, NotLeading } from './leadership.ts';
import { LeadershipNews } from './leadershipNews.ts';
import { annotationsOf, type Lease, type LeaseCall, LeaseObject, type LeaseSpec, microTime } from './lease.ts';
import { acknowledgement, type PauseState } from './pauseState.ts';
import { PauseStateWatch } from './pauseStateWatch.ts';

/** All in milliseconds. */
export interface LeaseTiming {
  /** How long candidates wait after the last observed change before they take the Lease. The Lease stores whole seconds. */
  readonly leaseDuration: number;
  /** How long a holder keeps leading after it sent its last successful renewal. */
  readonly renewDeadline: number;
  /** Time between two tries of a renewal and, with jitter, between two reads of a candidate. */
  readonly retryPeriod: number;
  /** Time between a renewal and the next one, where the journal asks for none before: at most half of the deadline. */
  readonly renewEvery: number;
}

/**
 * The defaults of Kubernetes' own components (component-base config/v1alpha1/defaults.go). They renew every retry period; here that would
 * be most of what an idle operator asks for. A write of a workload does not rest on the last renewal but on that of its journal.
 */
export const LEASE_TIMING: LeaseTiming = {
  leaseDuration: 15_000,
  renewDeadline: 10_000,
  retryPeriod: 2000,
  renewEvery: 5000,
};

/**
 * Candidates add up to this many retry periods to their interval, so that their reads do not coincide (client-go leaderelection.go).
 */
const JITTER = 1.2;
/** How long after the lease expired a process counts as stuck, as in kube-controller-manager's HealthzAdaptor. */
const STUCK_AFTER = 20_000;
const RELEASE_TRIES = 3;

export interface LeaderElectionOptions {
  readonly client: Pick<Api, 'request'>;
  /** Where the Lease is. */
  readonly namespace: string;
  /** The owner of a Lease that is created here. */
  readonly owner?: OwnAccount | undefined;
  /** Unique to this process: see `newIdentity`. */
  readonly identity: string;
  readonly listener: LeadershipListener;
  readonly timing?: LeaseTiming;
  /**
   * Monotonic. Node's `performance.now` reads CLOCK_MONOTONIC on Linux. That clock cannot be set and keeps running while a process is
   * stopped by SIGSTOP. It stops only while the machine is suspended.
   */
  readonly clock?: Clock;
  /** Wall clock, milliseconds; only for times that people read. */
  readonly now: () => number;
  /** A number in [0, 1), like Math.random. */
  readonly random?: () => number;
}

/** Creates an identity that is unique per process, even if two pods have the same name. */
export const newIdentity = (): string => `${hostname()}_${randomUUID()}`;

/**
 * Leads while it holds the Lease, by the rules of client-go's tools/leaderelection.
 * - A Lease expires when its record has not changed for `leaseDuration` by the local monotonic clock. Wall clocks are never compared.
 * - Leading ends `renewDeadline` after the last successful renewal was *sent*. That is before any candidate can take over, because no
 *   candidate saw the record earlier. The fence compares clocks when it is called, so late timers do not matter.
 * - Every write of the Lease carries the version that was read, so it cannot overwrite another holder or users' annotations.
 *
 * Unlike in client-go, losing the Lease ends only the term, not the process.
 */
export class LeaderElection implements Leadership {
  readonly identity: string;
  readonly #lease: LeaseObject;
  readonly #timing: LeaseTiming;
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #news: LeadershipNews;
  readonly #orders: PauseStateWatch;
  readonly #journal = new JournalKeeper();
  #term: AbortController | undefined;
  /** The Lease as last read or written. */
  #seen: Lease | undefined;
  #record = '';
  /** When the current record was first seen. */
  #recordAt = 0;
  #heldUntil = 0;
  /** A claim was sent and may have reached the API server, whatever the response. So the Lease must be released at the end. */
  #mayHold = false;
  /** When the last term ended, as long as its work is still running. */
  #lingeringSince: number | undefined;
  #otherHolder = '';

  /** @throws {RangeError} for a timing with which two processes could lead at once, or none for a long time */
  constructor(options: LeaderElectionOptions) {
    const { leaseDuration, renewDeadline, retryPeriod, renewEvery } = options.timing ?? LEASE_TIMING;
    if (leaseDuration <= renewDeadline || leaseDuration < 1000)
      throw new RangeError('the lease duration must be longer than the renew deadline, and a second at least');
    if (renewDeadline <= retryPeriod * JITTER || retryPeriod <= 0)
      throw new RangeError(`the renew deadline must be longer than ${JITTER} retry periods`);
    if (renewEvery > renewDeadline / 2 || renewEvery <= 0)
      throw new RangeError('half of the renew deadline must be left for retries');
    this.identity = options.identity;
    this.#lease = new LeaseObject(options.client, options.namespace, options.owner);
    this.#timing = { leaseDuration, renewDeadline, retryPeriod, renewEvery };
    this.#clock = options.clock ?? systemClock;
    this.#now = options.now;
    this.#random = options.random ?? Math.random;
    this.#news = new LeadershipNews(options.listener);
    this.#orders = new PauseStateWatch((error) => this.#news.trouble(error));
  }

  get isLeading(): boolean {
    return this.#term !== undefined && this.#clock.now() < this.#heldUntil;
  }

  assertLeading(): void {
    if (this.isLeading) return;
    this.#endTerm(this.#tooLate());
    throw new NotLeading(`not sent: ${this.identity} does not lead`);
  }

  pauseState(): PauseState {
    return this.#orders.current;
  }

  lease(): Lease | undefined {
    return this.#seen;
  }

  publishes(source: StatusSource): void {
    this.#journal.publishes(source);
  }

  onPauseState(listener: (pauseState: PauseState) => void): () => void {
    return this.#orders.onChange(listener);
  }

  text(): string | undefined {
    return annotationsOf(this.#seen)[LEASE_ANNOTATION.journal];
  }

  /** Writes the journal with the next renewal, which is sent at once. So a former leader cannot write the journal. */
  keep(text: string): Promise<void> {
    if (!this.isLeading) return Promise.reject(new NotLeading(`not written: ${this.identity} does not lead`));
    return this.#journal.keep(text);
  }

  /** A candidate is healthy, however long it waits. So is a process without an API server: its term ends. Only a stuck one is unhealthy. */
  problem(): string | undefined {
    const { leaseDuration, renewDeadline } = this.#timing;
    const over = (since: number): number => this.#clock.now() - since - leaseDuration - STUCK_AFTER;
    const seconds = (since: number): string => `${Math.round((this.#clock.now() - since) / 1000)} s`;
    const renewedAt = this.#heldUntil - renewDeadline;
    if (this.#term && over(renewedAt) > 0) return `leads, but has not renewed the Lease for ${seconds(renewedAt)}`;
    const lingering = this.#lingeringSince;
    if (lingering !== undefined && over(lingering) > 0) return `a term that ended ${seconds(lingering)} ago still runs`;
    return undefined;
  }

  async run(signal: AbortSignal, lead: Lead = () => undefined): Promise<void> {
    const stop = (): void => this.#endTerm('stopping');
    signal.addEventListener('abort', stop, { once: true });
    try {
      while (!signal.aborted) {
        await this.#acquire(signal);
        if (!signal.aborted) await this.#serve(lead, signal);
      }
    } finally {
      signal.removeEventListener('abort', stop);
      if (this.#mayHold && this.#lingeringSince === undefined) await this.#release();
    }
  }

  /** Resolves when the Lease is held, or when stopped. */
  async #acquire(signal: AbortSignal): Promise<void> {
    const { retryPeriod } = this.#timing;
    while (!signal.aborted) {
      if ((await this.#try(() => this.#claimIfFree(signal))) && this.#clock.now() < this.#heldUntil) return;
      await this.#sleep(retryPeriod * (1 + JITTER * this.#random()), signal);
    }
  }

  async #claimIfFree(signal: AbortSignal): Promise<boolean> {
    const lease = await this.#look(signal);
    if (lease && this.#isOthers(lease)) return false;
    await this.#claim(lease, signal);
    return true;
  }

  /** Runs one term until its work has ended. Rethrows the errors of that work. */
  async #serve(lead: Lead, signal: AbortSignal): Promise<void> {
    const term = new AbortController();
    this.#term = term;
    this.#news.tell((listener) => listener.acquired());
    const led = this.#carryOut(lead, term.signal);
    await this.#renew(term.signal);
    if (!(await this.#outlast(led, signal))) return;
    const failure = await led;
    if (failure) throw failure.reason;
  }

  /** Never rejects: a failure ends the term and is passed on. An error because the term has ended is not a failure. */
  async #carryOut(lead: Lead, term: AbortSignal): Promise<{ readonly reason: unknown } | undefined> {
    try {
      await lead(term);
      return undefined;
    } catch (reason) {
      if (term.aborted) return undefined;
      this.#endTerm('what led has failed');
      return { reason };
    }
  }

  /** Renews until the term has ended. Ends the term when renewals fail for too long. Retries come faster as that deadline nears. */
  async #renew(term: AbortSignal): Promise<void> {
    const { retryPeriod, renewEvery } = this.#timing;
    let isRenewed = true;
    while (!term.aborted) {
      // people look for the first status right after the start
      const longest = isRenewed && !this.#journal.isStatusMissing ? renewEvery : retryPeriod;
      const held = this.#heldUntil;
      const left = held - this.#clock.now();
      await this.#journal.wanted(
        (signal) => this.#sleep(Math.min(longest, left, Math.max(retryPeriod / 4, left / 2)), signal),
        term,
      );
      if (!term.aborted && this.isLeading) await this.#try(() => this.#renewOnce(term));
      isRenewed = this.#heldUntil > held;
      if (!this.isLeading) this.#endTerm(this.#tooLate());
    }
  }

  /** Writes on top of the last version. Reads the Lease again only on a conflict, most often because a user set an annotation. */
  async #renewOnce(term: AbortSignal): Promise<void> {
    try {
      return await this.#claim(this.#seen, term);
    } catch (error) {
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
    const lease = await this.#look(term);
    if (this.#isOurs(lease)) return this.#claim(lease, term);
    // Also if the Lease is deleted or free: another process may have led since, and the plans of this term do not include its work.
    this.#endTerm(lease ? `the Lease is held by ${holderOf(lease) || 'no one'}` : 'the Lease was deleted');
  }

  /**
   * Waits for the work of the term to end, before the next term begins or the Lease is released.
   * @returns false if the work has not ended although the process must stop: then the Lease is not released, and expires
   */
  async #outlast(led: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
    const endedAt = this.#clock.now();
    this.#lingeringSince = endedAt;
    const ended = new AbortController();
    const settled = led.then(() => {
      this.#lingeringSince = undefined;
      ended.abort();
    });
    while (!ended.signal.aborted) {
      if (signal.aborted && this.#clock.now() - endedAt >= this.#timing.renewDeadline) return false;
      await this.#sleep(this.#timing.retryPeriod, ended.signal);
    }
    await settled;
    return true;
  }

  /** Clears the holder, so that candidates need not wait (client-go's ReleaseOnCancel). If this fails, they wait for the expiry. */
  async #release(): Promise<void> {
    let lease = this.#isOurs(this.#seen) ? this.#seen : undefined;
    for (let tries = RELEASE_TRIES; tries > 0; tries--) {
      try {
        lease ??= await this.#look();
        if (!lease || !this.#isOurs(lease)) return;
        const time = microTime(this.#now());
        const { leaseTransitions = 0 } = lease.spec ?? {};
        const free = { holderIdentity: '', leaseDurationSeconds: 1, acquireTime: time, renewTime: time };
        await this.#lease.replace(lease, { ...free, leaseTransitions }, {}, this.#call());
        return;
      } catch (error) {
        if (!isConflict(error) && !isNotFound(error)) return this.#news.trouble(error);
        lease = undefined;
      }
    }
  }

  async #look(signal?: AbortSignal): Promise<Lease | undefined> {
    const lease = await this.#lease.read(this.#call(signal));
    this.#observe(lease);
    return lease;
  }

  /**
   * Renews or takes the Lease and records users' requests, in one write.
   * @throws ApiError when the write failed or its result is unknown
   */
  async #claim(lease: Lease | undefined, signal: AbortSignal): Promise<void> {
    let sentAt = Number.NEGATIVE_INFINITY;
    const timed = {
      ...this.#call(signal),
      beforeSend: () => {
        sentAt = this.#clock.now();
      },
    };
    const spec = this.#specFor(lease);
    const journal = this.#term ? this.#journal.next() : undefined;
    const annotations = { ...acknowledgement(annotationsOf(lease), this.#now()), ...journal?.annotations };
    this.#mayHold = true;
    const writing = lease ? this.#lease.replace(lease, spec, annotations, timed) : this.#lease.create(spec, timed);
    const written = await writing.catch((error: unknown) => {
      journal?.failed(error);
      throw error;
    });
    journal?.written();
    this.#heldUntil = sentAt + this.#timing.renewDeadline;
    this.#observe(written);
  }

  #specFor(lease: Lease | undefined): LeaseSpec {
    const { acquireTime, leaseTransitions = 0 } = lease?.spec ?? {};
    const renewTime = microTime(this.#now());
    const ours = this.#isOurs(lease);
    return {
      holderIdentity: this.identity,
      leaseDurationSeconds: Math.ceil(this.#timing.leaseDuration / 1000),
      acquireTime: (ours && acquireTime) || renewTime,
      renewTime,
      leaseTransitions: lease && !ours ? leaseTransitions + 1 : leaseTransitions,
    };
  }

  #observe(lease: Lease | undefined): void {
    this.#seen = lease;
    this.#orders.take(annotationsOf(lease));
    // Only the holder's record counts: an annotation must not extend the lease of a dead holder.
    const { holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions } = lease?.spec ?? {};
    const record = JSON.stringify([holderIdentity, leaseDurationSeconds, acquireTime, renewTime, leaseTransitions]);
    if (record === this.#record) return;
    this.#record = record;
    this.#recordAt = this.#clock.now();
  }

  #isOurs(lease: Lease | undefined): lease is Lease {
    return lease !== undefined && holderOf(lease) === this.identity;
  }

  /** Whether another process holds the Lease and may still lead. */
  #isOthers(lease: Lease): boolean {
    const holder = holderOf(lease);
    if (holder === '' || holder === this.identity) return false;
    const duration = (lease.spec?.leaseDurationSeconds ?? 0) * 1000 || this.#timing.leaseDuration;
    if (this.#clock.now() - this.#recordAt >= duration) return false;
    this.#mayHold = false;
    if (holder !== this.#otherHolder) this.#news.tell((listener) => listener.standingBy(holder));
    this.#otherHolder = holder;
    return true;
  }

  /** The time limit of a request: after that, its response would be useless. */
  #call(signal?: AbortSignal): LeaseCall {
    const half = this.#timing.renewDeadline / 2;
    const left = this.#term ? Math.max(1, this.#heldUntil - this.#clock.now()) : half;
    return { timeoutMs: Math.min(half, left), ...(signal && { signal }) };
  }

  #endTerm(why: string): void {
    const term = this.#term;
    if (!term) return;
    this.#term = undefined;
    this.#otherHolder = '';
    this.#journal.end(new NotLeading(`not written: ${why}`));
    term.abort();
    this.#news.tell((listener) => listener.lost(why));
  }

  #tooLate(): string {
    const limit = `the Lease was not renewed for ${this.#timing.renewDeadline / 1000} s`;
    return this.#news.lastTrouble ? `${limit}: ${this.#news.lastTrouble}` : limit;
  }

  /** A conflict is not an error: another process was faster. The next read shows its record. */
  async #try<T>(action: () => Promise<T>): Promise<T | undefined> {
    try {
      const result = await action();
      this.#news.troubleOver();
      return result;
    } catch (error) {
      const stopped = error instanceof Error && 'reason' in error && error.reason === 'Aborted';
      if (!stopped && !isConflict(error)) this.#news.trouble(error);
      return undefined;
    }
  }

  async #sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (milliseconds <= 0 || signal.aborted) return;
    await this.#clock.sleep(milliseconds, signal).catch(() => undefined);
  }
}

const holderOf = (lease: Lease): string => lease.spec?.holderIdentity ?? '';
