/** Every Event reason, with the type it is sent as and what it tells; the table in docs/reporting.md is generated from here. */
export const EVENT_REASONS = {
  SidecarOutdated: {
    type: 'Normal',
    help: 'The workload is outdated. The message has its sidecar and the one that its injector would give it now.',
  },
  SidecarRestarted: {
    type: 'Normal',
    help: 'A restart has ended, and every pod has the expected sidecar.',
  },
  RestartFailed: {
    type: 'Warning',
    help: 'A restart did not bring the expected sidecar; it is not repeated for the same sidecar.',
  },
  RestartsHalted: {
    type: 'Warning',
    help:
      'Too many restarts failed, or new pods became ready without their sidecar. Restarts wait until the ' +
      'injector changes or you run `meltemi resume`.',
  },
  GateClosed: {
    type: 'Warning',
    help: 'A gate has kept restarts back for 30 minutes.',
  },
  MetricGateClosed: {
    type: 'Warning',
    help: 'A metric gate has kept restarts back for its `timeLimit`. It stays closed until Prometheus gives a good answer.',
  },
  RestartWaiting: {
    type: 'Warning',
    help: 'A PodDisruptionBudget has kept a restart back for an hour.',
  },
  RolloutGroupProblem: {
    type: 'Warning',
    help: 'A rollout group is not set up correctly. Meltemi skips its StatefulSets, or evicts one pod at a time.',
  },
  ImageRewritten: {
    type: 'Normal',
    help: 'A restart has shown that the cluster rewrites the images that the injector names. Pods with the rewritten image are current.',
  },
  RecordRefused: {
    type: 'Normal',
    help: "Admission rejects Meltemi's annotations on a workload, so Meltemi restarts it without them. Sent once per namespace.",
  },
  JournalLost: {
    type: 'Warning',
    help:
      'The journal on the Lease was gone or could not be read. Meltemi continues with what it has in memory and ' +
      'with the records on the workloads.',
  },
  InjectorUnreachable: {
    type: 'Warning',
    help: 'An injector does not answer; its workloads are neither assessed nor restarted meanwhile.',
  },
  RunFinished: {
    type: 'Normal',
    help: 'No restart of a run is in flight, and none will follow by itself. The message is the summary of the run.',
  },
  PolicyRejected: {
    type: 'Warning',
    help: 'The policy file is not valid any more, or is gone. The last valid one stays in force.',
  },
  PolicyLoaded: {
    type: 'Normal',
    help: 'The policy file has changed. The new policy is in force.',
  },
} as const;

export type EventReason = keyof typeof EVENT_REASONS;
