/** Every reason of a verdict, with its meaning and what ends it. docs/reasons.md shows them. */
export const VERDICT_REASONS = {
  // skipped
  'not-injected': {
    help: 'No injector entry matches the pods of this workload, and its pods have no sidecar.',
    ends: 'You label its namespace or its pod template for injection. A workload outside of the mesh needs nothing.',
  },
  orphaned: {
    help:
      'Pods have an injected sidecar, but no injector would inject them any more. A restart would remove the sidecar, ' +
      'so Meltemi only reports it, unless `restartOn` has `orphaned`.',
    ends:
      'An injector entry matches again: set the label or the tag that is missing. Or let Meltemi remove the sidecar, ' +
      'with `orphaned` in `restartOn`.',
  },
  'injector-declines': {
    help: 'The matched injector would not inject a sidecar (policy, hostNetwork, an annotation).',
    ends: "The injector's policy or the pod template changes, so that a sidecar would be injected.",
  },
  unsupported: {
    help:
      'Meltemi does not restart owners of this kind, or with this update strategy. The detail names it, and how many ' +
      'pods are outdated.',
    ends: 'Its own controller replaces the pods, or you do. A CronJob does with its next Job.',
  },
  'template-names-image': {
    help:
      'The pod template itself has the container that an entry of `sidecars` names, so no injector decides about it. ' +
      'Change the template.',
    ends: 'You change the image in the pod template, or take the container out of it.',
  },
  'no-such-container': {
    help: 'An entry of `sidecars` wants an image for a container that no pod of the workload has.',
    ends: 'A pod of the workload has the container, or `match` of the entry no longer matches the workload.',
  },
  'scaled-to-zero': {
    help: 'The workload has no replicas. New pods will get the current sidecar without a restart.',
    ends: 'You scale the workload up.',
  },
  partitioned: {
    help: 'The partition of the StatefulSet keeps every pod unchanged.',
    ends: 'You lower `partition` of its update strategy.',
  },
  'no-pods': {
    help: 'The workload has no running pods to judge.',
    ends: 'The workload has running pods.',
  },
  namespace: {
    help:
      'The workload is outdated, and `--skip-namespaces` names its namespace. Meltemi lists it and never restarts ' +
      'it. Restart it yourself.',
    ends: 'You restart it, or take its namespace out of `--skip-namespaces`.',
  },
  'canary-target': {
    help:
      'The workload is the target of a Canary of Flagger. A restart would begin an analysis, so Meltemi restarts its primary and never ' +
      'the target.',
    ends: 'Nothing: this is how it should be. Its primary is restarted instead.',
  },
  'scaled-by-rollout': {
    help:
      'A Rollout uses the pod template of this Deployment (`workloadRef`). A change of it would begin an update, so Meltemi restarts the ' +
      'Rollout and never the Deployment.',
    ends: 'Nothing: this is how it should be. The Rollout is restarted instead.',
  },
  deleting: {
    help: 'The workload or its namespace is being deleted.',
    ends: 'The deletion ends.',
  },
  // unknown and conflict: never restarted
  'injector-unreachable': {
    help: 'The matched injector cannot be reached, or answers no question at all. Meltemi asks again with back-off.',
    ends: 'The injector answers. Check that its Service has ready pods, and that no NetworkPolicy keeps Meltemi from them.',
  },
  'injector-refused': {
    help: 'The injector answered `allowed: false`, so the API server would reject new pods of this workload.',
    ends: 'The injector accepts the pod template. The detail has its message, often about an annotation that you can correct.',
  },
  'bad-answer': {
    help:
      'The injector answers questions about other workloads, but its answer for this one is an error, too late or not usable. ' +
      'Meltemi asks again with back-off.',
    ends: "The injector answers the question about this workload. The detail says what was wrong, and istiod's log may say why.",
  },
  'namespace-not-seen': {
    help: 'The namespace of the workload has not been seen yet, so its labels, which choose the injector, are unknown.',
    ends: 'The watch of Namespaces shows it, usually within a second.',
  },
  'not-read': {
    help:
      'The workload or its namespace cannot be read at the moment, so what was seen before may be out of date. ' +
      'Meltemi reads it again with back-off.',
    ends: 'The workload can be read again. The detail says why it cannot: a missing right, or a problem of the API server.',
  },
  'match-conditions': {
    help: 'The matching entry has a matchCondition (CEL), named in the detail, that only the API server can evaluate.',
    ends: 'You replace the matchCondition with selectors, or restart the workload yourself.',
  },
  'invalid-selector': {
    help: 'A webhook entry has a selector that Kubernetes would reject.',
    ends: 'You correct the selector of the webhook entry.',
  },
  conflict: {
    help: 'More than one injector entry matches, so it is left to chance which sidecar the pods get.',
    ends: 'Only one entry matches: change a label, or a selector of one of the webhooks that the detail names.',
  },
} as const;

export type VerdictReasonCode = keyof typeof VERDICT_REASONS;
