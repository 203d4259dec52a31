/** Shows the current step on one line of a terminal. Without a terminal it shows nothing. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  #shown = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  say(what: string): void {
    if (!this.#stream.isTTY) return;
    this.#stream.write(`\r\u001b[K${what} …`);
    this.#shown = true;
  }

  done(): void {
    if (this.#shown) this.#stream.write('\r\u001b[K');
    this.#shown = false;
  }
}
