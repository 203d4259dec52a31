import type { Api } from '../cluster/api.ts';
import { isConflict } from '../cluster/apiError.ts';
import { type Clock, systemClock } from '../cluster/clock.ts';
import type { OwnAccount } from '../cluster/ownAccount.ts';
import type { Labels } from '../model.ts';
import { LEASE_ANNOTATION } from '../names.ts';
import { JournalKeeper, type StatusSource } from './journalKeeper.ts';
import { LEASE_TIMING } from './leaderElection.ts';
import { type Lead, type Leadership, type LeadershipListener, NotLeading } from './leadership.ts';
import { LeadershipNews } from './leadershipNews.ts';
import { annotationsOf, type Lease, type LeaseCall, LeaseObject } from './lease.ts';
import { acknowledgement, type PauseState } from './pauseState.ts';
import { PauseStateWatch } from './pauseStateWatch.ts';

/** The same interval at which an elected leader renews the Lease. */
const LOOK_EVERY = LEASE_TIMING.renewEvery;
const TIMEOUT = 5000;

export interface WithoutElectionOptions {
  readonly client: Pick<Api, 'request'>;
  /** Where the Lease is. */
  readonly namespace: string;
  /** The owner of a Lease that is created here. */
  readonly owner?: OwnAccount | undefined;
  readonly listener: LeadershipListener;
  /** Whether the Lease may be created and written. A dry run only reads it. */
  readonly writes: boolean;
  readonly clock?: Clock;
  /** Wall clock, milliseconds; only for times that people read. */
  readonly now: () => number;
}

/**
 * The only replica: it leads for as long as it runs. The Lease still exists, because users' annotations and Events are attached to it. It
 * has no holder, so that a later election does not wait for a holder that never renews.
 */
export class WithoutElection implements Leadership {
  readonly #lease: LeaseObject;
  readonly #writes: boolean;
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #news: LeadershipNews;
  readonly #orders: PauseStateWatch;
  readonly #journal = new JournalKeeper();
  #seen: Lease | undefined;
  #term: AbortController | undefined;

  constructor({ client, namespace, owner, listener, writes, clock = systemClock, now }: WithoutElectionOptions) {
    this.#lease = new LeaseObject(client, namespace, owner);
    this.#writes = writes;
    this.#clock = clock;
    this.#now = now;
    this.#news = new LeadershipNews(listener);
    this.#orders = new PauseStateWatch((error) => this.#news.trouble(error));
  }

  get isLeading(): boolean {
    return this.#term !== undefined;
  }

  assertLeading(): void {
    if (!this.isLeading) throw new NotLeading('not sent: this process does not lead yet, or is stopping');
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

  keep(text: string): Promise<void> {
    if (!this.isLeading || !this.#writes)
      return Promise.reject(new NotLeading('not written: this process does not lead'));
    return this.#journal.keep(text);
  }

  problem(): undefined {
    return undefined;
  }

  async run(signal: AbortSignal, lead: Lead = () => undefined): Promise<void> {
    const end = new AbortController();
    const stop = (): void => {
      const term = this.#term;
      this.#term = undefined;
      this.#journal.end(new NotLeading('not written: this process is stopping'));
      term?.abort();
      end.abort();
    };
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const read = Promise.withResolvers<void>();
    const looking = this.#keepLooking(end.signal, read.resolve);
    try {
      // The pause state must be read before anything is written.
      if (this.#writes) await Promise.race([read.promise, looking]);
      if (!end.signal.aborted) await this.#lead(lead);
      await looking;
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
      await looking;
    }
  }

  async #lead(lead: Lead): Promise<void> {
    const term = new AbortController();
    this.#term = term;
    this.#news.tell((listener) => listener.acquired());
    try {
      await lead(term.signal);
    } catch (error) {
      if (!term.signal.aborted) throw error;
    }
  }

  async #keepLooking(signal: AbortSignal, read: () => void): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#look({ timeoutMs: TIMEOUT, signal });
        this.#news.troubleOver();
        read();
      } catch (error) {
        if (!signal.aborted && !isConflict(error)) this.#news.trouble(error);
      }
      if (!signal.aborted)
        await this.#journal.wanted((wake) => this.#clock.sleep(this.#pause, wake).catch(() => undefined), signal);
    }
  }

  /** People look for the first status right after the start. */
  get #pause(): number {
    return this.#journal.isStatusMissing ? LEASE_TIMING.retryPeriod : LOOK_EVERY;
  }

  /** Creates a missing Lease and records users' requests, unless this is a dry run. */
  async #look(call: LeaseCall): Promise<void> {
    // before anything can fail: what waits for a look that fails waits for the next one
    const journal = this.#writes && this.#term ? this.#journal.next() : undefined;
    const found = await this.#lease.read(call);
    this.#take(found);
    if (!this.#writes) return;
    const lease = found ?? (await this.#lease.create({}, call));
    const recorded = { ...acknowledgement(annotationsOf(lease), this.#now()), ...journal?.annotations };
    const isNews = Object.entries(recorded).some(([key, value]) => annotationsOf(lease)[key] !== value);
    if (isNews)
      await this.#write(lease, recorded, call).catch((error: unknown) => {
        journal?.failed(error);
        throw error;
      });
    journal?.written();
  }

  async #write(lease: Lease, annotations: Labels, call: LeaseCall): Promise<void> {
    this.#take(await this.#lease.replace(lease, lease.spec ?? {}, annotations, call));
  }

  #take(lease: Lease | undefined): void {
    this.#seen = lease;
    this.#orders.take(annotationsOf(lease));
  }
}
