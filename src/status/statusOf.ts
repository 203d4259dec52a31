import { atOnce } from '../atOnce.ts';
import type { Pause } from '../loopSlices.ts';
import { keyOf } from '../model.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { isInFlight, type JournalEntries } from '../plan/journalEntry.ts';
import { isFailure } from '../plan/outcomes.ts';
import { isQueued, type Planned } from '../plan/plan.ts';
import type { AllRunNotes } from '../plan/runNotes.ts';
import { cut } from '../report/escaped.ts';
import { ProxyVersions } from '../report/proxyVersions.ts';
import { rowOf } from '../report/row.ts';
import { timestamp } from '../rfc3339.ts';
import { ControlPlanes, Runs, type Told } from './runs.ts';
import {
  type Counts,
  type NamespaceCounts,
  NO_COUNTS,
  type StatusDocument,
  type StatusRow,
  type WaitSum,
} from './statusDocument.ts';

export interface StatusContext {
  /** When the evaluation was made, by the wall clock in milliseconds. */
  readonly wall: number;
  readonly entries: JournalEntries;
  readonly notes: AllRunNotes;
  /** Why the policy lets no restart begin. */
  readonly paused?: string | undefined;
}

/** Workloads between two turns of other work. */
const AT_ONCE = 20;
const NAMESPACES = 200;
const ROWS = 300;
/** Most of each sort, so that many of one sort leave room for the others. */
const MOST = { inFlight: 100, failed: 60, next: 20 };
const DETAIL_LIMIT = 200;
const NAME_LIMIT = 253;

/** Counts while they are made. */
type Counting<T = Counts> = { -readonly [Field in keyof T]: T[Field] };

/** What users are told of an evaluation. Pure. Its size is bounded, whatever the cluster has. */
export const statusOf = (evaluation: Evaluation & Told, context: StatusContext): StatusDocument =>
  atOnce(statusStepwise(evaluation, context));

/** The same in short steps, for callers that do other work in between. */
export function* statusStepwise(
  evaluation: Evaluation & Told,
  { wall, entries, notes, paused }: StatusContext,
): Generator<Pause, StatusDocument> {
  const { items, at } = evaluation;
  const ahead = (evaluation.wall ?? wall) - at;
  const sums = new Sums();
  const [runs, planes, proxies, waits, rows] = [
    new Runs(),
    new ControlPlanes(),
    new ProxyVersions(),
    new Waits(),
    new Rows(),
  ];
  for (const [index, one] of items.entries()) {
    sums.add(one);
    runs.add(one);
    planes.add(one);
    proxies.add(one);
    waits.add(one);
    rows.add(one);
    if (index % AT_ONCE === 0) yield 'short';
  }
  const workloads = rows.chosen();
  yield 'long';
  const { counts, unsupportedPods } = sums;
  return {
    version: 1,
    at: timestamp(wall),
    ...(paused !== undefined && { paused: cut(paused, DETAIL_LIMIT) }),
    counts,
    unsupportedPods,
    controlPlanes: planes.all(),
    proxies: [...proxies.sums()].map(([version, pods]) => ({ version, pods })),
    namespaces: sums
      .ofNamespaces()
      .sort((a, b) => left(b) - left(a) || Number(a.namespace > b.namespace) - Number(a.namespace < b.namespace))
      .slice(0, NAMESPACES),
    waits: waits.all(ahead),
    runs: runs.all(evaluation, { entries, notes, toWall: (steady) => steady + ahead }),
    workloads: workloads.map((one) => statusRow(one, ahead)),
    leftOut: rows.count - workloads.length,
  };
}

/** Counts workloads, overall and by namespace. */
class Sums {
  readonly counts: Counting = { ...NO_COUNTS };
  readonly #namespaces = new Map<string, Counting<NamespaceCounts>>();
  unsupportedPods = 0;

  add(one: Planned): void {
    const { workload, verdict } = one;
    if (workload.unsupported) {
      const pods = 'outdatedPods' in verdict ? verdict.outdatedPods : 0;
      if (pods === 0) return;
      const here = this.#in(workload.namespace);
      here.unsupportedPods = (here.unsupportedPods ?? 0) + pods;
      this.unsupportedPods += pods;
      return;
    }
    if (isOutside(one)) return;
    count(this.counts, one);
    count(this.#in(workload.namespace), one);
  }

  ofNamespaces(): NamespaceCounts[] {
    return [...this.#namespaces.values()];
  }

  #in(namespace: string): Counting<NamespaceCounts> {
    const here = this.#namespaces.get(namespace) ?? { namespace, ...NO_COUNTS };
    this.#namespaces.set(namespace, here);
    return here;
  }
}

/** Not in the mesh at all. */
export const isOutside = ({ verdict }: Planned): boolean =>
  verdict.state === 'skipped' && verdict.reason.code === 'not-injected';

/** Whether its last restart failed and it is still not current. Only the journal counts: a workload's owners may write what it carries. */
const isFailed = (one: Planned): boolean =>
  one.verdict.state !== 'current' && one.verdict.state !== 'skipped' && isFailure(one.entry?.outcome);

const isWorthARow = ({ workload, verdict, step }: Planned): boolean =>
  !workload.unsupported && (step.action === 'follow' || !['current', 'skipped'].includes(verdict.state));

function count(counts: Counting, one: Planned): void {
  counts[one.verdict.state] += 1;
  if (one.step.action === 'follow' || isInFlight(one)) counts.inFlight += 1;
  else if (isFailed(one)) counts.failed += 1;
  if (one.step.action === 'wait') counts.waiting += 1;
}

const left = ({ outdated, unknown, conflict }: Counts): number => outdated + unknown + conflict;

/** A workload with its place in the queue, if it has one. */
interface Placed {
  readonly one: Planned;
  readonly order?: number;
}

/** The workloads that get a row: in flight, failed, next, and then what is left, one of each namespace after the other. */
class Rows {
  readonly #inFlight: Placed[] = [];
  readonly #failed: Placed[] = [];
  readonly #next: Placed[] = [];
  readonly #rest = new Map<string, Placed[]>();
  #queued = 0;
  /** Those that should have one. */
  count = 0;

  add(one: Planned): void {
    const hasPlace = isQueued(one.step);
    if (hasPlace) this.#queued += 1;
    if (!isWorthARow(one)) return;
    this.count += 1;
    const placed = hasPlace ? { one, order: this.#queued } : { one };
    if (one.step.action === 'follow' || isInFlight(one)) put(this.#inFlight, placed, MOST.inFlight);
    else if (isFailed(one)) put(this.#failed, placed, MOST.failed);
    else if (hasPlace && this.#next.length < MOST.next) this.#next.push(placed);
    else put(this.#restOf(one.workload.namespace), placed, ROWS);
  }

  #restOf(namespace: string): Placed[] {
    const here = this.#rest.get(namespace) ?? [];
    this.#rest.set(namespace, here);
    return here;
  }

  chosen(): Placed[] {
    const all = [...this.#inFlight, ...this.#failed, ...this.#next];
    const turns = [...this.#rest.values()];
    for (let turn = 0; all.length < ROWS && turns.some((here) => turn < here.length); turn++)
      all.push(...turns.flatMap((here) => here[turn] ?? []).slice(0, ROWS - all.length));
    return all;
  }
}

const put = (into: Placed[], one: Placed, most: number): void => {
  if (into.length < most) into.push(one);
};

function statusRow({ one, order }: Placed, ahead: number): StatusRow {
  const { others: _, ...row } = rowOf(one, order, ahead);
  const run = one.injection?.run ?? one.entry?.run;
  return {
    ...row,
    name: cut(row.name, NAME_LIMIT),
    detail: cut(row.detail, DETAIL_LIMIT),
    ...(row.doNotDisrupt !== undefined && { doNotDisrupt: cut(row.doNotDisrupt, DETAIL_LIMIT) }),
    ...(run !== undefined && { run }),
    ...(isInFlight(one) && one.entry && { startedAt: timestamp(one.entry.restartedAt) }),
  };
}

/** Sums workloads by what they wait for. */
class Waits {
  readonly #sums = new Map<
    string,
    { workloads: number; until?: number; readonly example: Planned; readonly detail: string }
  >();

  add(one: Planned): void {
    const { step } = one;
    if (step.action !== 'wait') return;
    const { code, detail } = step.reason;
    const sum = this.#sums.get(code) ?? { workloads: 0, example: one, detail };
    this.#sums.set(code, sum);
    sum.workloads += 1;
    if (step.until !== undefined) sum.until = Math.min(sum.until ?? step.until, step.until);
  }

  /** The most frequent first. @param ahead what the wall clock is ahead of the steady one */
  all(ahead: number): WaitSum[] {
    return [...this.#sums]
      .sort(([a, { workloads: first }], [b, { workloads: second }]) => second - first || Number(a > b) - Number(a < b))
      .map(
        ([
          reason,
          {
            workloads,
            until,
            example: { workload },
            detail,
          },
        ]) => ({
          reason,
          workloads,
          ...(until !== undefined && { until: timestamp(until + ahead) }),
          example: {
            kind: workload.kind,
            namespace: workload.namespace,
            name: workload.name,
            detail: cut(detail, DETAIL_LIMIT),
          },
        }),
      );
  }
}

/** The key of a row's workload. */
export const rowKey = (row: StatusRow): string => keyOf(row);
