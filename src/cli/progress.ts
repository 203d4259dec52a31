/** One line on a terminal that says what is being done; silent where there is no terminal. */
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
