import type { Gate } from '../../src/plan/gates/gate.ts';

/** A made-up gate: it is closed for a revision of this name. */
export const lowTide: Gate<'low-tide'> = {
  code: 'low-tide',
  help: 'The water is low (a made-up gate).',
  ends: 'The tide comes in.',
  lookAgain: 90_000,
  withoutIstiod: 'the tide comes and goes without an istiod',
  check: ({ expected }) => (expected.revision === 'ebb' ? 'the harbour has fallen dry' : undefined),
};
