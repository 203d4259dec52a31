import { writeFileSync } from 'node:fs';

const PRELOADED = new URL('shiftedClock.ts', import.meta.url).href;

/** The wall clock of an operator's machine, which can be set while it runs. */
export class OperatorClock {
  /** What the operator's process must be started with. */
  readonly environment: Readonly<Record<string, string>>;
  readonly #file: string;

  /** @param file says to the process by how much its clock is off; it need not be there */
  constructor(file: string) {
    this.#file = file;
    this.environment = { NODE_OPTIONS: `--import=${PRELOADED}`, CLOCK_FILE: file };
  }

  /** Sets it ahead of the true time by so many milliseconds, or behind it. */
  set(ahead: number): void {
    writeFileSync(this.#file, String(ahead));
  }
}
