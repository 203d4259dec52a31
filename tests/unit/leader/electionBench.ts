import { setImmediate } from 'node:timers/promises';
import { KubeClient } from '../../../src/cluster/client.ts';
import { LEASE_TIMING, LeaderElection, type LeaseTiming } from '../../../src/leader/leaderElection.ts';
import { type Lead, type LeadershipListener, NotLeading } from '../../../src/leader/leadership.ts';
import type { PauseState } from '../../../src/leader/pauseState.ts';
import { configFor } from '../cluster/apiServer.ts';
import { until } from '../cluster/deadline.ts';
import { FakeClock } from '../cluster/fakeClock.ts';
import { LeaseServer } from '../cluster/leaseServer.ts';

/** The wall clock when a test begins. */
export const WALL = Date.parse('2026-03-01T12:00:00Z');

/** A renewal in each retry period: more of them in the same time. */
export const OFTEN: LeaseTiming = { ...LEASE_TIMING, renewEvery: LEASE_TIMING.retryPeriod };

/** One who wants to lead, and what became of it. */
export class Elector implements LeadershipListener {
  readonly election: LeaderElection;
  readonly terms: AbortSignal[] = [];
  readonly said: string[] = [];
  readonly pauseStates: PauseState[] = [];
  readonly #stop = new AbortController();
  readonly #client: KubeClient;
  readonly clock: FakeClock;
  readonly ended: Promise<void>;
  hasEnded = false;

  constructor(identity: string, url: string, clock: FakeClock, lead: Lead, timing?: LeaseTiming) {
    this.clock = clock;
    this.#client = new KubeClient({ config: configFor(url), userAgent: 'meltemi/test' });
    const common = { client: this.#client, namespace: 'shop', identity, listener: this, clock };
    this.election = new LeaderElection({
      ...common,
      now: () => WALL + clock.now(),
      random: () => 0,
      timing: timing ?? OFTEN,
    });
    this.election.onPauseState((pauseState) => this.pauseStates.push(pauseState));
    this.ended = this.election
      .run(this.#stop.signal, (term) => {
        this.terms.push(term);
        return lead(term);
      })
      .finally(() => {
        this.hasEnded = true;
        return this.#client.close();
      });
    this.ended.catch(() => undefined);
  }

  acquired(): void {
    this.said.push('acquired');
  }

  lost(why: string): void {
    this.said.push(`lost: ${why}`);
  }

  standingBy(holder: string): void {
    this.said.push(`standing by ${holder}`);
  }

  trouble(error: unknown): void {
    this.said.push(`trouble: ${error instanceof Error ? error.message.split(': ').slice(-1) : error}`);
  }

  /** Whether the fence lets a write through. */
  get passes(): boolean {
    try {
      this.election.assertLeading();
      return true;
    } catch (error) {
      if (error instanceof NotLeading) return false;
      throw error;
    }
  }

  stop(): void {
    this.#stop.abort();
  }
}

/** Electors at one API server and, unless said otherwise, on one clock that only the test moves. */
export class ElectionBench implements AsyncDisposable {
  readonly server = new LeaseServer();
  readonly clock = new FakeClock();
  readonly electors: Elector[] = [];

  static async open(): Promise<ElectionBench> {
    const bench = new ElectionBench();
    await bench.server.listen();
    return bench;
  }

  /** Starts one and waits until it has looked. */
  async elector(
    identity: string,
    lead: Lead = () => undefined,
    clock = this.clock,
    timing?: LeaseTiming,
  ): Promise<Elector> {
    const elector = new Elector(identity, this.server.url, clock, lead, timing);
    this.electors.push(elector);
    await this.idle();
    return elector;
  }

  /** Waits until everybody sleeps: then nothing happens before the clock moves. */
  async idle(): Promise<void> {
    await until('everybody to sleep', () =>
      [...new Set(this.electors.map(({ clock }) => clock))].every((clock) => {
        const awake = this.electors.filter((one) => one.clock === clock && !one.hasEnded);
        return clock.sleeping.length === awake.length;
      }),
    );
  }

  /** Lets time pass in steps short enough for everybody to wake on time. */
  async pass(milliseconds: number, step = 250): Promise<void> {
    for (let left = milliseconds; left > 0; left -= step) {
      for (const clock of new Set(this.electors.map((one) => one.clock))) clock.advance(Math.min(step, left));
      await setImmediate();
      await this.idle();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.mute.clear();
    for (const elector of this.electors) elector.stop();
    const ends = Promise.allSettled(this.electors.map(({ ended }) => ended));
    let over = false;
    void ends.then(() => {
      over = true;
    });
    await until('the electors to end', () => {
      for (const { clock } of this.electors) clock.advance(2000);
      return over;
    });
    await this.server[Symbol.asyncDispose]();
  }
}
