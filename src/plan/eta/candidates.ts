import { keyOf, refOf, type WorkloadKey } from '../../model.ts';
import type { ReasonCode } from '../../reasons.ts';
import { isOutdated, type Outdated } from '../assessed.ts';
import { budgetName, lowersAvailability } from '../budget.ts';
import { kindOfOwner } from '../history.ts';
import { isInFlight } from '../journalEntry.ts';
import type { Counts } from '../limits/counts.ts';
import { firstOfItsKind } from '../limits/firstOfItsKind.ts';
import { oneOfAnOwnerKind } from '../limits/oneOfAnOwnerKind.ts';
import { oneOfARolloutGroup } from '../limits/oneOfARolloutGroup.ts';
import { oneUnderABudget } from '../limits/oneUnderABudget.ts';
import type { Planned } from '../plan.ts';
import { fingerprint } from '../record.ts';
import { groupKeyOf } from '../rolloutGroups.ts';
import type { PlanContext } from '../rule.ts';
import { budgets as budgetRule } from '../rules/budgets.ts';
import { seedOf } from './draws.ts';
import type { Estimate, Pace } from './pace.ts';

/** A workload whose restart is under way or to come. */
export interface Candidate {
  readonly key: WorkloadKey;
  readonly namespace: string;
  /** The run that it belongs to. */
  readonly run: string;
  readonly seed: number;
  readonly estimate: Estimate;
  /** What is asked about its restart; absent if that is under way. */
  readonly outdated?: Outdated;
  /** What its restart is for. */
  readonly target?: string;
  /** Workloads of one namespace for which this is the same are held by the same limits. */
  readonly kin: number;
  /** What its end frees for others elsewhere. */
  readonly frees: readonly string[];
  /** For how long it has been under way, in milliseconds. */
  readonly elapsed?: number;
  /** When what it waits for ends, by the steady clock. */
  readonly until?: number;
}

/** What an estimate begins with, in the order of the plan. */
export interface Beginning {
  readonly candidates: readonly Candidate[];
  readonly leftOut: ReadonlyMap<ReasonCode, number>;
}

/** What the end of any restart frees. */
export const ANYTHING = 'anything';
const JUST_ANYTHING: readonly string[] = [ANYTHING];
const ownerKindWord = (kind: string): string => `owner ${kind}`;

/** What frees a workload that is held by a limit of this code; undefined if only an end in its own namespace does. */
export function freedBy(code: string, { outdated, target }: Candidate): string | undefined {
  if (code === oneUnderABudget.code || code === oneOfARolloutGroup.code) return undefined;
  if (code === oneOfAnOwnerKind.code && outdated?.workload.owner)
    return ownerKindWord(kindOfOwner(outdated.workload.owner));
  return code === firstOfItsKind.code ? target : ANYTHING;
}

/** What is assumed of a restart of which nothing but its name is known. */
const UNSEEN: Estimate = { base: 60_000, deviation: { centre: 0, spread: 0.6, doubt: 0.7 } };

/** What the sorting rests on. */
export interface Known {
  readonly counts: Counts;
  readonly pace: Pick<Pace, 'of'>;
  readonly context: PlanContext;
}

/** Sorts the workloads of an evaluation: under way, to come, or left to others than time. */
export function beginningOf(items: readonly Planned[], known: Known): Beginning {
  const { context } = known;
  const leftOut = new Map<ReasonCode, number>();
  const seen = new Set(items.flatMap(({ workload }) => (workload.unsupported ? [] : keyOf(workload))));
  const toCome = new ToCome(known);
  const candidates = items.flatMap((planned): readonly Candidate[] => {
    const { step } = planned;
    if (step.action === 'follow') return followed(planned, known);
    if ((step.action !== 'restart' && step.action !== 'wait') || !isOutdated(planned)) return [];
    const candidate = toCome.of(planned, step);
    if (candidate) return [candidate];
    if (step.action === 'wait') leftOut.set(step.reason.code, (leftOut.get(step.reason.code) ?? 0) + 1);
    return [];
  });
  const unseen = [...context.journal].flatMap(([key, entry]) =>
    entry.outcome || seen.has(key) ? [] : underWay(key, entry.run, UNSEEN, context.now - entry.since),
  );
  return { candidates: [...candidates, ...unseen], leftOut };
}

/** A busy workload without a restart only has its record written. */
function followed(planned: Planned, { pace, context }: Known): Candidate[] {
  const { entry, injection, workload } = planned;
  const key = keyOf(workload);
  if (isInFlight(planned) && entry) return [underWay(key, entry.run, pace.of(planned), context.now - entry.since)];
  return context.starting.has(key) ? [underWay(key, injection?.run ?? '', pace.of(planned), 0)] : [];
}

const underWay = (key: WorkloadKey, run: string, estimate: Estimate, elapsed: number): Candidate => ({
  key,
  namespace: refOf(key).namespace,
  run,
  seed: seedOf(key),
  estimate,
  kin: 0,
  frees: [ANYTHING],
  elapsed: Math.max(0, elapsed),
});

/** Makes candidates of what is to come. */
class ToCome {
  readonly #known: Known;
  readonly #kinNumbers = new Map<string, number>();

  constructor(known: Known) {
    this.#known = known;
  }

  /** Undefined if time alone does not end what it waits for. */
  of(planned: Outdated, step: Extract<Planned['step'], { action: 'restart' | 'wait' }>): Candidate | undefined {
    const { counts, pace } = this.#known;
    const isQueued = step.order !== undefined;
    const outdated = step.action === 'wait' && !isQueued ? unlessOurs(planned, step.reason.code, counts) : planned;
    const until = step.action === 'wait' && !isQueued && outdated === planned ? step.until : undefined;
    if (!isQueued && until === undefined && outdated === planned) return undefined;
    const key = keyOf(planned.workload);
    const target = fingerprint(outdated.verdict.expected);
    return {
      key,
      namespace: planned.workload.namespace,
      run: planned.injection.run,
      seed: seedOf(key),
      estimate: pace.of(planned),
      outdated,
      target,
      kin: this.#kinOf(outdated, target),
      frees: this.#freedBy(outdated, target),
      ...(until !== undefined && { until }),
    };
  }

  #freedBy({ workload: { owner }, hinted }: Outdated, target: string): readonly string[] {
    const shared = owner ? [ownerKindWord(kindOfOwner(owner)), ANYTHING] : JUST_ANYTHING;
    return hinted ? [...shared, target] : shared;
  }

  #kinOf({ workload, budgets, hinted }: Outdated, target: string): number {
    const owner = workload.owner ? kindOfOwner(workload.owner) : '';
    const covering = lowersAvailability(workload) ? budgets.map(budgetName) : [];
    const own = keyOf(workload) === this.#known.context.own ? 'own' : '';
    const words = [own, owner, groupKeyOf(workload) ?? '', hinted ? target : '', ...covering].join('\n');
    const number = this.#kinNumbers.get(words) ?? this.#kinNumbers.size;
    this.#kinNumbers.set(words, number);
    return number;
  }
}

/** A restart under way may be what has spent a budget. When it has ended, the limit of one at a time holds, and no budget. */
function unlessOurs(planned: Outdated, code: string, counts: Counts): Outdated {
  const { budgets, workload } = planned;
  if (code !== budgetRule.code) return planned;
  const spent = budgets.filter(({ allowed }) => allowed < 1);
  if (!spent.every((budget) => counts.underBudget(budget, workload.namespace) !== undefined)) return planned;
  return { ...planned, budgets: budgets.map((budget) => ({ ...budget, allowed: Math.max(1, budget.allowed) })) };
}
