import type { Evaluation } from '../../src/plan/evaluate.ts';
import { isCarriedOut, type Planned } from '../../src/plan/plan.ts';
import { NOW } from './workload.ts';

/** An evaluation with these decisions, in which no run has waves. */
export const evaluation = (items: readonly Planned[], given: Partial<Evaluation> = {}): Evaluation => ({
  at: NOW,
  items,
  toCarryOut: items.filter(({ step }) => isCarriedOut(step)),
  waves: [],
  toNote: new Map(),
  ...given,
});
