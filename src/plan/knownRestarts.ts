import type { Labels } from '../model.ts';
import { RETRY } from '../names.ts';
import type { Assessed } from './assessed.ts';
import type { Durations } from './durations.ts';
import { type RestartRecord, recordOf, retryWord, type Target, targetsOf } from './record.ts';

/**
 * The last known restart of a workload: the journal's, or that of the record on the workload if it is later, as after the journal was lost.
 * An open record on the workload only says that its end is not known.
 */
export function lastRestart({ workload, entry }: Pick<Assessed, 'workload' | 'entry'>): RestartRecord | undefined {
  const record = recordOf(workload);
  return entry && (!record || record.restartedAt <= entry.restartedAt) ? entry : record;
}

/**
 * The restarts that count against another restart of a workload: the journal's last one, and the record on the workload if it is later. The
 * record never overrides the journal, because anyone who may edit the workload can write it.
 */
function knownRestarts(assessed: Pick<Assessed, 'workload' | 'entry'>): RestartRecord[] {
  const { entry } = assessed;
  const last = lastRestart(assessed);
  return [...(entry ? [entry] : []), ...(last && last !== entry ? [last] : [])];
}

/** Whether a user requests one more restart: a `meltemi.dev/retry` that no restart has answered yet. */
export function isRetryAsked(assessed: Pick<Assessed, 'workload' | 'entry'>): boolean {
  const asked = answeredRetry(assessed.workload.annotations);
  return asked !== undefined && knownRestarts(assessed).every(({ retried }) => retried !== asked);
}

/** The `meltemi.dev/retry` that a restart of the workload answers, as the record keeps it; undefined where there is none. */
export function answeredRetry(annotations: Labels): string | undefined {
  const asked = annotations[RETRY];
  return asked === undefined ? undefined : retryWord(asked);
}

/**
 * How long the last restarts of a workload took. The journal that was stored has only the newest, so the record on the workload goes on
 * from there, and has all that the journal has forgotten. Anyone who may edit the workload can write the record, so it is used for the
 * estimate of this workload alone.
 */
export function knownDurations({ workload, entry }: Pick<Assessed, 'workload' | 'entry'>): Durations | undefined {
  const told = recordOf(workload)?.durations;
  const own = entry?.durations;
  return own === undefined || told?.[0] === own[0] ? told : own;
}

/** Everything that the known restarts of a workload were for. */
export const knownTargets = (assessed: Pick<Assessed, 'workload' | 'entry'>): readonly Target[] =>
  knownRestarts(assessed).flatMap(targetsOf);
