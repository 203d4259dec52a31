import { keyOf } from '../model.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { isInFlight, type JournalEntries } from '../plan/journalEntry.ts';
import { isFailure } from '../plan/outcomes.ts';
import type { Planned } from '../plan/plan.ts';
import type { AllRunNotes } from '../plan/runNotes.ts';
import { cut } from '../report/escaped.ts';
import { proxyVersions } from '../report/proxyVersions.ts';
import { rowOf } from '../report/row.ts';
import { timestamp } from '../rfc3339.ts';
import { controlPlanesOf, runsOf } from './runsOf.ts';
import { type Counts, NO_COUNTS, type StatusDocument, type StatusRow, type WaitSum } from './statusDocument.ts';

export interface StatusContext {
  /** When the evaluation was made, by the wall clock in milliseconds. */
  readonly wall: number;
  readonly entries: JournalEntries;
  readonly notes: AllRunNotes;
}

const NAMESPACES = 200;
const ROWS = 300;
/** Most of each sort, so that many of one sort leave room for the others. */
const MOST = { inFlight: 100, failed: 60, next: 20 };
const DETAIL_LIMIT = 200;
const NAME_LIMIT = 253;

/** Counts while they are made. */
type Counting = { -readonly [Count in keyof Counts]: number };

/** What users are told of an evaluation. Pure. Its size is bounded, whatever the cluster has. */
export function statusOf(evaluation: Evaluation, { wall, entries, notes }: StatusContext): StatusDocument {
  const { items, at } = evaluation;
  const counts: Counting = { ...NO_COUNTS };
  const namespaces = new Map<string, Counting>();
  let unsupportedPods = 0;
  for (const one of items) {
    if (one.workload.unsupported) {
      if ('outdatedPods' in one.verdict) unsupportedPods += one.verdict.outdatedPods;
      continue;
    }
    if (isOutside(one)) continue;
    const here = namespaces.get(one.workload.namespace) ?? { ...NO_COUNTS };
    namespaces.set(one.workload.namespace, here);
    for (const each of [counts, here]) count(each, one);
  }
  const rows = chosen(items);
  const told = items.filter(isWorthARow).length;
  return {
    version: 1,
    at: timestamp(wall),
    counts,
    unsupportedPods,
    controlPlanes: controlPlanesOf(items),
    proxies: [...proxyVersions(items)].map(([version, pods]) => ({ version, pods })),
    namespaces: [...namespaces]
      .map(([namespace, of]) => ({ namespace, ...of }))
      .sort((a, b) => left(b) - left(a) || Number(a.namespace > b.namespace) - Number(a.namespace < b.namespace))
      .slice(0, NAMESPACES),
    waits: waitsIn(items),
    runs: runsOf(evaluation, { entries, notes, toWall: (steady) => steady + wall - at }),
    workloads: rows.map(statusRow),
    leftOut: told - rows.length,
  };
}

/** Not in the mesh at all. */
const isOutside = ({ verdict }: Planned): boolean =>
  verdict.state === 'skipped' && verdict.reason.code === 'not-injected';

/** Whether its last restart failed and it is still not current. Only the journal counts: what a workload carries, its owners may have written. */
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

/** The workloads that get a row: in flight, failed, next, and then what is left, one of each namespace after the other. */
function chosen(items: readonly Planned[]): Planned[] {
  const inFlight: Planned[] = [];
  const failed: Planned[] = [];
  const next: Planned[] = [];
  const rest = new Map<string, Planned[]>();
  for (const one of items) {
    if (!isWorthARow(one)) continue;
    const { step, workload } = one;
    if (step.action === 'follow' || isInFlight(one)) put(inFlight, one, MOST.inFlight);
    else if (isFailed(one)) put(failed, one, MOST.failed);
    else if ('order' in step && step.order !== undefined && next.length < MOST.next) next.push(one);
    else {
      const here = rest.get(workload.namespace) ?? [];
      rest.set(workload.namespace, here);
      put(here, one, ROWS);
    }
  }
  const first = [...inFlight, ...failed, ...next];
  const turns = [...rest.values()];
  for (let turn = 0; first.length < ROWS && turns.some((here) => turn < here.length); turn++)
    first.push(...turns.flatMap((here) => here[turn] ?? []).slice(0, ROWS - first.length));
  return first;
}

const put = (into: Planned[], one: Planned, most: number): void => {
  if (into.length < most) into.push(one);
};

function statusRow(one: Planned): StatusRow {
  const { others: _, ...row } = rowOf(one);
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

/** Every reason to wait, the most frequent first. */
function waitsIn(items: readonly Planned[]): WaitSum[] {
  const sums = new Map<string, { workloads: number; until?: number; example: Planned; detail: string }>();
  for (const one of items) {
    const { step } = one;
    if (step.action !== 'wait') continue;
    const { code, detail } = step.reason;
    const sum = sums.get(code) ?? { workloads: 0, example: one, detail };
    sums.set(code, sum);
    sum.workloads += 1;
    if (step.until !== undefined) sum.until = Math.min(sum.until ?? step.until, step.until);
  }
  return [...sums]
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
        ...(until !== undefined && { until: timestamp(until) }),
        example: {
          kind: workload.kind,
          namespace: workload.namespace,
          name: workload.name,
          detail: cut(detail, DETAIL_LIMIT),
        },
      }),
    );
}

/** The key of a row's workload. */
export const rowKey = (row: StatusRow): string => keyOf(row);
