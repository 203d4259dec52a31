import type { Cancel, VirtualTime } from './virtualTime.ts';

/**
 * One process's share of time: everything that makes its code run again comes through here. So it can be killed, after which none of its
 * code ever runs again, wherever it waited, and stopped as by SIGSTOP, after which all that was due meanwhile comes at once.
 */
export class Lane {
  readonly #time: VirtualTime;
  #dead = false;
  #backlog: (() => void)[] | undefined;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  get isFrozen(): boolean {
    return this.#backlog !== undefined;
  }

  now = (): number => this.#time.now;

  wake(milliseconds: number, act: () => void): Cancel {
    return this.#time.after(milliseconds, () => this.#resume(act));
  }

  #resume(act: () => void): void {
    if (this.#dead) return;
    if (this.#backlog) this.#backlog.push(act);
    else act();
  }

  sleep = (milliseconds: number, signal?: AbortSignal): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted) {
      reject(signal.reason);
      return promise;
    }
    const stop = (): void => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = this.wake(milliseconds, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    signal?.addEventListener('abort', stop, { once: true });
    return promise;
  };

  kill(): void {
    this.#dead = true;
  }

  freeze(): void {
    this.#backlog ??= [];
  }

  thaw(): void {
    const backlog = this.#backlog ?? [];
    this.#backlog = undefined;
    for (const act of backlog) this.wake(0, act);
  }
}
