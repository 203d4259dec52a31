import { sidecarWord, type Verdict } from '../compare/verdict.ts';
import { type Injection, injectorWord } from '../expect/mesh.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import type { JournalEntries } from '../plan/journalEntry.ts';
import type { Planned } from '../plan/plan.ts';
import { targetsOf } from '../plan/record.ts';
import type { AllRunNotes } from '../plan/runNotes.ts';
import type { RunWaves, WaveProgress } from '../plan/wave.ts';
import { cut } from '../report/escaped.ts';
import { machineEta } from '../report/machineRuns.ts';
import { versionOf } from '../report/proxyVersions.ts';
import { timestamp } from '../rfc3339.ts';
import type { ControlPlane, Eta, RunStatus, WaveStatus } from './statusDocument.ts';

/** What is told of runs: their waves, and when they are expected to be done, if that is known. */
export type Told = Pick<Evaluation, 'waves'> & {
  readonly eta?: {
    readonly runs: readonly { readonly run: string; readonly eta: NonNullable<WaveProgress['eta']> }[];
  };
};

export interface RunContext {
  readonly entries: JournalEntries;
  readonly notes: AllRunNotes;
  /** Of a time of the steady clock, that of the wall clock. */
  readonly toWall: (steady: number) => number;
}

const RUNS = 20;
const DETAIL_LIMIT = 200;

/** What a run restarts towards. */
interface Towards {
  readonly injection: Injection;
  to?: string;
}

/** Collects what the runs of workloads restart towards. */
export class Runs {
  readonly #towards = new Map<string, Towards>();

  add({ injection, verdict, others, workload }: Planned): void {
    if (workload.unsupported) return;
    this.#add(injection, verdict);
    for (const other of others ?? []) this.#add(other.injection, other.verdict);
  }

  #add(injection: Injection | undefined, verdict: Verdict): void {
    if (!injection) return;
    const run = this.#towards.get(injection.run) ?? { injection };
    this.#towards.set(injection.run, run);
    if (verdict.state === 'outdated') run.to ??= sidecarWord(verdict.expected);
  }

  /** The runs that have something to restart, or have restarted something, with their waves. */
  all({ waves, eta: ends }: Told, { entries, notes, toWall }: RunContext): RunStatus[] {
    const begun = begunAt(entries);
    return waves
      .filter((one) => leftOf(one) > 0 || begun.has(one.run))
      .sort((a, b) => leftOf(b) - leftOf(a))
      .flatMap((one) => {
        const towards = this.#towards.get(one.run);
        return towards ? [{ ...one, ...towards }] : [];
      })
      .slice(0, RUNS)
      .map(({ run, waves: all, injection, to }) => {
        const startedAt = notes.get(run)?.startedAt ?? begun.get(run);
        const table = all.map((wave) => waveStatus(wave, toWall));
        const end = ends?.runs.find((one) => one.run === run)?.eta;
        const eta = end && table.some(isOpen) ? machineEta(end) : etaOf(table);
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

/** How many workloads of a run are not current. */
const leftOf = ({ waves }: RunWaves): number => waves.reduce((sum, { total, current }) => sum + total - current, 0);

const isOpen = ({ state }: WaveStatus): boolean => state !== 'done';

/** When the first known restart of each run was decided. */
function begunAt(entries: JournalEntries): Map<string, number> {
  const begun = new Map<string, number>();
  for (const entry of entries.values())
    for (const { run, restartedAt } of targetsOf(entry))
      begun.set(run, Math.min(begun.get(run) ?? restartedAt, restartedAt));
  return begun;
}

function waveStatus({ detail, until, eta, ...wave }: WaveProgress, toWall: RunContext['toWall']): WaveStatus {
  return {
    ...wave,
    ...(detail !== undefined && { detail: cut(detail, DETAIL_LIMIT) }),
    ...(until !== undefined && { until: timestamp(toWall(until)) }),
    ...(eta && { eta: machineEta(eta) }),
  };
}

/** The end of a run is that of its last wave; unknown if that of any wave is unknown. RFC 3339 of one zone sorts as text. */
function etaOf(waves: readonly WaveStatus[]): Eta | undefined {
  const open = waves.filter(isOpen);
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
