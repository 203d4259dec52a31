import type { Workload } from '../model.ts';

/** The change that starts a restart; without `spec` only the record is written. */
export interface Beginning {
  readonly spec?: object;
}

/** A way to restart workloads. The journal records the restart first; then one patch writes the change and the record. */
export interface Actuator {
  /** Text for the documentation: `restarted by …`. */
  readonly help: string;
  /** What a restart sets, at the beginning of a sentence about it. */
  readonly mark: string;
  /** The verbs on the workload that it needs besides read access. */
  readonly verbs: readonly ['patch'];
  /** No controller replaces its pods. Meltemi evicts them, one after the other, once the record is written. */
  readonly evicts?: true;
  /** The change that starts a restart, as a JSON merge patch on the workload. It must not set metadata, which the record sets. */
  readonly begin: (restartedAt: number) => Beginning;
  /** The time of the newest restart on the workload, by any writer; undefined if there is none. */
  readonly begunAt: (workload: Workload) => number | undefined;
  /** Its controller reports the end while the last new pods may not be ready yet, so these are counted. */
  readonly endsBeforeReady?: true;
}
