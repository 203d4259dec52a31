import type { Reflector } from '../cluster/reflector.ts';
import type { Stored } from '../cluster/store.ts';

type Listed = Pick<Reflector<Stored>, 'synced'>;

/** Waits for the first lists of watches. If a permission is missing, such a list never comes. */
export class FirstLists {
  /** Permissions may differ between two ConfigMaps of a namespace, so each watch has its own. */
  readonly #forbidden = new WeakSet<Listed>();
  /** The callers that wait for a list, or for its refusal. */
  readonly #waiting = new Set<() => void>();

  isForbidden(one: Listed): boolean {
    return this.#forbidden.has(one);
  }

  noteForbidden(one: Listed): void {
    this.#forbidden.add(one);
    for (const tell of this.#waiting) tell();
  }

  /** Resolves when all of them have their first list, or when it is forbidden; also if the signal aborts. */
  async allOf(all: readonly Listed[], signal: AbortSignal): Promise<void> {
    await unlessAborted(Promise.all(all.map((one) => this.#listedOrForbidden(one))), signal);
  }

  async #listedOrForbidden(one: Listed): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const tell = (): void => {
      if (this.#forbidden.has(one)) resolve();
    };
    this.#waiting.add(tell);
    tell();
    await Promise.race([one.synced, promise]).finally(() => this.#waiting.delete(tell));
  }
}

/** Waits for a promise, or for the signal to abort. */
export async function unlessAborted(waiting: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let stop: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener('abort', resolve as () => void, { once: true });
  });
  await Promise.race([waiting, aborted]).finally(() => stop && signal.removeEventListener('abort', stop));
}
