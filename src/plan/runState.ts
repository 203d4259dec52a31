import type { Injection } from '../expect/mesh.ts';
import type { Pause } from '../loopSlices.ts';
import { keyOf, type WorkloadKey, type WorkloadRef } from '../model.ts';
import { cutToSecond } from '../rfc3339.ts';
import { type Assessed, type AssessedSidecar, bySidecar } from './assessed.ts';
import { type FollowedEvaluation, FollowedItems } from './followedItems.ts';
import { isInFlight } from './journalEntry.ts';
import type { RunCounts } from './notification.ts';
import { type Outcome, resultOf } from './outcomes.ts';
import type { Planned } from './plan.ts';
import { type Target, targetsOf } from './record.ts';
import type { AllRunNotes, RunNotes } from './runNotes.ts';
import type { Wait } from './wait.ts';
import type { WaitCode } from './waitReasons.ts';
import { holderOf } from './waitReasons.ts';

/** A workload as far as a run concerns it. */
export interface RunMember {
  readonly workload: WorkloadRef;
  readonly verdict: Assessed['verdict'];
  readonly isInFlight: boolean;
  /** How its last restart of the run ended; undefined if there is none, or it is in flight. */
  readonly outcome?: Outcome;
  /** When that restart began, in milliseconds of the wall clock; absent as long as it is not known to be written. */
  readonly restartedAt?: number;
  /** What it waits for. */
  readonly wait?: Wait<WaitCode>;
  /** The name of its wave; absent without waves in the policy. */
  readonly wave?: string;
}

/** How far a run is. */
export interface RunState {
  readonly run: string;
  /** What it restarts towards; undefined if no workload matches it any more. */
  readonly injection?: Injection;
  readonly notes: RunNotes;
  /** Workloads that were restarted in it, or whose sidecar it decides. */
  readonly members: readonly RunMember[];
  readonly counts: RunCounts;
  /** What is still to come of it: `more` as long as time or other restarts bring it on, `stuck` while workloads must recover first. */
  readonly left: 'more' | 'stuck' | 'nothing';
}

/** A workload in a run, and the injection that decides its sidecar there; absent if another one does now. */
interface Place {
  readonly member: RunMember;
  readonly injection?: Injection;
}

/** Says how far runs are, again and again. Of what an evaluation has not changed, it keeps the members. */
export class RunMembers {
  readonly #items = new FollowedItems();
  #places = new Map<string, Map<WorkloadKey, Place>>();
  /** The runs that places were made for; absent if what is kept must not be used. */
  #runs: AllRunNotes | undefined;

  /** How far each of these runs is, in steps: one for each workload that is not as it was in the last call. */
  *states(evaluation: FollowedEvaluation, runs: AllRunNotes): Generator<Pause, RunState[]> {
    const { isAnew, added } = this.#items.next(evaluation);
    const isKept = !isAnew && this.#runs !== undefined && haveSameMembers(this.#runs, runs);
    // should this end half-way, nothing of it is used again
    this.#runs = undefined;
    if (!isKept) this.#places = new Map([...runs.keys()].map((run) => [run, new Map()]));
    for (const item of isKept ? added : evaluation.items) {
      const key = keyOf(item.workload);
      const mine = placesOf(item, runs);
      for (const [run, places] of this.#places) {
        const place = mine.get(run);
        if (place) places.set(key, place);
        else places.delete(key);
      }
      yield 'short';
    }
    this.#runs = runs;
    return [...this.#places].map(([run, places]) => stateOf(run, places.values(), runs.get(run) ?? {}));
  }
}

/** Whether unchanged workloads have the same places in both: of the notes, only the start of the run decides that. */
function haveSameMembers(before: AllRunNotes, now: AllRunNotes): boolean {
  return before.size === now.size && [...now].every(([run, { startedAt }]) => before.get(run)?.startedAt === startedAt);
}

/** The places of a workload in these runs. */
function placesOf(item: Planned, runs: AllRunNotes): Map<string, Place> {
  const places = new Map<string, Place>();
  for (const one of bySidecar(item)) {
    const { injection } = one;
    const notes = injection && runs.get(injection.run);
    if (notes) places.set(injection.run, { member: memberOf(item, one, injection.run, notes), injection });
  }
  // it was restarted in a run, and now another injector decides about it
  for (const { run } of item.entry ? targetsOf(item.entry) : []) {
    const notes = runs.get(run);
    if (!notes || places.has(run)) continue;
    const { workload, verdict } = item;
    const member = { workload: refOf(workload), verdict: elsewhere(verdict), ...lastOf(item, run, notes) };
    places.set(run, { member });
  }
  return places;
}

/** What another injector thinks of it makes it no outdated workload of this run. */
const elsewhere = (verdict: Assessed['verdict']): Assessed['verdict'] =>
  verdict.state === 'outdated' ? { state: 'current', expected: verdict.expected, drifts: [] } : verdict;

const refOf = ({ kind, namespace, name }: WorkloadRef): WorkloadRef => ({ kind, namespace, name });

function memberOf(item: Planned, one: AssessedSidecar, run: string, notes: RunNotes): RunMember {
  const wait = waitOf(item, one);
  return {
    workload: refOf(item.workload),
    verdict: one.verdict,
    ...lastOf(item, run, notes),
    ...(wait && { wait }),
    ...(item.wave !== undefined && { wave: item.wave }),
  };
}

/** The wait of one of its sidecars. */
function waitOf({ step, source }: Planned, one: AssessedSidecar): Wait<WaitCode> | undefined {
  if (step.action !== 'wait') return undefined;
  if (one.source?.name === source?.name) return step;
  return step.alsoWaits?.find(({ assessed }) => assessed.source?.name === one.source?.name)?.wait;
}

/** Its last restart in a run, since the run started. */
function lastOf(
  item: Planned,
  run: string,
  { startedAt = Number.POSITIVE_INFINITY }: RunNotes,
): Pick<RunMember, 'isInFlight' | 'outcome' | 'restartedAt'> {
  const { entry } = item;
  if (!entry) return { isInFlight: false };
  // times of restarts are cut to the second
  const since = cutToSecond(startedAt);
  const mine = targetsOf(entry).filter((target) => target.run === run && target.restartedAt >= since);
  const last = mine.toSorted((a: Target, b: Target) => b.restartedAt - a.restartedAt)[0];
  if (!last) return { isInFlight: false };
  const isNewest = last.restartedAt === entry.restartedAt;
  // one that is only journalled may be taken back
  const isWritten = !isNewest || entry.confirmed || entry.outcome !== undefined;
  return {
    isInFlight: isInFlight(item) && isNewest,
    ...(isWritten && { restartedAt: last.restartedAt }),
    ...(last.outcome && { outcome: last.outcome }),
  };
}

function stateOf(run: string, places: Iterable<Place>, notes: RunNotes): RunState {
  const members: RunMember[] = [];
  const counts: Counting = { outdated: 0, inFlight: 0, verified: notes.forgotten ?? 0, failed: 0, waiting: 0 };
  let injection: Injection | undefined;
  let most: RunState['left'] = 'nothing';
  for (const place of places) {
    const { member } = place;
    members.push(member);
    injection = place.injection ?? injection;
    count(member, counts);
    const left = leftOf(member);
    if (left === 'more' || most === 'nothing') most = left;
  }
  return { run, ...(injection && { injection }), notes, members, counts, left: most };
}

/** Counts while they are made. */
type Counting = { -readonly [Count in keyof RunCounts]: number };

function count(member: RunMember, counts: Counting): void {
  const isOutdated = member.verdict.state === 'outdated';
  const hasFailed = isFailed(member);
  if (isOutdated) counts.outdated += 1;
  if (member.isInFlight) counts.inFlight += 1;
  if (isVerified(member)) counts.verified += 1;
  if (hasFailed) counts.failed += 1;
  if (isOutdated && !member.isInFlight && !hasFailed) counts.waiting += 1;
}

/** Whether its last restart in the run brought its sidecar. */
const isVerified = ({ outcome }: RunMember): boolean => outcome !== undefined && resultOf(outcome) === 'verified';

/** Whether its last restart in the run did not bring its sidecar, and it is not current by other means. */
export const isFailed = ({ outcome, verdict, isInFlight: flies }: RunMember): boolean =>
  !flies && outcome !== undefined && BAD.has(resultOf(outcome)) && verdict.state !== 'current';

const BAD: ReadonlySet<string> = new Set(['failed', 'reverted']);

/** Verdicts that another look may change within moments, so that nothing can be said of the workload yet. */
const NOT_SEEN: ReadonlySet<string> = new Set(['injector-unreachable', 'namespace-not-seen', 'not-read']);

function leftOf({ verdict, wait, isInFlight: flies }: RunMember): RunState['left'] {
  if (flies) return 'more';
  if (verdict.state === 'unknown') return NOT_SEEN.has(verdict.reason.code) ? 'more' : 'nothing';
  if (verdict.state !== 'outdated') return 'nothing';
  if (!wait || wait.of === 'run') return 'more';
  const holder = holderOf(wait);
  return holder === undefined ? 'more' : holder === 'its own state' ? 'stuck' : 'nothing';
}
