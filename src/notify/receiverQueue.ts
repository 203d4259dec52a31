import { backOff } from '../backOff.ts';
import type { Clock } from '../cluster/clock.ts';
import type { Receiver } from '../plan/receiver.ts';
import { type Origin, type RunNotification, slackBody, webhookBody } from './messages.ts';
import type { PostResult } from './post.ts';

/** Sends a JSON body to the URL in a file. Never rejects. */
export type Post = (
  receiver: Pick<Receiver, 'kind' | 'urlFile'>,
  body: object,
  signal: AbortSignal,
) => Promise<PostResult>;

/** What comes of notifications. */
export interface DeliveryListener {
  sent(receiver: Receiver, count: number): void;
  /** It is tried again. Called for every try. @param retryIn milliseconds */
  delayed(receiver: Receiver, problem: string, retryIn: number): void;
  /** They are not tried again. */
  gaveUp(receiver: Receiver, count: number, problem: string): void;
}

export interface ReceiverQueueOptions {
  readonly receiver: Receiver;
  readonly origin: Origin;
  readonly post: Post;
  readonly sleep: Clock['sleep'];
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
  readonly listener: DeliveryListener;
  /** Receives what was sent, or is not tried again. */
  readonly done: (notifications: readonly RunNotification[]) => void;
  /** Ends the sending at once. */
  readonly signal: AbortSignal;
}

/** News that come within so many milliseconds are one message of Slack. */
const BATCH_FOR = 3000;
const MOST_IN_BATCH = 20;
/** Notifications that wait at the most. The oldest are given up first. */
const ROOM = 200;
const RETRIES = { first: 2000, longest: 5 * 60_000 };
/** So old a notification helps nobody any more; milliseconds. */
const TOO_OLD = 24 * 60 * 60_000;

/** Statuses after which the same request may succeed (RFC 9110 §15.5.9, RFC 8470, RFC 6585). */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);

/** Sends the notifications of one receiver in their order, so that no receiver waits for another. */
export class ReceiverQueue {
  readonly #options: ReceiverQueueOptions;
  #waiting: RunNotification[] = [];
  #running = false;

  constructor(options: ReceiverQueueOptions) {
    this.#options = options;
  }

  /** Adds a notification, unless it waits already. */
  add(notification: RunNotification): void {
    if (this.#options.signal.aborted || this.#waiting.some(({ id }) => id === notification.id)) return;
    this.#waiting.push(notification);
    const tooMany = this.#waiting.splice(0, Math.max(0, this.#waiting.length - ROOM));
    if (tooMany.length > 0) this.#giveUp(tooMany, `more than ${ROOM} notifications wait for it`);
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    const { receiver, origin, post, signal } = this.#options;
    this.#running = true;
    for (let failures = 0; this.#waiting.length > 0 && !signal.aborted; ) {
      if (receiver.kind === 'slack' && failures === 0) await this.#pause(BATCH_FOR);
      this.#dropOld();
      const batch = this.#waiting.slice(0, receiver.kind === 'slack' ? MOST_IN_BATCH : 1);
      const [first] = batch;
      if (!first || signal.aborted) continue;
      const body = receiver.kind === 'slack' ? slackBody(batch, origin) : webhookBody(first, origin);
      const result = await post(receiver, body, signal);
      if (signal.aborted) break;
      failures = await this.#ended(batch, result, failures);
    }
    this.#running = false;
  }

  /** @returns how many tries in a row have failed now */
  async #ended(batch: readonly RunNotification[], result: PostResult, failures: number): Promise<number> {
    const { receiver, listener, done } = this.#options;
    if ('status' in result && result.status >= 200 && result.status < 300) {
      this.#remove(batch);
      listener.sent(receiver, batch.length);
      done(batch);
      return 0;
    }
    const problem = problemOf(result);
    if ('status' in result && result.status < 500 && !PASSING.has(result.status)) {
      this.#giveUp(batch, problem);
      return 0;
    }
    const asked = 'status' in result ? result.retryAfter : undefined;
    // a receiver that asks for no pause at all gets one: the same request would fail without end
    const wait = Math.max(RETRIES.first, asked ?? backOff(failures + 1, RETRIES));
    listener.delayed(receiver, problem, wait);
    await this.#pause(wait);
    return failures + 1;
  }

  #dropOld(): void {
    const before = this.#options.wall() - TOO_OLD;
    const old = this.#waiting.filter(({ at }) => at < before);
    if (old.length > 0) this.#giveUp(old, 'it could not be reached for a day');
  }

  #giveUp(notifications: readonly RunNotification[], problem: string): void {
    const { receiver, listener, done } = this.#options;
    this.#remove(notifications);
    listener.gaveUp(receiver, notifications.length, problem);
    done(notifications);
  }

  #remove(notifications: readonly RunNotification[]): void {
    const ids = new Set(notifications.map(({ id }) => id));
    this.#waiting = this.#waiting.filter(({ id }) => !ids.has(id));
  }

  async #pause(milliseconds: number): Promise<void> {
    const { sleep, signal } = this.#options;
    await sleep(milliseconds, signal).catch(() => undefined);
  }
}

function problemOf(result: PostResult): string {
  if ('problem' in result) return result.problem;
  const { status } = result;
  return status >= 300 && status < 400
    ? `it answers ${status}, and redirects are not followed`
    : `it answers ${status}`;
}
