import type { Wave } from '../../src/plan/wave.ts';

/** A wave of everything in the namespace that has its name, without a bake, unless said otherwise. */
export const wave = (name: string, given: Partial<Wave> = {}): Wave => ({
  name,
  match: [{ namespaces: [name] }],
  bake: 0,
  gates: [],
  maxFailures: 0,
  ...given,
});
