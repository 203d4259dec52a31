import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { until } from '../testbed/until.ts';

/** What is on a terminal, and how it is set. */
export interface Screen {
  readonly lines: readonly string[];
  readonly cursorShown: boolean;
  readonly alternate: boolean;
  readonly wraps: boolean;
}

const PROMPT = 'ready>';
const LIMIT = 20_000;

/** A terminal of a given size with a shell in it. tmux is the terminal; each has a server of its own, which ends with it. */
export class Terminal {
  readonly #socket: string;
  readonly #record: string;

  /** @param record file that gets every byte that the terminal is sent */
  constructor(name: string, { width, height }: { readonly width: number; readonly height: number }, record: string) {
    this.#socket = `meltemi-${process.pid}-${name}`;
    this.#record = record;
    const shell = `env PS1='${PROMPT} ' PATH='${process.env.PATH}' sh`;
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(width), '-y', String(height), shell);
    this.#tmux('pipe-pane', '-O', `cat > '${record}'`);
  }

  #tmux(...args: readonly string[]): string {
    return execFileSync('tmux', ['-L', this.#socket, ...args], { encoding: 'utf8', timeout: LIMIT });
  }

  /** Waits for the shell to be ready for a command. */
  async ready(): Promise<Screen> {
    // a line with a command begins with the prompt, too
    await until('the prompt', LIMIT, () => this.screen().lines.filter(Boolean).at(-1)?.trim() === PROMPT.trim());
    return this.screen();
  }

  /** Types a line. */
  run(line: string): void {
    this.#tmux('send-keys', '-l', line);
    this.press('Enter');
  }

  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  resize(width: number, height: number): void {
    this.#tmux('resize-window', '-x', String(width), '-y', String(height));
  }

  screen(): Screen {
    const [cursor, alternate, wraps] = this.#tmux(
      'display-message',
      '-p',
      '#{cursor_flag} #{alternate_on} #{wrap_flag}',
    ).split(' ');
    return {
      lines: this.#tmux('capture-pane', '-p').trimEnd().split('\n'),
      cursorShown: cursor === '1',
      alternate: alternate === '1',
      wraps: wraps?.trim() === '1',
    };
  }

  /** Everything that was sent to the terminal so far. */
  sent(): string {
    return readFileSync(this.#record, 'utf8');
  }

  end(): void {
    try {
      this.#tmux('kill-server');
    } catch {
      // it has ended already
    }
  }
}

/** Lines that were written, by what they were written over. The alternate screen is cleared when it is opened and resized. */
export function rewrites(sent: string): { readonly line: number; readonly before: string; readonly after: string }[] {
  const opened = sent.lastIndexOf('\u001b[?1049h');
  const screen = new Map<number, string>();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it reads what controls a terminal
  const steps = sent.slice(opened).matchAll(/\u001b\[2J|\u001b\[(\d+);1H(.*?)\u001b\[K/gs);
  return [...steps].flatMap(([, row, after = '']) => {
    if (row === undefined) {
      screen.clear();
      return [];
    }
    const line = Number(row);
    const before = screen.get(line) ?? '';
    screen.set(line, after);
    return [{ line, before, after }];
  });
}
