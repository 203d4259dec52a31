import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

const WATCHDOG = fileURLToPath(new URL('watchdog.ts', import.meta.url));

/** Binds a testbed's life to this process: however this process ends, a watchdog takes the testbed's processes down. */
export class Guard {
  readonly #child;

  constructor(state: string) {
    this.#child = spawn(process.execPath, [WATCHDOG, state], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    this.#child.unref();
    // The pipe alone must not keep this process alive; the type does not tell that it is a socket.
    (this.#child.stdin as Socket | null)?.unref();
  }

  /** Ends the watchdog without its duty. */
  async release(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.ref();
    this.#child.kill('SIGKILL');
    await exit;
  }
}
