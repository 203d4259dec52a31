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
