import { createHash } from 'node:crypto';
import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Workload } from '../model.ts';
import { ANNOTATION, RESTARTED_AT, RETRY } from '../names.ts';

/** How a restart ended; `superseded:expectation` when another sidecar was expected by its end, so that it proves nothing about its own. The reason of a failure follows the colon. */
export type Outcome = 'verified' | 'reverted' | 'superseded' | 'superseded:expectation' | `failed:${string}`;

/** What Meltemi wrote on a workload about its last restart; it survives crashes and leader changes. */
export interface RestartRecord {
  readonly restartedFor: string;
  readonly restartedAt: number;
  readonly attempts: number;
  /** Times of the last three writes, newest first. */
  readonly writes: readonly number[];
  readonly run: string;
  /** The person's `meltemi.dev/retry` that this restart answered. */
  readonly retried?: string;
  /** Undefined while in flight. */
  readonly outcome?: Outcome;
}

/**
 * What a restart is for: the expected sidecar's image, revision and presence. Neither the epoch nor the entry, tag, template or time
 * take part, so the same target is recognised however it is reached.
 */
export function fingerprint({ image, revision }: ExpectedSidecar): string {
  return createHash('sha256').update(`sidecar\n${image}\n${revision}`).digest('hex').slice(0, 16);
}

/** Reads a workload's record. One that is older than the object was copied with a manifest and says nothing about it. */
export function recordOf({
  annotations,
  createdAt,
}: Pick<Workload, 'annotations' | 'createdAt'>): RestartRecord | undefined {
  const restartedFor = annotations[ANNOTATION.restartedFor];
  const restartedAt = parseTime(annotations[ANNOTATION.restartedAt]);
  if (!restartedFor || restartedAt === undefined || restartedAt < createdAt) return undefined;
  const outcome = annotations[ANNOTATION.outcome];
  const retried = annotations[ANNOTATION.retried];
  return {
    restartedFor,
    restartedAt,
    attempts: Number.parseInt(annotations[ANNOTATION.attempts] ?? '', 10) || 1,
    writes: (annotations[ANNOTATION.writes] ?? '').split(',').flatMap((time) => parseTime(time) ?? []),
    run: annotations[ANNOTATION.run] ?? '',
    ...(retried && { retried }),
    ...(outcome && { outcome: outcome as Outcome }),
  };
}

/** Whether a person asks for one more restart: a `meltemi.dev/retry` that no restart has answered yet. */
export function isRetryAsked({ annotations }: Pick<Workload, 'annotations'>): boolean {
  const asked = annotations[RETRY];
  return asked !== undefined && asked !== annotations[ANNOTATION.retried];
}

/** Whether its restart is still to end. What is being deleted is forgotten: a finalizer could keep it for ever. */
export function isInFlight(workload: Pick<Workload, 'annotations' | 'createdAt' | 'deleting'>): boolean {
  const record = recordOf(workload);
  return record !== undefined && !record.outcome && !workload.deleting;
}

/**
 * The record of the next write. Drift that comes back after a verified restart is a new episode and counts from one again.
 * @param now milliseconds; cut to the second, because `restartedAt` is RFC 3339 as kubectl writes it
 */
export function nextRecord(
  { annotations, createdAt }: Pick<Workload, 'annotations' | 'createdAt'>,
  expected: ExpectedSidecar,
  run: string,
  now: number,
): RestartRecord {
  const previous = recordOf({ annotations, createdAt });
  const restartedFor = fingerprint(expected);
  // a clock that runs behind must not make the record older than the workload, or no newer than the one before
  const time = Math.max(now, createdAt, (previous?.restartedAt ?? 0) + 1000);
  const restartedAt = Math.floor(time / 1000) * 1000;
  const retried = annotations[RETRY];
  const again = previous?.restartedFor === restartedFor && previous.outcome !== 'verified';
  const sameEpisode = again && !isRetryAsked({ annotations });
  return {
    restartedFor,
    restartedAt,
    attempts: sameEpisode ? previous.attempts + 1 : 1,
    writes: [restartedAt, ...(previous?.writes ?? [])].slice(0, 3),
    run,
    ...(retried !== undefined && { retried }),
  };
}

const LAST_TIME = Date.UTC(9999, 0);

/** A time in an annotation, which anybody may have written: undefined if it is none, or of no calendar that RFC 3339 can write. */
export function parseTime(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? '');
  return time >= 0 && time < LAST_TIME ? time : undefined;
}

/** RFC 3339 in seconds, UTC. */
export const timestamp = (time: number): string => new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');

/**
 * The one write of a restart: template annotation and record together, so that no crash can part them, and only onto the very version
 * that was judged.
 */
export const restartPatch = (resourceVersion: string, record: RestartRecord): object => ({
  metadata: { resourceVersion, annotations: annotationsOf(record) },
  spec: { template: { metadata: { annotations: { [RESTARTED_AT]: timestamp(record.restartedAt) } } } },
});

/** Writes how a restart ended; it does not touch the template, so nothing rolls. The record is whole again even where it was wiped. */
export const outcomePatch = (resourceVersion: string, record: RestartRecord, outcome: Outcome): object => ({
  metadata: { resourceVersion, annotations: annotationsOf({ ...record, outcome }) },
});

/**
 * Everything is written, and empty where there is nothing to say: the Deployment controller copies annotations to ReplicaSets and never
 * takes one away there (pkg/controller/deployment/util SetNewReplicaSetAnnotations), so the end of an earlier restart would stay in a copy
 * of this one.
 */
const annotationsOf = (record: RestartRecord): Record<string, string> => ({
  [ANNOTATION.restartedFor]: record.restartedFor,
  [ANNOTATION.restartedAt]: timestamp(record.restartedAt),
  [ANNOTATION.attempts]: String(record.attempts),
  [ANNOTATION.writes]: record.writes.map(timestamp).join(','),
  [ANNOTATION.run]: record.run,
  [ANNOTATION.retried]: record.retried ?? '',
  [ANNOTATION.outcome]: record.outcome ?? '',
});
