import { RESTART_ANNOTATION, RETRY } from './names.ts';

/**
 * Every reason a verdict or a deferral can carry, with what it means. The code is a metric label and a JSON field, so the set is closed;
 * the detail names the objects and values at hand. The table in docs/reasons.md is generated from here.
 */
export const REASONS = {
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
    'The injector answers questions about other workloads, but for this one it answers with an error, too late ' +
    'or unusably. It is asked again with back-off.',
  'namespace-not-seen':
    'The namespace of the workload has not been seen yet, so its labels, which choose the injector, are unknown.',
  'not-read':
    'The workload or its namespace cannot be read at the moment, so what was seen before may be out of date. ' +
    'It is read again with back-off.',
  'match-conditions':
    'The matching entry has a matchCondition (CEL), named in the detail, that only the API server can evaluate.',
  'invalid-selector': 'A webhook entry carries a selector that Kubernetes would reject.',
  conflict: 'More than one injector entry matches: which sidecar wins is an accident.',
  // outdated, but somebody said no
  'opted-out': `The annotation \`${RESTART_ANNOTATION}\` on the workload, or else on its namespace, says no.`,
  'not-opted-in': `Only what carries \`${RESTART_ANNOTATION}: "true"\` is restarted (\`optIn\`), and it does not.`,
  excluded:
    'A filter of the policy, named in the detail, excludes the workload, or it is none that the policy includes.',
  // outdated, but waiting
  'operator-paused': 'A person has paused Meltemi, by the annotation on its Lease or with `meltemi pause`.',
  'in-flight': 'A restart of this workload is being followed.',
  'gave-up':
    'A restart for this sidecar was made and did not bring it, or its end is unknown. ' +
    `It is not repeated; \`${RETRY}\` asks for one more.`,
  'daily-cap':
    'Within 24 hours, as many restarts of this workload ended badly as `--max-restarts-per-day` allows, or ten ' +
    'ended well. The next one waits until one of them is a day old.',
  halted:
    'Too many restarts failed, or new pods became ready without their sidecar, in this namespace or in ' +
    'several. Restarts wait until the injector changes or a person resumes.',
  'owner-reverts':
    'An owner of the same kind has taken back a restart of another workload, in this namespace or in several. ' +
    'Restarts wait until the injector changes or a person resumes.',
  'watch-stale': 'Something that decides the expectation cannot be watched at the moment, named in the detail.',
  'config-read-delay': 'The injector configuration changed a moment ago; istiod is given time to read it.',
  'istiod-rolling': "The rollout of the revision's istiod is not complete (gate G1).",
  'chart-mismatch':
    'The injector ConfigMap and the istiod Deployment come from different chart versions: an upgrade is half-way (gate G2).',
  'unconfirmed-answer': 'The injector was asked again and has not yet, or not, given the same answer (gate G3).',
  'proxy-newer-than-istiod': 'The expected proxy is newer than the running control plane (gate G4).',
  paused: 'The rollout is paused.',
  rolling: 'A rollout of this workload is in progress.',
  outage: 'Its rollout would leave no pod for a while, and `--recreate=hold` forbids that.',
  unavailable: 'More pods are unavailable than its own update strategy allows.',
  pdb: 'A PodDisruptionBudget allows no disruption now, or another workload under the same budget is being restarted.',
  error: 'The last attempt met an error; it is tried again with back-off.',
  cooldown: 'It was restarted a moment ago (annotation cooldown).',
  'max-in-flight': 'As many restarts are in flight as allowed overall.',
  'max-in-flight-per-namespace': 'As many restarts are in flight in this namespace as allowed.',
  'owner-kind': 'Another workload of the same kind of owner is being restarted; those of one operator go one by one.',
  'first-of-its-kind':
    'The cluster seems to rewrite the images that the injector names. The first restart for this sidecar must ' +
    'end before others begin: it shows how.',
  'own-workload': 'It is Meltemi itself, which goes last.',
  'max-restarts-per-minute': 'As many restarts were written within the last minute as allowed.',
  'restart-delay': 'The last restart was written a moment ago.',
} as const;

export type ReasonCode = keyof typeof REASONS;

/** Why something is as it is: `code` for machines, `detail` for people. */
export interface Reason {
  readonly code: ReasonCode;
  readonly detail: string;
}

/** A reason from the catalogue. @param detail what is so in this case, for people */
export const reason = (code: ReasonCode, detail: string): Reason => ({ code, detail });
