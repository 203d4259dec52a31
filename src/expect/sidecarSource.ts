import type { Workload } from '../model.ts';
import type { Answer } from './answer.ts';
import type { Filter } from './filter.ts';

/** An object in a namespace. */
export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

/** The fields that every entry of the policy's `sidecars` has, whatever its source. */
export interface DeclaredSidecar {
  /** A DNS label. It is shown to users, and it is part of the fingerprint that a restart is recorded with. */
  readonly name: string;
  readonly container: string;
  /** The workloads that it is about; absent for all. */
  readonly match?: readonly Filter[];
  /** Deployments whose rollout must be complete before a workload is restarted for this sidecar. */
  readonly readyFirst?: readonly NamespacedName[];
}

/** A sidecar that pods should have, and what says how it should be: an injector that is asked, or the policy itself. */
export interface SidecarSource extends DeclaredSidecar {
  /** What says how the sidecar should be, for users: `image hashicorp/vault:1.17.2`. */
  readonly origin: string;
  /**
   * Whether this source asks a webhook entry. A pod template may contain secrets, so a source asks only the entries that the policy names,
   * or Istio's own.
   */
  asks(configuration: string, entry: string): boolean;
  /** Of a source that asks no webhook. */
  readonly fixed?: FixedExpectation;
}

/** An expectation that no webhook is asked about. */
export interface FixedExpectation {
  /** What decides the expectation. Restarts with equal content form one run. */
  readonly content: unknown;
  expectation(workload: Workload): Answer;
}

/** A kind of source: one key of an entry of `sidecars`, next to `name`, `container`, `match` and `readyFirst`. */
export interface SourceKind {
  readonly key: string;
  /** What the value of the key is, for docs/sidecars.md. */
  readonly help: string;
  /** A value for docs/sidecars.md. */
  readonly example: string;
  /**
   * @param value the value of the key
   * @throws {Error} with a message that says what the value must be
   */
  sourceOf(declared: DeclaredSidecar, value: string): SidecarSource;
}
