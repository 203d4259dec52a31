/** Every reason of a verdict, with its meaning. docs/reasons.md shows them. */
export const VERDICT_REASONS = {
  // skipped
  'not-injected': 'No injector entry matches the pods of this workload, and its pods have no sidecar.',
  orphaned:
    'Pods have an injected sidecar, but no injector would inject them any more. A restart would remove the sidecar, ' +
    'so Meltemi only reports it, unless `restartOn` has `orphaned`.',
  'injector-declines': 'The matched injector would not inject a sidecar (policy, hostNetwork, an annotation).',
  unsupported:
    'Meltemi does not restart owners of this kind, or with this update strategy. The detail names it, and how many pods are outdated.',
  'template-names-image':
    'The pod template itself has the container that an entry of `sidecars` names, so no injector decides about it. Change the template.',
  'no-such-container': 'An entry of `sidecars` wants an image for a container that no pod of the workload has.',
  'scaled-to-zero': 'The workload has no replicas. New pods will get the current sidecar without a restart.',
  partitioned: 'The partition of the StatefulSet keeps every pod unchanged.',
  'no-pods': 'The workload has no running pods to judge.',
  namespace:
    'The workload is outdated, and `--skip-namespaces` names its namespace. Meltemi lists it and never restarts it. Restart it yourself.',
  'canary-target':
    'The workload is the target of a Canary of Flagger. A restart would begin an analysis, so Meltemi restarts its primary and never ' +
    'the target.',
  'scaled-by-rollout':
    'A Rollout uses the pod template of this Deployment (`workloadRef`). A change of it would begin an update, so Meltemi restarts the ' +
    'Rollout and never the Deployment.',
  deleting: 'The workload or its namespace is being deleted.',
  // unknown and conflict: never restarted
  'injector-unreachable':
    'The matched injector cannot be reached, or answers no question at all. Meltemi asks again with back-off.',
  'injector-refused': 'The injector answered allowed: false; new pods of this workload would be rejected.',
  'bad-answer':
    'The injector answers questions about other workloads, but for this one it answers with an error, too late or unusably. ' +
    'Meltemi asks again with back-off.',
  'namespace-not-seen':
    'The namespace of the workload has not been seen yet, so its labels, which choose the injector, are unknown.',
  'not-read':
    'The workload or its namespace cannot be read at the moment, so what was seen before may be out of date. ' +
    'Meltemi reads it again with back-off.',
  'match-conditions':
    'The matching entry has a matchCondition (CEL), named in the detail, that only the API server can evaluate.',
  'invalid-selector': 'A webhook entry has a selector that Kubernetes would reject.',
  conflict: 'More than one injector entry matches, so it is left to chance which sidecar the pods get.',
} as const;

export type VerdictReasonCode = keyof typeof VERDICT_REASONS;
