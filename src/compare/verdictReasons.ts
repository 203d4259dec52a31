/** Every reason that a verdict can carry, with what it means. docs/reasons.md shows them. */
export const VERDICT_REASONS = {
  // skipped
  'not-injected': 'No injector entry matches the pods of this workload, and its pods carry no sidecar.',
  orphaned:
    'Pods carry an injected sidecar, yet no injector entry matches any more; a restart would strip it. Reported only.',
  'injector-declines': 'The matched injector answers that it would not inject (policy, hostNetwork, an annotation).',
  unsupported: 'The update strategy, named in the detail, is not one that a restart annotation rolls out pod by pod.',
  'scaled-to-zero': 'The workload has no replicas: its next pods will be right by themselves.',
  partitioned: 'The partition of the StatefulSet keeps every pod as it is.',
  'no-pods': 'The workload has no running pods to judge.',
  namespace:
    'The workload is outdated, and `--skip-namespaces` names its namespace. Meltemi lists it and never restarts it. Restart it yourself.',
  deleting: 'The workload or its namespace is being deleted.',
  // unknown and conflict: never restarted
  'injector-unreachable':
    'The matched injector cannot be reached, or answers no question at all. It is asked again with back-off.',
  'injector-refused': 'The injector answered allowed: false; new pods of this workload would be rejected.',
  'bad-answer':
    'The injector answers questions about other workloads, but for this one it answers with an error, too late or unusably. ' +
    'It is asked again with back-off.',
  'namespace-not-seen':
    'The namespace of the workload has not been seen yet, so its labels, which choose the injector, are unknown.',
  'not-read':
    'The workload or its namespace cannot be read at the moment, so what was seen before may be out of date. ' +
    'It is read again with back-off.',
  'match-conditions':
    'The matching entry has a matchCondition (CEL), named in the detail, that only the API server can evaluate.',
  'invalid-selector': 'A webhook entry carries a selector that Kubernetes would reject.',
  conflict: 'More than one injector entry matches: which sidecar wins is an accident.',
} as const;

export type VerdictReasonCode = keyof typeof VERDICT_REASONS;
