import { type Receiver, receiverName } from '../plan/receiver.ts';
import type { RunNotification } from './messages.ts';
import { ReceiverQueue, type ReceiverQueueOptions } from './receiverQueue.ts';

export interface DeliveriesOptions extends Omit<ReceiverQueueOptions, 'receiver' | 'done'> {
  /** Receives what a receiver, by its name, has got or will never get. */
  readonly done: (receiver: string, notifications: readonly RunNotification[]) => void;
}

/** The queues of all receivers during one term of leading. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #queues = new Map<string, { readonly queue: ReceiverQueue; readonly ends: AbortController }>();

  constructor(options: DeliveriesOptions) {
    this.#options = options;
  }

  /** Sends a notification to a receiver, unless it waits there already. */
  send(receiver: Receiver, notification: RunNotification): void {
    const name = receiverName(receiver);
    const known = this.#queues.get(name) ?? this.#opened(name, receiver);
    known.queue.add(notification);
  }

  /** Ends the queues of receivers that the policy no longer names. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const [name, { ends }] of this.#queues) {
      if (names.has(name)) continue;
      ends.abort();
      this.#queues.delete(name);
    }
  }

  #opened(name: string, receiver: Receiver) {
    const ends = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, ends.signal]);
    const done = (notifications: readonly RunNotification[]): void => this.#options.done(name, notifications);
    const opened = { queue: new ReceiverQueue({ ...this.#options, receiver, signal, done }), ends };
    this.#queues.set(name, opened);
    return opened;
  }
}
