import type { ImageRules } from '../compare/imageReference.ts';

/** What the user allows. Times are milliseconds. */
export interface Policy extends ImageRules {
  readonly maxInFlight: number;
  readonly maxInFlightPerNamespace: number;
  /** Least time between two writes. */
  readonly restartDelay: number;
  /** Least time between two restarts of one workload. */
  readonly annotationCooldown: number;
  /** Extra wait after an injector's content changed. */
  readonly istiodConfigReadDelay: number;
  readonly restartTimeout: number;
  /** Failures of one run that halt it. */
  readonly failureBudget: number;
  readonly maxAttempts: number;
  readonly skipNamespaces: ReadonlySet<string>;
}
