/** What the board shows of one namespace, counted in workloads. */
export interface NamespaceState {
  readonly namespace: string;
  readonly outdated: number;
  readonly restarting: number;
  readonly current: number;
  /** What keeps some of its workloads waiting, in the operator's words. */
  readonly waiting: string;
}

const BAR = 24;

/** The board as lines: the title's, one for each namespace, a progress bar over all. */
export function boardLines(title: string, states: readonly NamespaceState[], colour: boolean): string[] {
  const paint = (code: number, text: string): string => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const total = sum(states, ({ outdated, restarting, current }) => outdated + restarting + current);
  const done = sum(states, ({ current }) => current);
  const full = total === 0 ? 0 : Math.floor((done / total) * BAR);
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${done}/${total} workloads current`;
  const rows = states.map(({ namespace, outdated, restarting, current, waiting }) =>
    [
      `  ${namespace.padEnd(10)}`,
      paint(outdated > 0 ? 33 : 90, `${outdated} outdated`.padEnd(12)),
      paint(restarting > 0 ? 36 : 90, `${restarting} restarting`.padEnd(14)),
      paint(current > 0 ? 32 : 90, `${current} current`.padEnd(12)),
      paint(90, waiting),
    ].join(' '),
  );
  return [...title.split('\n').map((line) => paint(1, line)), ...rows, `  ${bar}`];
}

const sum = (states: readonly NamespaceState[], of: (state: NamespaceState) => number): number =>
  states.reduce((total, state) => total + of(state), 0);

/** Draws a board in place on a terminal; elsewhere prints it anew when its last line changes. */
export class Board {
  readonly #stream: NodeJS.WriteStream;
  readonly #colour: boolean;
  #height = 0;
  #last = '';

  constructor(stream: NodeJS.WriteStream, colour: boolean) {
    this.#stream = stream;
    this.#colour = colour;
  }

  /** @param below lines under the board */
  draw(title: string, states: readonly NamespaceState[], below: readonly string[] = []): void {
    const lines = boardLines(title, states, this.#colour);
    const last = lines.at(-1) ?? '';
    if (!this.#stream.isTTY) {
      if (last !== this.#last) this.#stream.write(`${lines.join('\n')}\n`);
      this.#last = last;
      return;
    }
    const width = this.#stream.columns || 80;
    const drawn = [...lines, ...below].map((line) => `${cut(line, width)}\u001b[K`);
    // in one write, so that no half frame is seen
    this.#stream.write(`${this.#up}${drawn.join('\n')}\n\u001b[J`);
    this.#height = drawn.length;
  }

  /** Takes away what is drawn. */
  clear(): void {
    this.#stream.write(`${this.#up}\u001b[J`);
    this.next();
  }

  get #up(): string {
    return this.#height > 0 ? `\u001b[${this.#height}A` : '';
  }

  /** Leaves what is drawn and starts anew below it. */
  next(): void {
    this.#height = 0;
    this.#last = '';
  }
}

/** A line that wraps would break drawing in place; colour codes take no room. */
function cut(line: string, width: number): string {
  let room = width - 1;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the terminal's own codes
  return line.replace(/(\u001b\[\d+m)|([^\u001b])/gu, (_all, code?: string, letter?: string) => {
    if (code) return code;
    room -= 1;
    return room >= 0 ? (letter ?? '') : '';
  });
}
