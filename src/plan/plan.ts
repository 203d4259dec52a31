import { atOnce } from '../atOnce.ts';
import type { Pause } from '../loopSlices.ts';
import { keyOf, type WorkloadKey } from '../model.ts';
import { type Reason, reason } from '../reasons.ts';
import { type Assessed, bySidecar, isOutdated, type Outdated, ofSource } from './assessed.ts';
import { haltOf } from './halts.ts';
import { isInFlight } from './journalEntry.ts';
import { Counts } from './limits/counts.ts';
import { provesNothing } from './outcomes.ts';
import type { PlanContext } from './planContext.ts';
import { inPlanOrder } from './planOrder.ts';
import { isReached } from './reached.ts';
import { sourceIn, type Target, targetsOf } from './record.ts';
import { rolloutState } from './rollout.ts';
import type { RuleContext } from './rule.ts';
import { ruleContextOf } from './ruleContext.ts';
import { backingOff } from './rules/backingOff.ts';
import { waitOf } from './rules/rules.ts';
import type { RunNotes } from './runNotes.ts';
import { Throttle } from './throttle.ts';
import { type Wait, waitFor } from './wait.ts';
import { IN_FLIGHT, type WaitCode } from './waitReasons.ts';
import type { RunWaves } from './wave.ts';
import type { Waves } from './waves.ts';

/** What is to be done about one workload now. */
export type Step =
  | { readonly action: 'restart'; readonly together?: readonly Outdated[] }
  | { readonly action: 'follow'; readonly reason: Reason<WaitCode> }
  /**
   * `isQueued` where only a limit keeps it: it is in the queue. `alsoWaits` are its other outdated sidecars, in case another of their waits
   * ends first.
   */
  | ({
      readonly action: 'wait';
      readonly isQueued?: true;
      readonly alsoWaits?: readonly WaitingSidecar[];
    } & Wait<WaitCode>)
  /** Its pods became current by whatever means: the record of an unfinished episode is closed as verified. */
  | { readonly action: 'close' }
  | { readonly action: 'none' };

/** Another outdated sidecar of a workload that waits, and what it waits for. */
export interface WaitingSidecar {
  readonly assessed: Outdated;
  readonly wait: Wait<WaitCode>;
}

/** A workload with its verdict and what is to be done about it now. */
export type Planned = Assessed & {
  readonly step: Step;
  /** The name of its wave; absent without waves in the policy. */
  readonly wave?: string;
};

export interface Plan {
  /** Every workload once, in the order of the queue. */
  readonly items: readonly Planned[];
  /** Those of them whose step is carried out: the others wait, or have nothing to be done. */
  readonly toCarryOut: readonly Planned[];
  /** When the first of the timed waits ends; undefined when nothing waits for time. */
  readonly wakeAt?: number;
  /** How far the waves of each run are. */
  readonly waves: readonly RunWaves[];
  /** What is to be remembered of each run, and is not yet. */
  readonly toNote: ReadonlyMap<string, RunNotes>;
}

/**
 * Decides for every workload: restart, follow, wait or nothing. Pure: the same arguments give the same plan.
 * In-flight counts, failures and the last write come from the journal, so they survive a crash.
 * The order is that of `inPlanOrder`.
 */
export const plan = (assessed: readonly Assessed[], context: PlanContext): Plan =>
  atOnce(planStepwise(assessed, context));

/** The same in steps, one for each workload, for callers that do other work in between. The context must not change meanwhile. */
export function* planStepwise(assessed: readonly Assessed[], context: PlanContext): Generator<Pause, Plan> {
  yield 'long';
  const ruleContext = ruleContextOf(assessed, context);
  const { waves } = ruleContext;
  const throttle = new Throttle(Counts.of(assessed, context, waves.of), context);
  const items: Planned[] = [];
  yield 'long';
  yield* waves.prepare();
  const ordered = inPlanOrder(assessed, waves.of, context.own);
  const progress = waves.progress();
  let wakeAt = Math.min(...progress.flatMap((run) => run.waves.map(({ until }) => until ?? Infinity)), Infinity);
  yield 'long';
  for (const one of ordered) {
    const judged = judge(one, ruleContext, context.busy, (outdated) => waitOf(outdated, ruleContext));
    const planned = { ...inTurn(judged, throttle), ...waveName(one, waves) };
    items.push(planned);
    wakeAt = Math.min(wakeAt, ...waitsOf(planned.step).map(({ until }) => until ?? Infinity));
    yield 'short';
  }
  return {
    items,
    toCarryOut: items.filter(({ step }) => isCarriedOut(step)),
    ...(wakeAt < Number.POSITIVE_INFINITY && { wakeAt }),
    waves: progress,
    toNote: waves.toNote(),
  };
}

/** Without waves in the policy all are in one, which needs no name. What is never restarted is in none. */
export function waveName({ workload }: Assessed, { of }: Pick<Waves, 'of'>): Pick<Planned, 'wave'> {
  const wave = of.waves.length > 1 && !workload.unsupported ? of.waves[of.indexOf(workload)] : undefined;
  return wave ? { wave: wave.name } : {};
}

/** What is found about a workload by itself: its step, or that only the limits of the queue are left to be asked. */
export type Judged =
  | { readonly of: Assessed; readonly step: Step }
  /** `together` are its other sidecars that the same restart is for. */
  | { readonly of: Outdated; readonly step?: undefined; readonly together: readonly Outdated[] };

/** Decides about a workload as far as that does not depend on those before it in the queue. @param waitOf asks the rules */
export function judge(
  assessed: Assessed,
  ruleContext: RuleContext,
  busy: ReadonlySet<WorkloadKey>,
  waitOf: (outdated: Outdated) => Wait<WaitCode> | undefined,
): Judged {
  if (assessed.workload.unsupported) return { of: assessed, step: { action: 'none' } };
  if (isInFlight(assessed) || busy.has(keyOf(assessed.workload))) {
    return {
      of: assessed,
      step: { action: 'follow', reason: reason(IN_FLIGHT.code, 'its restart is being followed') },
    };
  }
  if (canClose(assessed, ruleContext)) {
    const retry = backingOff.check(assessed, ruleContext);
    return { of: assessed, step: retry ? { action: 'wait', ...waitFor(backingOff, retry) } : { action: 'close' } };
  }
  const outdated = bySidecar(assessed).filter(isOutdated);
  const judged = outdated.map((one) => ({ one, wait: waitOf(one) }));
  const [free, ...together] = judged.flatMap(({ one, wait }) => (wait ? [] : one));
  if (free) return { of: free, together };
  const [first, ...rest] = judged.flatMap(({ one, wait }) => (wait ? { assessed: one, wait } : []));
  if (!first) return { of: assessed, step: { action: 'none' } };
  const alsoWaits = rest.length > 0 ? { alsoWaits: rest } : {};
  return { of: first.assessed, step: { action: 'wait', ...first.wait, ...alsoWaits } };
}

/** The workload with its step, after its turn in the queue if it is in it. */
function inTurn(judged: Judged, throttle: Throttle): Planned {
  const { of } = judged;
  if (judged.step) return { ...of, step: judged.step };
  return { ...of, step: queuedStep(judged, throttle.queue(judged.of, keyOf(judged.of.workload), judged.together)) };
}

/** The step of a workload in the queue. @param wait the limit that keeps it */
export function queuedStep(
  { together }: Extract<Judged, { together: unknown }>,
  wait: Wait<WaitCode> | undefined,
): Step {
  if (wait) return { action: 'wait', isQueued: true, ...wait };
  return { action: 'restart', ...(together.length > 0 && { together }) };
}

/** Whether a workload has its turn now, or only a limit keeps it. Its place in the queue is its place among these in the plan. */
export const isQueued = (step: Step): boolean =>
  step.action === 'restart' || (step.action === 'wait' && step.isQueued === true);

/** Whether a step is something to do. */
export const isCarriedOut = ({ action }: Step): boolean => action !== 'wait' && action !== 'none';

/** Everything that a workload waits for. */
export function waitsOf(step: Step): readonly Wait<WaitCode>[] {
  if (step.action !== 'wait') return [];
  return [step, ...(step.alsoWaits ?? []).map(({ wait }) => wait)];
}

/** The sidecars of a workload that wait for something of this code. */
export function sidecarsThatWait(planned: Planned, code: WaitCode): readonly Assessed[] {
  const { step } = planned;
  if (step.action !== 'wait') return [];
  const all = [{ assessed: planned, wait: step }, ...(step.alsoWaits ?? [])];
  return all.flatMap(({ assessed, wait }) => (wait.reason.code === code ? [assessed] : []));
}

/**
 * Whether an unfinished episode has ended well after all: the right sidecars in pods that are all ready, not just in pods that exist. Not
 * while its run is halted: a failure stays reported until the injector changes or a person resumes, and so does the halt.
 */
export function canClose(assessed: Assessed, ruleContext: Pick<RuleContext, 'history' | 'policy'>): boolean {
  const { workload } = assessed;
  if (rolloutState(workload).kind !== 'complete') return false;
  const open = openTargets(assessed);
  return (
    open.length > 0 &&
    open.every((target) => {
      const one = ofSource(assessed, sourceIn(target.restartedFor));
      if (!one || !isReached(one, target)) return false;
      const { injection } = one;
      return injection?.run !== target.run || haltOf(injection, workload.namespace, ruleContext) === undefined;
    })
  );
}

/** Whether only pods that are not ready keep an unfinished episode from being closed. No rule finds that, so nothing waits for it. */
export const isToRecover = (assessed: Assessed): boolean =>
  assessed.verdict.state === 'current' &&
  openTargets(assessed).length > 0 &&
  rolloutState(assessed.workload).kind !== 'complete';

/** What keeps the episode of a workload unfinished. Of a sidecar that the policy no longer names nothing is ever known. */
function openTargets(assessed: Assessed): readonly Target[] {
  const { entry } = assessed;
  if (!entry?.outcome) return [];
  return targetsOf(entry).filter(({ restartedFor, outcome }) => {
    const isOpen = outcome !== undefined && outcome !== 'verified' && !provesNothing(outcome);
    return isOpen && ofSource(assessed, sourceIn(restartedFor)) !== undefined;
  });
}
