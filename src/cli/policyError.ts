/** A policy file that cannot be used. The message has one line per mistake. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}
