/** Every name that a rename would touch. Charts, bundle and docs are generated from, or compared with, these. */
export const PRODUCT = 'meltemi';
export const HOME_PAGE = 'https://github.com/meltemi-mesh/meltemi';
export const FIELD_MANAGER = PRODUCT;
export const ENV_PREFIX = 'MELTEMI_';
export const LEASE_NAME = PRODUCT;

const DOMAIN = 'meltemi.dev';

/**
 * Annotations that Meltemi writes on the workload itself, never on its pods: together they are the record of one restart. Users
 * read them. They can only make Meltemi more careful about this workload; what counts for the cluster is in the journal.
 */
export const ANNOTATION = {
  /** Fingerprint of the sidecar the restart was made for. */
  restartedFor: `${DOMAIN}/restarted-for`,
  /** RFC 3339 time of the write; equal to the value put on the pod template. */
  restartedAt: `${DOMAIN}/restarted-at`,
  /** Number of writes in this episode of drift. */
  attempts: `${DOMAIN}/attempts`,
  /** Times of the latest writes, for any sidecar, with `ok` after those whose restart ended well. */
  writes: `${DOMAIN}/writes`,
  /** The run that the restart belongs to: restarts towards one content of an injector. */
  run: `${DOMAIN}/run`,
  /** The value of `meltemi.dev/retry` at the time of the write. Another value requests one more restart. */
  retried: `${DOMAIN}/retried`,
  /** How the restart ended; empty while it is in flight. */
  outcome: `${DOMAIN}/outcome`,
  /** Only if the policy names other sidecars: what else restarts were for, each with its time, attempts, run and outcome. */
  others: `${DOMAIN}/other-sidecars`,
  /** How many seconds the last three restarts took that ended well, newest first; absent as long as none has. */
  durations: `${DOMAIN}/durations`,
} as const;

/** Requests one more restart for the same sidecar. A user sets it on a workload, to a value that it did not have before. */
export const RETRY = `${DOMAIN}/retry`;

/** Annotations of the Lease: what users request from the leader, the leader's answer, and its journal. */
export const LEASE_ANNOTATION = {
  /** Present and not `false`: no new restart begins. The value is shown as the reason. */
  paused: `${DOMAIN}/paused`,
  /** Any new value ends the halts that failures have caused so far. */
  resume: `${DOMAIN}/resume`,
  /** The last value of `resume` that the leader has acted on. */
  resumed: `${DOMAIN}/resumed`,
  /** RFC 3339 time at which the leader acted on it. */
  resumedAt: `${DOMAIN}/resumed-at`,
  /** What Meltemi has restarted and how that ended; only the leader writes it. */
  journal: `${DOMAIN}/journal`,
  /** What the leader's last evaluation says, for `meltemi status`; only the leader writes it. */
  status: `${DOMAIN}/status`,
} as const;
/** Opts a workload or a namespace in or out: with `"false"` it is not restarted. */
export const RESTART_ANNOTATION = `${DOMAIN}/restart`;
/** Restricts the restarts of a workload, or of all in a namespace, to certain times. */
export const WINDOW_ANNOTATION = `${DOMAIN}/window`;

/**
 * The template annotation that makes a controller roll. It is kubectl's own key (kubectl/pkg/polymorphichelpers/objectrestarter.go):
 * GitOps tools and operators know it and leave it alone.
 */
export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** Annotations of pods that ask node autoscalers not to remove them, each with the value that does. */
const DO_NOT_DISRUPT = {
  // karpenter.sh/docs/concepts/disruption
  'karpenter.sh/do-not-disrupt': 'true',
  // kubernetes/autoscaler cluster-autoscaler/FAQ.md
  'cluster-autoscaler.kubernetes.io/safe-to-evict': 'false',
} as const;

export const DO_NOT_DISRUPT_KEYS: readonly string[] = Object.keys(DO_NOT_DISRUPT);
const ENTRIES = Object.entries(DO_NOT_DISRUPT);

/** The annotation that asks not to disrupt a pod, with its value, such as `karpenter.sh/do-not-disrupt: "true"`. */
export function doNotDisruptIn(annotations: Readonly<Record<string, string>>): string | undefined {
  const found = ENTRIES.find(([key, value]) => annotations[key] === value);
  return found && `${found[0]}: "${found[1]}"`;
}

/** Fortsa's restart annotation; its cooldown is honoured so that both can run during a migration. */
export const FORTSA_RESTARTED_AT = 'fortsa.scaffidi.net/restartedAt';
