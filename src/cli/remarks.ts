import { escaped } from '../report/escaped.ts';
import type { Streams } from './streams.ts';

/** The maximum length of a remark; what it quotes may be written by tenants. */
const LONGEST = 1000;

/** What a command says besides its output, on standard error. */
export class Remarks {
  readonly #error: Streams['error'];
  readonly #beforeLine: () => void;
  readonly #warnings: string[] = [];

  /** @param beforeLine clears what else stands on the line */
  constructor(error: Streams['error'], beforeLine: () => void) {
    this.#error = error;
    this.#beforeLine = beforeLine;
  }

  /** What it has warned of so far. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  note(words: string): void {
    this.#say('note', escaped(words, LONGEST));
  }

  /** Says once what is wrong. */
  warn(words: string): void {
    const shown = escaped(words, LONGEST);
    if (this.#warnings.includes(shown)) return;
    this.#warnings.push(shown);
    this.#say('warning', shown);
  }

  #say(kind: 'note' | 'warning', shown: string): void {
    this.#beforeLine();
    this.#error.write(`${kind}: ${shown}\n`);
  }
}
