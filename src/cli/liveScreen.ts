/** What is needed of standard output. */
export type ScreenOutput = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns' | 'rows' | 'on' | 'off'>;
/** What is needed of standard input, if it is a terminal. */
export type ScreenInput = Partial<Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'pause' | 'resume'>>;

/** The alternate screen, so that what was on the terminal is there again afterwards; no cursor; no line goes on in the next one. */
const OPEN = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[H\u001b[2J';
const CLOSE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
const CLEAR = '\u001b[H\u001b[2J';
const TO_END_OF_LINE = '\u001b[K';
/** Keys that end it: q, Ctrl-C, Ctrl-D. In raw mode Ctrl-C is a key and no signal. */
const QUIT: readonly string[] = ['q', '\u0003', '\u0004'];
const USUAL = { width: 80, height: 24 };

/**
 * A terminal that shows the last of many frames. Of each frame only the lines that changed are written, all at once, so that nothing
 * flickers. A terminal that is slow gets fewer frames. `close` leaves it as it was.
 */
export class LiveScreen {
  readonly #out: ScreenOutput;
  readonly #input: ScreenInput;
  readonly #onQuit: () => void;
  readonly #onResize: () => void;
  #shown: readonly string[] = [];
  #isFull = false;
  #isOpen = false;

  constructor(out: ScreenOutput, input: ScreenInput, on: { readonly quit: () => void; readonly resize: () => void }) {
    this.#out = out;
    this.#input = input;
    this.#onQuit = on.quit;
    this.#onResize = on.resize;
  }

  get size(): { readonly width: number; readonly height: number } {
    return { width: this.#out.columns || USUAL.width, height: this.#out.rows || USUAL.height };
  }

  open(): void {
    this.#isOpen = true;
    this.#out.on('resize', this.#resized);
    this.#out.on('drain', this.#drained);
    if (this.#input.isTTY) {
      this.#input.setRawMode?.(true);
      this.#input.on?.('data', this.#typed);
      this.#input.resume?.();
    }
    this.#out.write(OPEN);
  }

  /** Shows these lines, which must be no longer than the screen is wide, and no more than it is high. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen || this.#isFull) return;
    const changed: string[] = [];
    for (let index = 0; index < Math.max(lines.length, this.#shown.length); index++) {
      const line = lines[index] ?? '';
      if (line !== (this.#shown[index] ?? '')) changed.push(`\u001b[${index + 1};1H${line}${TO_END_OF_LINE}`);
    }
    this.#shown = [...lines];
    if (changed.length > 0) this.#isFull = !this.#out.write(changed.join(''));
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#out.off('resize', this.#resized);
    this.#out.off('drain', this.#drained);
    if (this.#input.isTTY) {
      this.#input.off?.('data', this.#typed);
      this.#input.setRawMode?.(false);
      this.#input.pause?.();
    }
    this.#out.write(CLOSE);
  }

  readonly #typed = (bytes: Buffer): void => {
    const typed = bytes.toString('latin1');
    if (QUIT.some((key) => typed.includes(key))) this.#onQuit();
  };

  /** Terminals differ in what they keep of the old picture. */
  readonly #resized = (): void => {
    this.#shown = [];
    this.#out.write(CLEAR);
    this.#onResize();
  };

  readonly #drained = (): void => {
    this.#isFull = false;
  };
}
