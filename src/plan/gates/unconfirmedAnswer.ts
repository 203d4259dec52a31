import { isAsked } from '../../expect/mesh.ts';
import type { Gate } from './gate.ts';

/** G3. */
export const unconfirmedAnswer: Gate<'unconfirmed-answer'> = {
  code: 'unconfirmed-answer',
  help: "The injector's answer is not confirmed: asked twice, it must give the same answer (gate G3).",
  ends: 'The injector gives the same answer twice, ten seconds apart. Or put the gate into `--ignore-gate`.',
  lookAgain: 'on-change',
  withoutIstiod:
    'no istiod is visible; `meltemi run` asks the injector twice, ten seconds apart, before the first restart',
  check: ({ injection, unconfirmed }) => (injection.istiod || !isAsked(injection) ? undefined : unconfirmed),
};
