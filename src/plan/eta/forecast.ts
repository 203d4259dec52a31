import { atOnce } from '../../atOnce.ts';
import type { Pause } from '../../loopSlices.ts';
import type { Workload } from '../../model.ts';
import { isInFlight } from '../journalEntry.ts';
import { Counts } from '../limits/counts.ts';
import type { Planned } from '../plan.ts';
import type { PlanContext } from '../planContext.ts';
import type { ReasonCode } from '../reasonCatalogue.ts';
import { ruleContextOf } from '../ruleContext.ts';
import { REST } from '../wave.ts';
import { type Beginning, beginningOf, type Candidate } from './candidates.ts';
import type { Eta, RunEta, WaveEta } from './eta.ts';
import { foreseenGates } from './foreseenGates.ts';
import { medianOf, Pace } from './pace.ts';
import { type Course, type Played, play } from './play.ts';

/** Outdated workloads that no estimate is about, because time alone does not end what they wait for. */
export interface LeftOut {
  readonly reason: ReasonCode;
  readonly workloads: number;
}

/** When everything that needs nobody is expected to be restarted. */
export interface Forecast {
  /** When it was made, in milliseconds of the wall clock. */
  readonly at: number;
  /** Workloads that it is about: those that are or will be in flight. */
  readonly workloads: number;
  /** Absent if there is nothing to wait for. */
  readonly eta?: Eta;
  readonly runs: readonly RunEta[];
  /** By number, the most first. */
  readonly leftOut: readonly LeftOut[];
}

/** What an estimate is made from: a plan, and what that was made in. */
export interface ForecastInputs {
  readonly items: readonly Planned[];
  readonly context: PlanContext;
}

/** How often the future is drawn; less often where a draw is long, because the more restarts there are, the less chance decides. */
const DRAWS = 48;
const FEWEST_DRAWS = 5;
/** Of 500 restarts, five draws tell as much as 48, and asking this often takes less time than reading their workloads. */
const MOST_ASKED = 5000;

/** When everything that needs nobody is expected to be restarted. Pure: the same inputs give the same estimate. */
export const forecastOf = (inputs: ForecastInputs): Forecast => atOnce(forecastStepwise(inputs));

/** The same in short steps, for callers that do other work in between. The inputs must not change meanwhile. */
export function* forecastStepwise({ items, context }: ForecastInputs): Generator<Pause, Forecast> {
  const runs = new Set(items.flatMap((one) => (one.step.action === 'none' ? [] : (one.injection?.run ?? []))));
  yield 'long';
  const pace = new Pace(items, context, runs);
  const { course, leftOut } = yield* courseOf({ items, context }, pace);
  const { candidates } = course;
  const played: Played[] = [];
  let asked = 0;
  while (candidates.length > 0 && played.length < DRAWS && (asked < MOST_ASKED || played.length < FEWEST_DRAWS)) {
    const one: Played = yield* play(course, played.length);
    played.push(one);
    asked += one.asked;
  }
  return summed({ candidates, leftOut, played, context });
}

/** What all draws begin with. */
export function* courseOf(
  { items, context: given }: ForecastInputs,
  pace: Pick<Pace, 'of'>,
): Generator<Pause, Pick<Beginning, 'leftOut'> & { readonly course: Course }> {
  yield 'long';
  const context = { ...given, metricGates: foreseenGates(given) };
  const ruleContext = ruleContextOf(items, context, items.map(foreseen));
  const { waves } = ruleContext;
  yield* waves.prepare();
  const counts = Counts.of(items, context, waves.of);
  yield 'long';
  const { candidates, leftOut } = yield* beginningOf(items, { counts, pace, context, ruleContext, waveOf: waves.of });
  yield 'long';
  return { leftOut, course: { candidates, counts, context, ruleContext, waves } };
}

/** How its rollout stands while time passes: a restart under way will have ended well, so no rule holds others for its pods. */
function foreseen(one: Planned): Workload {
  const { workload } = one;
  if (!isInFlight(one)) return workload;
  const { desired } = workload.rollout;
  const observedGeneration = workload.generation;
  const rollout = { ...workload.rollout, observedGeneration, existing: desired, updated: desired, ready: desired };
  return { ...workload, rollout: { ...rollout, available: desired } };
}

function summed({
  candidates,
  leftOut,
  played,
  context,
}: {
  readonly candidates: readonly Candidate[];
  readonly leftOut: ReadonlyMap<ReasonCode, number>;
  readonly played: readonly Played[];
  readonly context: PlanContext;
}): Forecast {
  const toWall = context.wall - context.now;
  const etaOf = (some: readonly number[]): Eta | undefined => {
    const ends = played.flatMap(({ doneAt }) => lastOf(doneAt, some) ?? []);
    return ends.length === 0 ? undefined : quantiles(ends, context.now, toWall);
  };
  const all = candidates.map((_, place) => place);
  const wavesOf = (run: string, whole: Eta): WaveEta[] => {
    const [first] = played;
    // without waves in the policy the only one is done when all is
    if (!first || !context.policy.waves) return [{ name: REST, eta: whole }];
    return first.waves.of.waves.flatMap(({ name }, index) => {
      const ends = played.flatMap(({ waves }) => waves.doneAt(run)[index] ?? []);
      return ends.length === 0 ? [] : [{ name, eta: quantiles(ends, context.now, toWall) }];
    });
  };
  const byRun = Map.groupBy(all, (place) => (candidates[place] as Candidate).runs[0] ?? '');
  const runs = [...byRun].flatMap(([run, some]): RunEta[] => {
    const eta = etaOf(some);
    return eta ? [{ run, eta, waves: wavesOf(run, eta) }] : [];
  });
  const eta = etaOf(all);
  const held = heldIn(leftOut, played);
  const leftLater = [...(played[0]?.leftOut.values() ?? [])].reduce((sum, count) => sum + count, 0);
  return { at: context.wall, workloads: candidates.length - leftLater, ...(eta && { eta }), runs, leftOut: held };
}

/** When the last of some candidates was done; undefined if none was. */
function lastOf(doneAt: Float64Array, some: readonly number[]): number | undefined {
  let last = Number.NEGATIVE_INFINITY;
  for (const place of some) {
    const at = doneAt[place] as number;
    if (at > last) last = at;
  }
  return last === Number.NEGATIVE_INFINITY ? undefined : last;
}

/** Of few draws, the 90th percentile follows from how far they lie apart. */
function quantiles(ends: readonly number[], now: number, toWall: number): Eta {
  const median = medianOf(ends);
  const sorted = ends.toSorted((a, b) => a - b);
  const at = 0.9 * (sorted.length - 1);
  const below = sorted[Math.floor(at)] as number;
  const drawn = below + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] as number) - below);
  const mean = ends.reduce((sum, end) => sum + end, 0) / ends.length;
  const variance = ends.reduce((sum, end) => sum + (end - mean) ** 2, 0) / Math.max(1, ends.length - 1);
  const p90 = ends.length < DRAWS / 2 ? Math.max(drawn, median + 1.2816 * Math.sqrt(variance)) : drawn;
  return { median: Math.round(Math.max(now, median) + toWall), p90: Math.round(Math.max(now, p90) + toWall) };
}

/** What the plan left out, and what came to be held while time passed, in the first draw. */
function heldIn(leftOut: ReadonlyMap<ReasonCode, number>, played: readonly Played[]): LeftOut[] {
  const sums = new Map(leftOut);
  for (const [reason, count] of played[0]?.leftOut ?? []) sums.set(reason, (sums.get(reason) ?? 0) + count);
  const all = [...sums].map(([reason, workloads]): LeftOut => ({ reason, workloads }));
  return all.sort((a, b) => b.workloads - a.workloads || (a.reason < b.reason ? -1 : 1));
}
