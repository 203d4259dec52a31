import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { until } from '../testbed/until.ts';
import { killedAtExit } from './killedAtExit.ts';

/** One line of the operator's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** The operator as its users run it: a process of its own, with its own user at the API server. */
export class OperatorProcess {
  readonly lines: LogLine[] = [];
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #rest = '';

  /**
   * @param flags in addition to the kubeconfig; listeners take free ports, and metrics are plain, unless said otherwise
   * @param entry the bundle, where that is to be run
   */
  constructor(
    kubeconfig: string,
    flags: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
    entry = 'src/main.ts',
  ) {
    const given = [
      '--kubeconfig',
      kubeconfig,
      '--metrics-secure=false',
      '--metrics-bind-address',
      '127.0.0.1:0',
      '--health-probe-bind-address',
      '127.0.0.1:0',
    ];
    this.#child = spawn(process.execPath, [entry, 'run', ...given, ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    if (this.#child.stdout) createInterface({ input: this.#child.stdout }).on('line', (line) => this.#read(line));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#rest += text;
    });
    // not `exit`: what it wrote last may still be in the pipe then
    this.#exited = new Promise((resolve) => this.#child.once('close', resolve));
    killedAtExit(this.#child);
  }

  #read(line: string): void {
    // a folder for the logs of all operators, for whoever looks for the reason of a failure
    const folder = process.env.OPERATOR_LOGS;
    if (folder) {
      mkdirSync(folder, { recursive: true });
      appendFileSync(join(folder, `${this.pid}.log`), `${line}\n`);
    }
    try {
      this.lines.push(JSON.parse(line) as LogLine);
    } catch {
      this.#rest += `${line}\n`;
    }
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything that was written and is no log line: stack traces, warnings of Node. */
  get rest(): string {
    return this.#rest;
  }

  said(msg: string): LogLine[] {
    return this.lines.filter((line) => line.msg === msg);
  }

  /**
   * Waits for a line that is written by now: a pipe may deliver it after the operator's answer to a request.
   * @returns the first line with this message
   */
  async heard(msg: string): Promise<LogLine> {
    return await until(`the log to say: ${msg}`, 10_000, () => this.said(msg)[0] ?? new Error(this.#rest));
  }

  /** Port of a listener, from the log line that says so. */
  port(name: 'metrics' | 'health' | 'status'): number {
    return Number(this.said('Started')[0]?.[`${name}Port`] ?? 0);
  }

  /** SIGTERM, as a kubelet sends it; resolves with the exit code. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    const late = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    const code = await this.#exited;
    clearTimeout(late);
    return code;
  }

  /** SIGKILL: a crash. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }
  /** SIGSTOP: the process stands still, as in a pause of its machine. */
  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  /** SIGCONT. */
  thaw(): void {
    this.#child.kill('SIGCONT');
  }
}
