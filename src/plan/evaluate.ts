import { atOnce } from '../atOnce.ts';
import type { Pause } from '../loopSlices.ts';
import { type Answered, type AssessmentContext, assess, isListed } from './assess.ts';
import type { Assessed } from './assessed.ts';
import type { Forecast } from './eta/forecast.ts';
import { entryOf } from './journalEntry.ts';
import { type Plan, type Planned, planStepwise } from './plan.ts';
import type { PlanContext } from './planContext.ts';

/** What an evaluation is made from. Nothing else decides. */
export interface EvaluationInputs extends Pick<AssessmentContext, 'mesh' | 'learnt'> {
  readonly observations: readonly Answered[];
  readonly context: PlanContext;
}

/** Every workload with its verdict and its step. `run`, `plan`, log, metrics and Events all rest on one. */
export interface Evaluation extends Plan {
  /** When it was made: milliseconds of the steady clock. */
  readonly at: number;
  /** The same moment by the wall clock. */
  readonly wall?: number;
  /** The last estimate of when everything will be done; absent if there is none, or nothing to wait for. */
  readonly eta?: Forecast;
  /** Counts the evaluations that are made one after the other. */
  readonly serial?: number;
  /** How it differs from the one before; absent where that is not known, so that everything may be new. */
  readonly changes?: EvaluationChanges;
}

/** What the wall clock is ahead of the steady one, by which waits end. */
export const wallAhead = ({ at, wall = at }: Pick<Evaluation, 'at' | 'wall'>): number => wall - at;

/** How an evaluation differs from the one before. */
export interface EvaluationChanges {
  /** What is new, or other than before. */
  readonly changed: readonly Planned[];
  /** The same workloads as they were before. */
  readonly gone: readonly Planned[];
}

/** Assesses every workload and plans its step. Pure: the same inputs give the same evaluation. */
export const evaluate = (inputs: EvaluationInputs): Evaluation => atOnce(evaluateStepwise(inputs));

/** The same in short steps, for callers that do other work in between. The inputs must not change meanwhile. */
export function* evaluateStepwise(inputs: EvaluationInputs): Generator<Pause, Evaluation> {
  const { mesh, learnt, observations, context } = inputs;
  const { policy, journal } = context;
  const known: AssessmentContext = {
    mesh,
    policy,
    learnt,
    entryOf: (workload) => entryOf(journal, workload),
  };
  const assessed: Assessed[] = [];
  for (const one of observations) {
    const next = assess(one, known);
    if (isListed(next, policy)) assessed.push(next);
    yield 'short';
  }
  return { ...(yield* planStepwise(assessed, context)), at: context.now, wall: context.wall };
}
