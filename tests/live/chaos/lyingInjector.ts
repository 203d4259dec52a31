import type { Testbed } from '../../testbed/testbed.ts';
import { InjectorFront } from '../injectorFront.ts';

interface Review {
  readonly response?: { patch?: string };
}

/**
 * Stands before istiod and passes questions on. When told, it answers as a replica of istiod would that has not read its new configuration:
 * with the old version, after the new one had been answered already.
 */
export class LyingInjector {
  /** Instead of the version `now` it answers with the version `old`. */
  lie: { readonly now: string; readonly old: string } | undefined;
  #front: InjectorFront | undefined;
  #bed: Testbed | undefined;

  static async up(): Promise<LyingInjector> {
    const injector = new LyingInjector();
    const nowhere = { host: '', port: 0 };
    const to = () => injector.#bed?.istio.address('default') ?? nowhere;
    injector.#front = await InjectorFront.up({ to, said: (bytes) => injector.#said(bytes) });
    return injector;
  }

  get url(): string {
    return this.#front?.url ?? '';
  }

  /** Takes a certificate of istiod's authority, again after that has changed. */
  async certify(bed: Testbed): Promise<void> {
    this.#bed = bed;
    await this.#front?.certify(bed);
  }

  async down(): Promise<void> {
    await this.#front?.down();
  }

  #said(bytes: Buffer): Buffer | string {
    if (!this.lie) return bytes;
    const review = JSON.parse(bytes.toString()) as Review;
    const patch = review.response?.patch;
    if (!review.response || patch === undefined) return bytes;
    const text = Buffer.from(patch, 'base64').toString().replaceAll(`:${this.lie.now}"`, `:${this.lie.old}"`);
    review.response.patch = Buffer.from(text).toString('base64');
    return JSON.stringify(review);
  }
}
