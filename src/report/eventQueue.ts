import { createHash } from 'node:crypto';
import type { Clock } from '../cluster/clock.ts';
import type { EventDraft } from '../model.ts';

/** How many Events wait at the most. */
const ROOM = 1000;
const IN_FLIGHT = 2;
/**
 * Events that may go out at once after a pause, and how many a second then: client-go's recorder has 25 for each object, and one in 5
 * minutes.
 */
const BURST = 25;
const PER_SECOND = 10;
/** The same Event is not sent again for so long. */
const SAME_FOR_MS = 10 * 60_000;
/** How many sent Events are remembered for that. */
const REMEMBERED = 4096;

export interface EventQueueOptions {
  /** Creates the Event. A rejection goes to the caller that emitted it. */
  readonly send: (event: EventDraft) => Promise<void>;
  /** Called once after each burst with the number of Events that had no room. */
  readonly dropped: (count: number) => void;
  readonly clock: Clock;
  /** Ends the sending; what waits then is thrown away. */
  readonly signal: AbortSignal;
}

interface Waiting {
  readonly event: EventDraft;
  readonly key: string;
  readonly settle: (sending?: Promise<void>) => void;
}

/**
 * Sends Events so that no burst of them is a load: a few at a time, so many a second, Warnings first. The same Event is sent once in ten
 * minutes. When too many wait, the least important are dropped: an upgrade makes thousands of workloads outdated at once, and the log, the
 * metrics and `plan` name each of them anyway.
 */
export class EventQueue {
  readonly #options: EventQueueOptions;
  /** By importance, then by arrival. */
  readonly #lines: readonly Waiting[][] = [[], [], []];
  /** When each Event was taken on, the latest last. */
  readonly #known = new Map<string, number>();
  #inFlight = 0;
  #tokens = BURST;
  #countedAt: number;
  #pausing = false;
  #dropped = 0;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#countedAt = options.clock.now();
  }

  /** How many wait. */
  get waiting(): number {
    return this.#lines.reduce((sum, line) => sum + line.length, 0);
  }

  /** Resolves when the Event was sent, or is not to be sent: said already, dropped, or too late. @throws what sending it threw */
  emit(event: EventDraft): Promise<void> {
    const key = keyOf(event);
    const now = this.#options.clock.now();
    if (this.#options.signal.aborted || now - (this.#known.get(key) ?? Number.NEGATIVE_INFINITY) < SAME_FOR_MS)
      return Promise.resolve();
    return new Promise((resolve) => {
      this.#remember(key, now);
      this.#lines[rankOf(event)]?.push({ event, key, settle: resolve });
      this.#makeRoom();
      this.#sendAll();
    });
  }

  #remember(key: string, now: number): void {
    this.#known.delete(key);
    this.#known.set(key, now);
    for (const [oldest, at] of this.#known) {
      if (this.#known.size <= REMEMBERED && now - at < SAME_FOR_MS) return;
      this.#known.delete(oldest);
    }
  }

  /** Drops the latest of the least important. */
  #makeRoom(): void {
    if (this.waiting <= ROOM) return;
    const dropped = this.#lines.findLast((line) => line.length > 0)?.pop();
    if (!dropped) return;
    this.#dropped += 1;
    this.#known.delete(dropped.key);
    dropped.settle();
  }

  #sendAll(): void {
    if (this.#options.signal.aborted) this.#clear();
    while (this.#inFlight < IN_FLIGHT && this.waiting > 0 && this.#takeToken()) {
      const next = this.#lines.find((line) => line.length > 0)?.shift();
      if (next) this.#send(next);
    }
    if (this.#inFlight < IN_FLIGHT && this.waiting > 0) this.#pause();
    if (this.waiting === 0 && this.#dropped > 0) this.#tellDropped();
  }

  #send({ event, key, settle }: Waiting): void {
    this.#inFlight += 1;
    const sending = this.#options.send(event);
    settle(sending);
    sending
      .catch(() => this.#known.delete(key))
      .finally(() => {
        this.#inFlight -= 1;
        this.#sendAll();
      });
  }

  #takeToken(): boolean {
    const now = this.#options.clock.now();
    this.#tokens = Math.min(BURST, this.#tokens + ((now - this.#countedAt) * PER_SECOND) / 1000);
    this.#countedAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  #pause(): void {
    if (this.#pausing) return;
    this.#pausing = true;
    const { clock, signal } = this.#options;
    const enough = ((1 - this.#tokens) * 1000) / PER_SECOND;
    clock
      .sleep(Math.ceil(enough), signal)
      .catch(() => undefined)
      .finally(() => {
        this.#pausing = false;
        this.#sendAll();
      });
  }

  #tellDropped(): void {
    const count = this.#dropped;
    this.#dropped = 0;
    this.#options.dropped(count);
  }

  #clear(): void {
    for (const line of this.#lines) for (const { settle } of line.splice(0)) settle();
  }
}

/** The object, the reason and the words; of a digest's size, since a message may be long. */
const keyOf = ({ reason, about, message }: EventDraft): string =>
  createHash('sha256')
    .update(JSON.stringify([about.kind, about.namespace, about.name, about.uid, reason, message]))
    .digest('base64');

/** 0 is the most important. That a workload is outdated is the least: nothing has been done, and it is said in every other place. */
const rankOf = ({ type, reason }: EventDraft): number =>
  type === 'Warning' ? 0 : reason === 'SidecarOutdated' ? 2 : 1;
