import type { Write } from '../../testbed/audit.ts';

/** A write with the user that it came from. */
export interface UserWrite extends Write {
  readonly user: string;
}

/** What the policy asked for, from a time on. Times are milliseconds. */
export interface PolicyMark {
  readonly time: number;
  readonly maxInFlight: number;
  readonly maxInFlightPerNamespace: number;
  /** 0 is no limit. */
  readonly maxRestartsPerMinute: number;
  /** The first part of the names of each wave's namespaces, in order; what none names comes after them. */
  readonly waves: readonly string[];
  readonly bake: number;
  /** While paused, no pod is evicted either; a freeze lets a restart that has begun come to its end. */
  readonly closed?: 'paused' | 'frozen';
}

/** A pod template that a workload had, by the restart that stands in it. */
export interface Revision {
  /** `resource/namespace/name`. */
  readonly workload: string;
  readonly uid: string;
  /** The annotation `kubectl.kubernetes.io/restartedAt`. */
  readonly restartedAt: string;
}

/** Everything that the invariants judge: from the audit log of the API server, and from the cluster as it stands in the end. */
export interface History {
  /** Of the operators and of the testbed, in the order in which they arrived. */
  readonly writes: readonly UserWrite[];
  /** The users that are operators. */
  readonly operators: readonly string[];
  /** Oldest first; the first one is older than every write. */
  readonly policies: readonly PolicyMark[];
  /** Namespaces that are opted out, all the time. */
  readonly optedOut: readonly string[];
  readonly revisions: readonly Revision[];
}

/** One breach: what happened, and the lines of the audit log that show it. */
export interface Breach {
  readonly what: string;
  readonly lines: readonly UserWrite[];
}

/** What must hold in every history. */
export interface Invariant {
  readonly name: string;
  readonly breaches: (history: History) => readonly Breach[];
}

/** When a write arrived, as near as the log tells. */
export const arrival = ({ received, time }: UserWrite): number => received ?? time;

/**
 * How long an operator may still act on the policy before: it reads the file each second, twice before it believes it, and what it has
 * sent may be held up on its way.
 */
const POLICY_LAG = 8000;

/** Every policy by which a write at a time may have been decided. */
export function policiesAt({ policies }: History, time: number): readonly PolicyMark[] {
  return policies.filter((_, index) => {
    const end = policies[index + 1]?.time ?? Number.POSITIVE_INFINITY;
    return (policies[index]?.time ?? 0) <= time && end > time - POLICY_LAG;
  });
}

/** The widest of a limit under these policies, where 0 may stand for none. */
export const widest = (limits: readonly number[]): number =>
  Math.max(...limits.map((limit) => (limit === 0 ? Number.POSITIVE_INFINITY : limit)));
