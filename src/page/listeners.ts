import type { ServerResponse } from 'node:http';

/** More listeners are sent away. */
export const MOST_LISTENERS = 100;
/** Bytes that may wait for a listener beside what the system's buffers take. One for whom more wait is dropped, and comes back. */
export const LONGEST_QUEUE = 256 * 1024;

/** Clients that are told of changes by server-sent events. What they are told is made once for all of them. */
export class Listeners {
  readonly #all = new Set<ServerResponse>();

  get count(): number {
    return this.#all.size;
  }

  get isFull(): boolean {
    return this.#all.size >= MOST_LISTENERS;
  }

  add(response: ServerResponse): void {
    this.#all.add(response);
    response.once('close', () => this.#all.delete(response));
  }

  send(text: string): void {
    const bytes = Buffer.from(text);
    for (const response of this.#all) {
      if (response.writableLength + bytes.length > LONGEST_QUEUE) this.#drop(response);
      else response.write(bytes);
    }
  }

  #drop(response: ServerResponse): void {
    this.#all.delete(response);
    response.destroy();
  }
}
