import type { ReasonCode } from '../reasonCatalogue.ts';

/** When something is expected to be done, in milliseconds of the wall clock: as likely sooner as later, and with 90 %. */
export interface Eta {
  readonly median: number;
  readonly p90: number;
}

/** When a wave is expected to be done. */
export interface WaveEta {
  readonly name: string;
  readonly eta: Eta;
}

/** When a run is expected to be done. */
export interface RunEta {
  readonly run: string;
  readonly eta: Eta;
  /** In their order; empty if the policy has no waves. */
  readonly waves: readonly WaveEta[];
}

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
