import type { DriftRules } from '../compare/drift.ts';
import type { Gate } from './gates.ts';

/** What the user allows. Times are milliseconds. */
export interface Policy extends DriftRules {
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
  /** Gates that are left open whatever they find. */
  readonly ignoreGate: ReadonlySet<Gate>;
  readonly skipNamespaces: ReadonlySet<string>;
}
