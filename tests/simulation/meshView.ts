import type { Mesh } from '../../src/expect/mesh.ts';

/** One process's watches: the mesh as far as it has heard of it. */
export class MeshView {
  readonly #listeners: (() => void)[] = [];
  #mesh: Mesh;
  #broken: string | undefined;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  settled = (): Promise<void> => Promise.resolve();

  mesh = (): Mesh => this.#mesh;

  stale = (): string | undefined => this.#broken;

  take(mesh: Mesh): void {
    if (this.#broken !== undefined) return;
    this.#mesh = mesh;
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
