import type { Injectors } from '../../src/expect/injectors.ts';

/** Made-up injectors whose answers are asked for each time. */
export const askedBy = (asking: Partial<Pick<Injectors, 'ask' | 'askAfresh'>>): Injectors =>
  ({ kept: () => undefined, isShared: () => false, drops: 0, ...asking }) as unknown as Injectors;
