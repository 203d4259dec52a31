import { contentHash } from '../../src/expect/epoch.ts';
import type { Mesh } from '../../src/expect/mesh.ts';
import type { AnswersVersion } from '../../src/watch/meshAssembly.ts';
import type { WiredWatch } from '../../src/wireOperator.ts';
import type { Lane } from './lane.ts';

/** One process's watches: the mesh as far as it has heard of it. */
export class MeshView implements WiredWatch {
  readonly #listeners: (() => void)[] = [];
  /** As the cluster has it, without what this process has seen of answers. */
  #heard: Mesh;
  #mesh: Mesh;
  #broken: string | undefined;
  #answersVersion: AnswersVersion = () => 0;
  #lane: Lane | undefined;

  constructor(mesh: Mesh) {
    this.#heard = mesh;
    this.#mesh = mesh;
  }

  /** From now on an entry whose answers have changed has another epoch, as `injectionOf` makes it. */
  countAnswers(version: AnswersVersion, lane: Lane): void {
    this.#answersVersion = version;
    this.#lane = lane;
  }

  answersChanged(): void {
    this.#lane?.wake(0, () => {
      this.#assemble();
      for (const listener of this.#listeners) listener();
    });
  }

  /** The policy of a scenario stays. */
  sourcesChanged(): void {}

  #assemble(): void {
    const injections = this.#heard.injections.map((one) => {
      const version = one.entry ? this.#answersVersion(one.entry) : 0;
      return version === 0 ? one : { ...one, epoch: contentHash([one.epoch, version]) };
    });
    this.#mesh = { ...this.#heard, injections };
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  settled = (): Promise<void> => Promise.resolve();

  mesh = (): Mesh => this.#mesh;

  stale = (): string | undefined => this.#broken;

  take(mesh: Mesh): void {
    if (this.#broken !== undefined) return;
    this.#heard = mesh;
    this.#assemble();
    for (const listener of this.#listeners) listener();
  }

  break(): void {
    this.#broken = 'namespaces: connection refused';
    for (const listener of this.#listeners) listener();
  }

  mend(mesh: Mesh): void {
    this.#broken = undefined;
    this.take(mesh);
  }
}
