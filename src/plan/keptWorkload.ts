import type { WorkloadKey } from '../model.ts';
import { type Answered, type AssessmentContext, assess } from './assess.ts';
import { type Assessed, bySidecar, isOutdated } from './assessed.ts';
import { isQueued, type Judged, judge, type Planned, queuedStep, waitsOf } from './plan.ts';
import type { RuleContext } from './rule.ts';
import { heldForGoodUntil, timedWaitOf } from './rules/rules.ts';
import type { Throttle } from './throttle.ts';
import { isSameWait, type Wait } from './wait.ts';

/** A workload with what the last evaluation found about it. */
export class KeptWorkload {
  readonly key: WorkloadKey;
  answered: Answered;
  assessed: Assessed;
  /** Where it is in the list of all that evaluations are about. */
  place = -1;
  /** What decides about its wave. */
  waveFacts = '';
  /** Where it is in the order of the plan. */
  orderKey = '';
  /** Until when its judgement stays as it is, by the steady clock, if nothing else changes. */
  staysUntil = Number.NEGATIVE_INFINITY;
  /** When the first of its timed waits ends; Infinity without one. */
  until = Number.POSITIVE_INFINITY;
  planned: Planned | undefined;
  #judged: Judged | undefined;
  /** What `planned` was made from. */
  #madeOf: Judged | undefined;

  constructor(key: WorkloadKey, answered: Answered, known: AssessmentContext) {
    this.key = key;
    this.answered = answered;
    this.assessed = assess(answered, known);
  }

  assess(answered: Answered, known: AssessmentContext): void {
    this.answered = answered;
    this.assessed = assess(answered, known);
  }

  /** Judges it as far as its turn in the queue does not matter. */
  judge(ruleContext: RuleContext, busy: ReadonlySet<WorkloadKey>): void {
    let staysUntil = Number.POSITIVE_INFINITY;
    const judged = judge(this.assessed, ruleContext, busy, (outdated) => {
      const timed = timedWaitOf(outdated, ruleContext);
      staysUntil = Math.min(staysUntil, timed.staysUntil);
      return timed.wait;
    });
    for (const one of bySidecar(this.assessed))
      if (isOutdated(one)) staysUntil = Math.min(staysUntil, heldForGoodUntil(one, ruleContext));
    if (judged.step) staysUntil = Math.min(staysUntil, firstEnd(judged.step));
    this.staysUntil = staysUntil;
    this.#judged = judged;
  }

  /** Whether only its turn decides about its step. */
  get isInQueue(): boolean {
    return this.#judged !== undefined && this.#judged.step === undefined;
  }

  /** Gives it its turn in the queue, if it is in it. @returns it with its step: the same object as before if nothing of it is another */
  plan(throttle: Throttle, waveName: (workload: Assessed) => Pick<Planned, 'wave'>): Planned {
    const judged = this.#judged as Judged;
    const wait = judged.step ? undefined : throttle.queue(judged.of, this.key, judged.together);
    const { planned } = this;
    if (planned && this.#madeOf === judged && (judged.step !== undefined || hasWait(planned, wait))) return planned;
    const step = judged.step ?? queuedStep(judged, wait);
    const made: Planned = { ...judged.of, step, ...waveName(judged.of) };
    this.until = firstEnd(step);
    this.planned = made;
    this.#madeOf = judged;
    return made;
  }
}

const firstEnd = (step: Planned['step']): number =>
  Math.min(...waitsOf(step).map(({ until }) => until ?? Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);

/** Whether a workload of the queue was planned with the same wait for a limit, or without one. */
function hasWait({ step }: Planned, wait: Wait | undefined): boolean {
  if (!isQueued(step) || step.action !== 'wait' || !wait) return step.action === 'restart' && !wait;
  return isSameWait(step, wait);
}
