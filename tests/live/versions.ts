/** On a given cluster the versions must be real ones: the mesh takes one after the other, and then the first again. */
const GIVEN = process.env.E2E_KUBECONFIG
  ? (process.env.E2E_ISTIO_VERSIONS ?? '1.30.2,1.31.0,1.30.1').split(',')
  : undefined;

/** Versions of the one mesh that a file's scenarios upgrade one after the other, from 1.30.2 on, a minor at a time. */
export class Versions {
  #upgrades = 0;

  /** The mesh's version now. */
  readonly version = (): string => nth(this.#upgrades);

  /** The version that the next upgrade will be to. */
  readonly comingVersion = (): string => nth(this.#upgrades + 1);

  /** Takes the next version. */
  readonly nextVersion = (): string => {
    this.#upgrades += 1;
    return this.version();
  };
}

const nth = (upgrades: number): string => GIVEN?.[upgrades % GIVEN.length] ?? `1.${30 + upgrades}.2`;
