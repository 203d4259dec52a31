/** Versions of the one mesh that a file's scenarios upgrade one after the other, from 1.30.2 on, a minor at a time. */
export class Versions {
  #minor = 30;

  /** The mesh's version now. */
  readonly version = (): string => `1.${this.#minor}.2`;

  /** The version that the next upgrade will be to. */
  readonly comingVersion = (): string => `1.${this.#minor + 1}.2`;

  /** Takes the next version. */
  readonly nextVersion = (): string => {
    this.#minor += 1;
    return this.version();
  };
}
