import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { until } from '../testbed/until.ts';
import { killedAtExit } from './killedAtExit.ts';

interface Line {
  readonly said: string;
  readonly detail: unknown;
}

/** `elector.ts` as a process, with the signals that a kubelet and bad luck send. */
export class ElectorProcess {
  readonly lines: Line[] = [];
  readonly #identity: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(kubeconfig: string, namespace: string, identity: string) {
    this.#identity = identity;
    this.#child = spawn(process.execPath, ['tests/live/elector.ts', kubeconfig, namespace, identity], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.#child.stdout)
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.lines.push(JSON.parse(line) as Line));
    this.#exited = new Promise((resolve) => this.#child.once('exit', resolve));
    killedAtExit(this.#child);
  }

  /** Waits until it has said something, for the `times`th time. */
  async said(what: string, deadlineMs: number, times = 1): Promise<Line> {
    return until(`${this.#identity} to say "${what}"`, deadlineMs, () => {
      const found = this.lines.filter(({ said }) => said === what)[times - 1];
      return found ?? new Error(JSON.stringify(this.lines));
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Ends it for certain. */
  async end(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
}
