/** The properties of an outcome. */
interface OutcomeFacts {
  /** One sentence for docs/reporting.md. */
  readonly help: string;
  /** The label of `restarts_total`. */
  readonly result: 'verified' | 'reverted' | 'superseded' | 'interrupted' | 'failed';
  /** Whether it counts against the failure budgets. */
  readonly failure: boolean;
  /** Whether the daily cap counts it among the restarts that ended well. */
  readonly well: boolean;
  /** It proves nothing about its sidecar, so another restart for the same sidecar may follow. */
  readonly provesNothing?: true;
}

const FAILED = { result: 'failed', failure: true, well: false } as const;

/** Every outcome of a restart. The table in docs/reporting.md is generated from here. */
export const OUTCOMES = {
  verified: {
    help: 'Every pod is ready with the expected sidecar.',
    result: 'verified',
    failure: false,
    well: true,
  },
  superseded: {
    help: 'Another client restarted the workload before the restart had ended.',
    result: 'superseded',
    failure: false,
    well: true,
  },
  'superseded:expectation': {
    help: 'The expected sidecar changed during the restart, so the restart neither succeeded nor failed.',
    result: 'superseded',
    failure: false,
    well: true,
    provesNothing: true,
  },
  interrupted: {
    help:
      'Meltemi stopped before it had evicted every outdated pod, because a rule, a PodDisruptionBudget or a rollout of another template ' +
      'prevented it. It continues when nothing does. No pod is evicted twice.',
    result: 'interrupted',
    failure: false,
    well: true,
    provesNothing: true,
  },
  refused: {
    help: 'The API server does not let Meltemi evict a pod: the right is missing, or admission rejects the eviction.',
    result: 'failed',
    failure: false,
    well: false,
  },
  reverted: {
    help: 'The owner of the manifests reverted the restart annotation.',
    result: 'reverted',
    failure: false,
    well: false,
  },
  'failed:timeout': { help: 'The rollout did not end within the time limit.', ...FAILED },
  'failed:progress-deadline': { help: 'The rollout exceeded its own progress deadline.', ...FAILED },
  'failed:no-sidecar': { help: 'New pods became ready without a sidecar.', ...FAILED },
  'failed:wrong-image': {
    help: 'New pods became ready with an image other than the expected one.',
    ...FAILED,
  },
  'failed:wrong-revision': {
    help: "New pods became ready with a sidecar of a revision other than the injector's.",
    ...FAILED,
  },
  'failed:wrong-placement': {
    help: 'New pods became ready with an ordinary container instead of a native sidecar, or the reverse. Only if `restartOn` has `native`.',
    ...FAILED,
  },
  'failed:still-injected': {
    help: 'New pods became ready with a sidecar that no injector would inject. Only if `restartOn` has `orphaned`.',
    ...FAILED,
  },
  'config-remains': {
    help:
      'New pods became ready with the expected sidecar, but something after the injector changed its configuration. ' +
      'Only if `restartOn` has `config`. It halts nothing, and Meltemi no longer restarts for such differences.',
    result: 'failed',
    failure: false,
    well: false,
  },
  'failed:unverified': {
    help: 'The expected sidecar, or the result of the restart, was still unknown when the time limit passed.',
    ...FAILED,
  },
} as const satisfies Readonly<Record<string, OutcomeFacts>>;

type Known = keyof typeof OUTCOMES;

/** The reason of a failure, which follows the colon. */
export type Failure = Known extends infer K ? (K extends `failed:${infer Why}` ? Why : never) : never;

/** How a restart ended. A record may carry a failure that only another version of Meltemi knows. */
export type Outcome = Known | `failed:${string}`;

/** Words of earlier versions that records and journals still carry. */
const RENAMED: ReadonlyMap<string, Outcome> = new Map([['failed:not-injected', 'failed:no-sidecar']]);

/** Reads a recorded outcome. Anyone can write the text on a workload: an unknown outcome is kept, and counts as no good end. */
export const outcomeOf = (text: string): Outcome => RENAMED.get(text) ?? (text as Outcome);

const isKnown = (outcome: Outcome): outcome is Known => Object.hasOwn(OUTCOMES, outcome);
const UNKNOWN: OutcomeFacts = { help: '', result: 'superseded', failure: false, well: false };

function factsOf(outcome: Outcome): OutcomeFacts {
  if (isKnown(outcome)) return OUTCOMES[outcome];
  return outcome.startsWith('failed:') ? { help: '', ...FAILED } : UNKNOWN;
}

/** Whether a restart that ended so counts as a failure; one that has not ended does not. */
export const isFailure = (outcome: Outcome | undefined): boolean => outcome !== undefined && factsOf(outcome).failure;

/** Whether a restart with this outcome says nothing about its sidecar. It may be made again for the same one. */
export const provesNothing = (outcome: Outcome | undefined): boolean =>
  outcome !== undefined && factsOf(outcome).provesNothing === true;

/** Whether a restart with this outcome ended well, by itself or because another one replaced it. */
export const isWell = (outcome: Outcome | undefined): boolean => outcome !== undefined && factsOf(outcome).well;

/** The outcome as the metric of ended restarts has it. */
export const resultOf = (outcome: Outcome): OutcomeFacts['result'] => factsOf(outcome).result;
