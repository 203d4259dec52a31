import { sidecarWord } from '../compare/verdict.ts';
import { type Injection, injectorWord } from '../expect/mesh.ts';
import { isInFlight, type JournalEntries } from '../plan/journalEntry.ts';
import { isFailure } from '../plan/outcomes.ts';
import type { Planned } from '../plan/plan.ts';
import { targetsOf } from '../plan/record.ts';
import type { AllRunNotes } from '../plan/runNotes.ts';
import { REST, type RunWaves, type WaveProgress } from '../plan/wave.ts';
import { cut } from '../report/escaped.ts';
import { versionOf } from '../report/proxyVersions.ts';
import { timestamp } from '../rfc3339.ts';
import type { ControlPlane, Eta, RunStatus, WaveStatus } from './statusDocument.ts';

/** What an evaluation may know of runs besides: their waves, and when they are expected to be done. */
export interface KnownOfRuns {
  readonly waves?: readonly RunWaves[];
  readonly eta?: {
    readonly runs: readonly { readonly run: string; readonly eta: NonNullable<WaveProgress['eta']> }[];
  };
}

export interface RunContext {
  readonly entries: JournalEntries;
  readonly notes: AllRunNotes;
  /** Of a time of the steady clock, that of the wall clock. */
  readonly toWall: (steady: number) => number;
}

const RUNS = 20;
const DETAIL_LIMIT = 200;

/** A run while it is counted. */
interface Counted {
  readonly injection: Injection;
  to?: string;
  total: number;
  current: number;
  inFlight: number;
  failed: number;
  waiting: number;
  isStarting: boolean;
}

/** Sums workloads by the run that they belong to. */
export class Runs {
  readonly #counted = new Map<string, Counted>();

  add(one: Planned): void {
    const { injection, verdict, workload } = one;
    if (!injection || workload.unsupported || !['current', 'outdated'].includes(verdict.state)) return;
    const none = { total: 0, current: 0, inFlight: 0, failed: 0, waiting: 0, isStarting: false };
    const run = this.#counted.get(injection.run) ?? { injection, ...none };
    this.#counted.set(injection.run, run);
    add(run, one);
  }

  /** The runs that have something to restart, or have restarted something, with their waves. Without waves, all is one. */
  all({ waves = [], eta: ends }: KnownOfRuns, { entries, notes, toWall }: RunContext): RunStatus[] {
    const begun = begunAt(entries);
    const known = new Map(waves.map((one) => [one.run, one.waves]));
    return [...this.#counted]
      .filter(([run, { total, current }]) => total > current || begun.has(run))
      .sort(([, a], [, b]) => b.total - b.current - (a.total - a.current))
      .slice(0, RUNS)
      .map(([run, counted]) => {
        const { injection, to } = counted;
        const startedAt = notes.get(run)?.startedAt ?? begun.get(run);
        const table = (known.get(run) ?? [restOf(counted)]).map((wave) => waveStatus(wave, toWall));
        const end = ends?.runs.find((one) => one.run === run)?.eta;
        const eta = end && counted.total > counted.current ? etaText(end) : etaOf(table);
        return {
          id: run,
          injector: cut(injectorWord(injection), DETAIL_LIMIT),
          ...(injection.entry?.revision && { revision: injection.entry.revision }),
          ...(to !== undefined && { to }),
          ...(startedAt !== undefined && { startedAt: timestamp(startedAt) }),
          ...(eta && { eta }),
          waves: table,
        };
      });
  }
}

/** When the first known restart of each run was decided. */
function begunAt(entries: JournalEntries): Map<string, number> {
  const begun = new Map<string, number>();
  for (const entry of entries.values())
    for (const { run, restartedAt } of targetsOf(entry))
      begun.set(run, Math.min(begun.get(run) ?? restartedAt, restartedAt));
  return begun;
}

function add(run: Counted, one: Planned): void {
  const { verdict, step, entry } = one;
  run.total += 1;
  if (verdict.state === 'outdated') run.to ??= sidecarWord(verdict.expected);
  if (step.action === 'follow' || isInFlight(one)) run.inFlight += 1;
  else if (verdict.state === 'current') run.current += 1;
  else if (isFailure(entry?.outcome)) run.failed += 1;
  else run.waiting += 1;
  run.isStarting ||= step.action === 'restart';
}

/** The only wave of a run without waves. */
function restOf({ total, current, inFlight, failed, waiting, isStarting }: Counted): WaveProgress {
  const isRunning = inFlight > 0 || isStarting;
  const state = total === current ? 'done' : isRunning ? 'running' : 'waiting';
  return { name: REST, state, total, current, inFlight, failed, waiting };
}

function waveStatus({ detail, until, eta, ...wave }: WaveProgress, toWall: RunContext['toWall']): WaveStatus {
  return {
    ...wave,
    ...(detail !== undefined && { detail: cut(detail, DETAIL_LIMIT) }),
    ...(until !== undefined && { until: timestamp(toWall(until)) }),
    ...(eta && { eta: etaText(eta) }),
  };
}

const etaText = ({ median, p90 }: NonNullable<WaveProgress['eta']>): Eta => ({
  median: timestamp(median),
  p90: timestamp(p90),
});

/** The end of a run is that of its last wave; unknown if that of any wave is unknown. RFC 3339 of one zone sorts as text. */
function etaOf(waves: readonly WaveStatus[]): Eta | undefined {
  const open = waves.filter(({ state }) => state !== 'done');
  const etas = open.flatMap(({ eta }) => eta ?? []);
  if (etas.length === 0 || etas.length < open.length) return undefined;
  const latest = (times: readonly string[]): string => times.toSorted().at(-1) ?? '';
  return { median: latest(etas.map(({ median }) => median)), p90: latest(etas.map(({ p90 }) => p90)) };
}

const CONTROL_PLANES = 20;

/** The control planes whose injectors decide about workloads. */
export class ControlPlanes {
  readonly #known = new Map<string, ControlPlane>();

  add({ injection }: Planned): void {
    if (!injection?.entry || injection.source || this.#known.has(injection.run)) return;
    const { entry, istiod } = injection;
    const version = istiod && versionOf(istiod.image);
    this.#known.set(injection.run, {
      injector: cut(entry.configuration, DETAIL_LIMIT),
      revision: cut(entry.revision, DETAIL_LIMIT),
      ...(version !== undefined && { version }),
    });
  }

  all(): ControlPlane[] {
    return [...this.#known.values()].slice(0, CONTROL_PLANES);
  }
}
