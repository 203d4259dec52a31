/** Recognizes news: the same words about a subject are said once, until they change or are over. */
export class SayOnce<Subject = void> {
  readonly #said = new Map<Subject, string>();

  /** Whether these words are to be said now. */
  isNews(subject: Subject, words: string): boolean {
    if (this.#said.get(subject) === words) return false;
    this.#said.set(subject, words);
    return true;
  }

  /** What was said last; undefined where nothing was, or where it is over. */
  last(subject: Subject): string | undefined {
    return this.#said.get(subject);
  }

  /** From now on any words are news. @returns whether anything had been said */
  over(subject: Subject): boolean {
    return this.#said.delete(subject);
  }

  /** Forgets all other subjects. */
  keepOnly(isThere: (subject: Subject) => boolean): void {
    for (const subject of this.#said.keys()) if (!isThere(subject)) this.#said.delete(subject);
  }
}
