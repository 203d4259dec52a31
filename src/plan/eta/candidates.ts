import type { Pause } from '../../loopSlices.ts';
import { keyOf, refOf, type WorkloadKey } from '../../model.ts';
import { bySidecar, isOutdated, type Outdated, wasRead } from '../assessed.ts';
import { budgetName, lowersAvailability } from '../budget.ts';
import { isInFlight, type JournalEntry } from '../journalEntry.ts';
import { kindOfOwner } from '../kindOfOwner.ts';
import type { Counts } from '../limits/counts.ts';
import { firstOfItsKind } from '../limits/firstOfItsKind.ts';
import { maxInFlightPerWave } from '../limits/maxInFlightPerWave.ts';
import { oneOfAnOwnerKind } from '../limits/oneOfAnOwnerKind.ts';
import { oneOfARolloutGroup } from '../limits/oneOfARolloutGroup.ts';
import { oneUnderABudget } from '../limits/oneUnderABudget.ts';
import { isQueued, type Planned } from '../plan.ts';
import type { PlanContext } from '../planContext.ts';
import type { ReasonCode } from '../reasonCatalogue.ts';
import { fingerprint, targetsOfRestart } from '../record.ts';
import { groupKeyOf } from '../rolloutGroups.ts';
import type { RuleContext } from '../rule.ts';
import { budgets as budgetRule } from '../rules/budgets.ts';
import { isHeldForGood, lastingWaitOf } from '../rules/rules.ts';
import { wave as waveRule } from '../rules/wave.ts';
import { waveBaking } from '../rules/waveBaking.ts';
import type { Wait } from '../wait.ts';
import type { WaitCode } from '../waitReasons.ts';
import type { WaveOf } from '../waveOf.ts';
import { seedOf } from './draws.ts';
import type { Estimate, Pace } from './pace.ts';

/** A workload whose restart is under way or to come. */
export interface Candidate {
  readonly key: WorkloadKey;
  readonly namespace: string;
  /** The runs that its restart is for; the first is the one of its verdict. */
  readonly runs: readonly string[];
  /** The place of its wave. */
  readonly wave: number;
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
  /** What holds it when its time has come, as long as nobody changes anything. */
  readonly lasting?: Wait<WaitCode>;
  /** It waits for an earlier wave. */
  readonly isAsleep?: true;
  /** Its wave is done without it, as long as it waits. */
  readonly isHeldForGood?: true;
}

/** What an estimate begins with, in the order of the plan. */
export interface Beginning {
  readonly candidates: readonly Candidate[];
  readonly leftOut: ReadonlyMap<ReasonCode, number>;
}

/** What the end of any restart frees. */
const ANYTHING = 'anything';
const waveWord = (wave: number): string => `wave ${wave}`;
const ownerKindWord = (kind: string): string => `owner ${kind}`;

/** What the end of a restart frees elsewhere. */
const freesOf = (
  owner: string | undefined,
  { target, wave }: { target: string | undefined; wave: number },
): string[] => [
  ANYTHING,
  waveWord(wave),
  ...(owner === undefined ? [] : [ownerKindWord(owner)]),
  ...(target === undefined ? [] : [target]),
];

/** What frees a workload that is held by a limit of this code; undefined if only an end in its own namespace does. */
export function freedBy(code: string, { outdated, target, wave: ofWave }: Candidate): string | undefined {
  if (code === oneUnderABudget.code || code === oneOfARolloutGroup.code) return undefined;
  if (code === oneOfAnOwnerKind.code && outdated?.workload.owner)
    return ownerKindWord(kindOfOwner(outdated.workload.owner));
  if (code === maxInFlightPerWave.code) return waveWord(ofWave);
  return code === firstOfItsKind.code ? target : ANYTHING;
}

/** Waits that end when an earlier wave is done. */
export const FOR_A_WAVE: ReadonlySet<string> = new Set([waveRule.code, waveBaking.code]);

/** What is assumed of a restart of which nothing but its name is known. */
const UNSEEN: Estimate = { base: 60_000, deviation: { centre: 0, spread: 0.6, doubt: 0.7 } };

/** What the sorting rests on. */
export interface Known {
  readonly counts: Counts;
  readonly pace: Pick<Pace, 'of'>;
  readonly context: PlanContext;
  readonly ruleContext: RuleContext;
  readonly waveOf: WaveOf;
}

/** Sorts the workloads of an evaluation: under way, to come, or left to others than time. */
export function* beginningOf(items: readonly Planned[], known: Known): Generator<Pause, Beginning> {
  const { context } = known;
  const leftOut = new Map<ReasonCode, number>();
  const seen = new Set(items.flatMap(({ workload }) => (wasRead(workload) ? keyOf(workload) : [])));
  const toCome = new ToCome(known);
  const candidates: Candidate[] = [];
  for (const planned of items) {
    const { step } = planned;
    const some = step.action === 'follow' ? followed(planned, known) : toCome.of(planned);
    candidates.push(...some);
    if (some.length === 0 && step.action === 'wait')
      leftOut.set(step.reason.code, (leftOut.get(step.reason.code) ?? 0) + 1);
    yield 'short';
  }
  const unseen = [...context.journal].flatMap(([key, entry]) =>
    entry.outcome || seen.has(key)
      ? []
      : underWay(key, { runs: runsOf(entry), estimate: UNSEEN, wave: 0 }, entry, context),
  );
  return { candidates: [...candidates, ...unseen], leftOut };
}

/** A busy workload without a restart only has its record written. */
function followed(planned: Planned, { pace, context, waveOf }: Known): Candidate[] {
  const { entry, injection, workload } = planned;
  const key = keyOf(workload);
  const shared = { estimate: pace.of(planned), wave: waveOf.indexOf(workload) };
  if (isInFlight(planned) && entry) return [underWay(key, { ...shared, runs: runsOf(entry) }, entry, context)];
  if (!context.starting.has(key)) return [];
  return [underWay(key, { ...shared, runs: injection ? [injection.run] : [] }, undefined, context)];
}

const runsOf = (entry: JournalEntry): string[] => [...new Set(targetsOfRestart(entry).map(({ run }) => run))];

const underWay = (
  key: WorkloadKey,
  given: Pick<Candidate, 'runs' | 'estimate' | 'wave'>,
  entry: JournalEntry | undefined,
  { now }: PlanContext,
): Candidate => ({
  key,
  namespace: refOf(key).namespace,
  ...given,
  seed: seedOf(key),
  kin: 0,
  frees: freesOf(entry?.owner, { target: entry?.restartedFor, wave: given.wave }),
  ...(entry && { target: entry.restartedFor }),
  elapsed: entry ? Math.max(0, now - entry.since) : 0,
});

/** Makes candidates of what is to come. */
class ToCome {
  readonly #known: Known;
  readonly #kinNumbers = new Map<string, number>();

  constructor(known: Known) {
    this.#known = known;
  }

  /** None if time alone does not end what it waits for. */
  of(planned: Planned): Candidate[] {
    const { step } = planned;
    if ((step.action !== 'restart' && step.action !== 'wait') || !isOutdated(planned)) return [];
    const candidate = this.#candidate(planned, step);
    return candidate ? [candidate] : [];
  }

  #candidate(planned: Outdated, step: Extract<Planned['step'], { action: 'restart' | 'wait' }>): Candidate | undefined {
    const { counts, pace } = this.#known;
    const hasPlace = isQueued(step);
    const outdated = hasPlace ? planned : unlessOurs(planned, counts);
    const isOurs = step.action === 'wait' && step.reason.code === budgetRule.code && outdated !== planned;
    const isAsleep = step.action === 'wait' && FOR_A_WAVE.has(step.reason.code);
    const until = step.action === 'wait' && !hasPlace && !isOurs && !isAsleep ? step.until : undefined;
    if (!hasPlace && until === undefined && !isOurs && !isAsleep) return undefined;
    const key = keyOf(planned.workload);
    const { ruleContext, waveOf } = this.#known;
    const wave = waveOf.indexOf(planned.workload);
    const lasting = hasPlace ? undefined : lastingWaitOf(outdated, ruleContext);
    const isHeld = until !== undefined && isHeldForGood(outdated, ruleContext);
    const target = fingerprint(outdated.verdict.expected);
    return {
      key,
      namespace: planned.workload.namespace,
      runs: [...new Set(bySidecar(planned).flatMap((one) => (isOutdated(one) ? one.injection.run : [])))],
      wave,
      seed: seedOf(key),
      estimate: pace.of(planned),
      outdated,
      target,
      kin: this.#kinOf(outdated, target, wave),
      frees: freesOf(planned.workload.owner && kindOfOwner(planned.workload.owner), { target, wave }),
      ...(lasting && { lasting }),
      ...(isAsleep && { isAsleep }),
      ...(isHeld && { isHeldForGood: isHeld }),
      ...(until !== undefined && { until }),
    };
  }

  #kinOf({ workload, budgets, hinted }: Outdated, target: string, wave: number): number {
    const owner = workload.owner ? kindOfOwner(workload.owner) : '';
    const covering = lowersAvailability(workload) ? budgets.map(budgetName) : [];
    const own = keyOf(workload) === this.#known.context.own ? 'own' : '';
    const words = [wave, own, owner, groupKeyOf(workload) ?? '', hinted ? target : '', ...covering].join('\n');
    const number = this.#kinNumbers.get(words) ?? this.#kinNumbers.size;
    this.#kinNumbers.set(words, number);
    return number;
  }
}

/** A restart under way may be what has spent a budget. When it has ended, the limit of one at a time holds, and no budget. */
function unlessOurs(planned: Outdated, counts: Counts): Outdated {
  const { budgets, workload } = planned;
  const spent = budgets.filter(({ allowed }) => allowed < 1);
  if (spent.length === 0 || !spent.every((budget) => counts.underBudget(budget, workload.namespace) !== undefined))
    return planned;
  return { ...planned, budgets: budgets.map((budget) => ({ ...budget, allowed: Math.max(1, budget.allowed) })) };
}
