import type { Workload } from '../model.ts';

/** What an actuator writes to begin a restart. */
export interface Beginning {
  readonly spec: object;
}

/** A way to restart workloads. What it writes is journalled first, and goes out in one patch with the record. */
export interface Actuator {
  /** For the documentation: `restarted by …`. */
  readonly help: string;
  /** Verbs on the workload that it takes besides reading it. */
  readonly verbs: readonly ['patch'];
  /** What begins a restart, as a JSON merge patch on the workload. Its metadata is the record's. */
  readonly begin: (restartedAt: number) => Beginning;
  /** The time of the newest restart that the workload carries, by any writer; undefined where it carries none. */
  readonly begunAt: (workload: Workload) => number | undefined;
}
