import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../cluster/clock.ts';
import { messageOf } from '../messageOf.ts';
import { type ClusterStatus, isNotRead, isUnread, type UnreadCluster } from '../status/clusterStatus.ts';
import { statusObject } from '../status/statusObject.ts';
import { WakeUp } from '../watch/wakeUp.ts';
import { ClusterWatch } from './clusterWatch.ts';
import type { Connection } from './connect.ts';
import type { Connected } from './contexts.ts';
import { LiveScreen } from './liveScreen.ts';
import { locateLease } from './locateLease.ts';
import type { Settings } from './settings.ts';
import { type Shown, showsRollouts, statusOutput, unreadLine } from './statusOutput.ts';
import type { Streams } from './streams.ts';

export interface WatchStatusOptions {
  readonly connections: readonly Connected[];
  readonly shown: Shown;
  readonly settings: Settings;
  readonly streams: Streams;
}

/** A frame for each change at most so often, and one each second for the ages; in milliseconds. */
const FRAME_EVERY = 200;
const TICK = 1000;
/** Without a change: a leader that is gone makes none. */
const LOOK_AGAIN = 5000;
/** Before a cluster that could not be reached is tried again. */
const RETRY = 30_000;

/**
 * Shows the status until the signal aborts or the user quits. On a terminal the screen is kept up to date; otherwise each change is
 * written after the other.
 * @returns the exit code
 * @throws {Error} when the only cluster cannot be read at the beginning
 */
export async function watchStatus(options: WatchStatusOptions, outer: AbortSignal): Promise<number> {
  const { streams, settings, connections } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, outer]);
  const bell = new WakeUp(systemClock.sleep);
  const clusters = connections.map((one) => new Followed(one, options, () => bell.ring(), signal));
  try {
    const isLive = streams.out.isTTY === true && settings.output === 'table';
    const begun = Promise.all(clusters.map((one) => one.begin()));
    const areSeveral = settings.contexts.length > 0;
    // on a screen, one cluster that does not answer must not keep the others from being shown
    if (!(areSeveral && isLive)) await begun;
    const [only] = clusters;
    if (!areSeveral && only) await only.orThrow(signal);
    await (isLive ? live(clusters, options, bell, stop, signal) : changes(clusters, options, bell, signal));
    return clusters.some((one) => isNotRead(one.current(Date.now()))) ? 1 : 0;
  } finally {
    stop.abort();
  }
}

async function live(
  clusters: readonly Followed[],
  { shown, streams }: WatchStatusOptions,
  bell: WakeUp,
  stop: AbortController,
  signal: AbortSignal,
): Promise<void> {
  const { out, input, environment } = streams;
  const screen = new LiveScreen(out, input, { quit: () => stop.abort(), resize: () => bell.ring() });
  const colour = !environment.NO_COLOR;
  screen.open();
  try {
    while (!signal.aborted) {
      const now = Date.now();
      screen.draw(
        shown(
          clusters.map((one) => one.current(now)),
          { ...screen.size, colour, now },
        ),
      );
      await sleep(FRAME_EVERY, undefined, { signal }).catch(() => undefined);
      await bell.wait(TICK - FRAME_EVERY, signal);
    }
  } finally {
    screen.close();
  }
}

async function changes(
  clusters: readonly Followed[],
  { shown, settings, streams }: WatchStatusOptions,
  bell: WakeUp,
  signal: AbortSignal,
): Promise<void> {
  let last = '';
  let waiting: string | undefined;
  while (!signal.aborted) {
    const all = clusters.map((one) => one.current(Date.now()));
    const why = settings.contexts.length === 0 ? whyWaiting(all) : undefined;
    // whatever reads the pipe gets a status and nothing else, and people see why there is none
    if (why !== undefined && why !== waiting) streams.error.write(`${why}\n`);
    waiting = why;
    const content = JSON.stringify(all.map(contentOf));
    if (why === undefined && content !== last) {
      const between = last !== '' && settings.output === 'table' ? '\n' : '';
      streams.out.write(between + statusOutput(all, shown, settings, streams));
      last = content;
    }
    await sleep(TICK, undefined, { signal }).catch(() => undefined);
    await bell.wait(LOOK_AGAIN, signal);
  }
}

/** Why the only cluster has no status yet, in a line; undefined if it has one, or will not get one. */
const whyWaiting = ([only]: readonly (ClusterStatus | UnreadCluster)[]): string | undefined =>
  only && isUnread(only) && only.isComing ? unreadLine(only) : undefined;

/** What counts as a change: not that the Lease was renewed, or that an evaluation came to the same. */
function contentOf(one: ClusterStatus | UnreadCluster): unknown {
  if (isUnread(one)) return one;
  const { leader, ...rest } = one;
  return { ...statusObject({ ...rest, leader }), updatedAt: '', leader: { ...leader, renewedAt: '' } };
}

/** One cluster that is followed as soon as it can be reached. */
class Followed {
  readonly #connected: Connected;
  readonly #options: WatchStatusOptions;
  readonly #onChange: () => void;
  readonly #signal: AbortSignal;
  #watch: ClusterWatch | undefined;
  #error: string;

  constructor(connected: Connected, options: WatchStatusOptions, onChange: () => void, signal: AbortSignal) {
    this.#connected = connected;
    this.#options = options;
    this.#onChange = onChange;
    this.#signal = signal;
    this.#error = connected.error ?? 'not answered yet';
  }

  /** Resolves when the cluster was found, or could not be reached; it is tried again in the background. */
  async begin(): Promise<void> {
    const { connection } = this.#connected;
    if (!connection || (await this.#try(connection))) return;
    void this.#retry(connection);
  }

  /** Waits until the Lease was read. @throws {Error} saying why there is no status, unless Meltemi is still to publish one */
  async orThrow(signal: AbortSignal): Promise<void> {
    if (!this.#watch) throw new Error(this.#error);
    await this.#watch.listed;
    const first = this.current(Date.now());
    if (isUnread(first) && !first.isComing && !signal.aborted) throw new Error(first.error);
  }

  current(now: number): ClusterStatus | UnreadCluster {
    return this.#watch?.current(now) ?? { cluster: this.#connected.name, error: this.#error };
  }

  async #retry(connection: Connection): Promise<void> {
    while (!this.#signal.aborted) {
      await sleep(RETRY, undefined, { signal: this.#signal, ref: false }).catch(() => undefined);
      if (this.#signal.aborted || (await this.#try(connection))) return;
    }
  }

  async #try(connection: Connection): Promise<boolean> {
    const { settings } = this.#options;
    try {
      const { namespace: home } = await locateLease(connection, this.#signal);
      this.#watch = new ClusterWatch({
        ...connection,
        name: this.#connected.name,
        home,
        rollouts: showsRollouts(settings),
        signal: this.#signal,
        onChange: this.#onChange,
      });
      return true;
    } catch (error) {
      this.#error = messageOf(error);
      this.#onChange();
      return false;
    }
  }
}
