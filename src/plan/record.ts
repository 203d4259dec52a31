import { createHash } from 'node:crypto';
import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Labels, Workload } from '../model.ts';
import { ANNOTATION } from '../names.ts';
import type { Beginning } from '../restart/actuator.ts';
import { parseTime, timestamp } from '../rfc3339.ts';
import { DURATIONS_KEPT, type Durations, durationNumbers, durationsFrom } from './durations.ts';
import { isWell, type Outcome, outcomeOf } from './outcomes.ts';

/** One write of a restart: its time in milliseconds of the wall clock, and whether that restart, or one that replaced it, ended well. */
export interface Write {
  readonly at: number;
  readonly well: boolean;
}

/** What a restart is for, and how that ended. */
export interface Target {
  /** The fingerprint of the sidecar. */
  readonly restartedFor: string;
  readonly restartedAt: number;
  readonly attempts: number;
  readonly run: string;
  /** Undefined while in flight. */
  readonly outcome?: Outcome;
}

/** The target and outcome of one restart. Times are milliseconds of the wall clock of the leader at that time. */
export interface RestartRecord extends Target {
  /** The latest writes including this one, newest first. */
  readonly writes: readonly Write[];
  /** The `meltemi.dev/retry` that this restart answered, in the form of `retryWord`. */
  readonly retried?: string;
  /** Other sidecars that it is for, and those of earlier restarts that did not end well; absent if there are none. */
  readonly others?: readonly Target[];
  /** How long its last restarts took that were verified; absent if none is known. */
  readonly durations?: Durations;
}

/** Everything that the restarts of a record were for. */
export const targetsOf = (record: RestartRecord): readonly Target[] => [record, ...(record.others ?? [])];

/** The targets of the record's own restart. */
export const targetsOfRestart = (record: RestartRecord): readonly Target[] =>
  targetsOf(record).filter(({ restartedAt }) => restartedAt === record.restartedAt);

/** Writes that are kept: as many as the limits within a day can count, ten that ended well and three that did not. */
export const WRITES_KEPT = 13;

/**
 * What a restart is for: the expected sidecar's image, revision and presence, and its placement and configuration if restarts are made for
 * those. Neither the
 * epoch nor the entry, tag, template or time take part, so the same target is recognised however it is reached. The name of a source
 * other than Istio comes first: `vault:3f…`.
 */
export function fingerprint(expected: ExpectedSidecar): string {
  const known = fingerprints.get(expected) ?? hashOf(expected);
  fingerprints.set(expected, known);
  return known;
}

/** Workloads share the answers that an injector gives to all of them, and every plan asks for these again. */
const fingerprints = new WeakMap<ExpectedSidecar, string>();

function hashOf(expected: ExpectedSidecar): string {
  const { image, revision, source, placement, placementCounts, config, configCounts } = expected;
  const placed = placementCounts ? `\n${placement}` : '';
  const configured = configCounts && config ? `\nconfig ${config.hash}` : '';
  const hash = createHash('sha256')
    .update(`sidecar\n${image}\n${revision}${placed}${configured}`)
    .digest('hex')
    .slice(0, 16);
  return source === undefined ? hash : `${source}:${hash}`;
}

/** The name of the source in a fingerprint; undefined for Istio's proxy. */
export function sourceIn(restartedFor: string): string | undefined {
  const [source, hash] = restartedFor.split(':', 2);
  return hash === undefined ? undefined : source;
}

/** Longest value of an annotation of the record. The API server takes 256 KiB, and anyone who may edit the workload may write it. */
const LONGEST = 1024;
/** The same of the other targets, of which there may be sixteen. */
const LONGEST_OTHERS = 4096;

const longest = (key: string): number => (key === ANNOTATION.others ? LONGEST_OTHERS : LONGEST);

const read = new WeakMap<Labels, RestartRecord | 'none'>();

/**
 * Reads the record on a workload. Anyone who may edit the workload can write it, so it counts for that workload alone, and only against
 * restarting it. A record that is older than the object was copied with a manifest and is ignored.
 * @returns undefined if there is no record, or it cannot be read
 */
export function recordOf({
  annotations,
  createdAt,
}: Pick<Workload, 'annotations' | 'createdAt'>): RestartRecord | undefined {
  const known = read.get(annotations) ?? parsed(annotations) ?? 'none';
  read.set(annotations, known);
  return known === 'none' || known.restartedAt < createdAt ? undefined : known;
}

function parsed(annotations: Labels): RestartRecord | undefined {
  if (Object.values(ANNOTATION).some((key) => (annotations[key]?.length ?? 0) > longest(key))) return undefined;
  const restartedFor = annotations[ANNOTATION.restartedFor];
  const restartedAt = parseTime(annotations[ANNOTATION.restartedAt]);
  if (!restartedFor || restartedAt === undefined) return undefined;
  const outcome = annotations[ANNOTATION.outcome];
  const retried = annotations[ANNOTATION.retried];
  const durations = durationsFrom(annotations[ANNOTATION.durations]?.split(',', DURATIONS_KEPT));
  const others = (annotations[ANNOTATION.others] ?? '')
    .split(',', TARGETS_KEPT)
    .flatMap((text) => targetOf(text) ?? []);
  return {
    restartedFor,
    restartedAt,
    attempts: attemptsOf(annotations[ANNOTATION.attempts] ?? ''),
    writes: (annotations[ANNOTATION.writes] ?? '').split(',', WRITES_KEPT).flatMap((text) => writeOf(text) ?? []),
    run: annotations[ANNOTATION.run] ?? '',
    ...(retried && { retried }),
    ...(outcome && { outcome: outcomeOf(outcome) }),
    ...(others.length > 0 && { others }),
    ...(durations && { durations }),
  };
}

/** A count that Meltemi may have written; else one. */
const attemptsOf = (text: string): number => (/^[1-9]\d{0,3}$/.test(text) ? Number(text) : 1);

/** The writes of a record, the newest with the end that it came to. */
export const writesOf = ({ writes, outcome, restartedAt }: RestartRecord): readonly Write[] =>
  writes.map((write) => (write.at === restartedAt ? { at: write.at, well: isWell(outcome) } : write));

/** Other targets that are kept: a policy has at most that many sources. */
export const TARGETS_KEPT = 16;

/** A target in words: fingerprint, time, attempts, run and outcome. */
export const targetWord = ({ restartedFor, restartedAt, attempts, run, outcome }: Target): string =>
  [restartedFor, timestamp(restartedAt), attempts, run, outcome].filter((word) => word !== undefined).join(' ');

const TARGET = /^(?:[-a-z0-9]{1,63}:)?[0-9a-f]{16}$/;
const RUN = /^[0-9a-f]{0,16}$/;
/** No outcome is longer. */
const LONGEST_OUTCOME = 32;

/** Whether Meltemi may have written a target. Anyone who may edit the workload can write others, of any length. */
export const isTarget = ({ restartedFor, run, outcome }: Target): boolean =>
  TARGET.test(restartedFor) && RUN.test(run) && (outcome?.length ?? 0) <= LONGEST_OUTCOME;

/** Reads what `targetWord` made; undefined where it is none. */
export function targetOf(text: string): Target | undefined {
  const [restartedFor = '', at, attempts = '', run = '', outcome] = text.split(' ', 5);
  const restartedAt = parseTime(at);
  if (restartedAt === undefined) return undefined;
  const target = {
    restartedFor,
    restartedAt,
    attempts: attemptsOf(attempts),
    run,
    ...(outcome && { outcome: outcomeOf(outcome) }),
  };
  return isTarget(target) ? target : undefined;
}

const WELL = ' ok';

/** A write as it is recorded, in words: its time, and `ok` if it ended well. */
export const writeWord = ({ at, well }: Write): string => `${timestamp(at)}${well ? WELL : ''}`;

/** Reads what `writeWord` made; undefined where it is none. */
export function writeOf(text: string): Write | undefined {
  const well = text.endsWith(WELL);
  const at = parseTime(well ? text.slice(0, -WELL.length) : text);
  return at === undefined ? undefined : { at, well };
}

/**
 * The stored form of a `meltemi.dev/retry` value: a short value itself, or a hash of the length and beginning of a long one. It is computed
 * at every read, so its cost must not grow with the length.
 */
export function retryWord(value: string): string {
  if (value.length <= 64) return value;
  return createHash('sha256')
    .update(`${value.length}\n${value.slice(0, LONGEST)}`)
    .digest('hex')
    .slice(0, 16);
}

/**
 * The one write of a restart: what begins it and the record together, so that no crash can part them, and only onto the very version
 * that was assessed.
 * @param beginning what the kind's actuator writes to begin it
 */
export const restartPatch = (resourceVersion: string, record: RestartRecord, beginning: Beginning): object => ({
  metadata: { resourceVersion, annotations: annotationsOf(record) },
  ...beginning,
});

/** The same without the record on the workload, for a cluster whose admission refuses the record. The journal has it all the same. */
export const restartPatchWithoutRecord = (
  resourceVersion: string,
  _record: RestartRecord,
  beginning: Beginning,
): object => ({
  metadata: { resourceVersion },
  ...beginning,
});

/** Writes how a restart ended; it does not touch the template, so nothing rolls. The record is whole again even where it was wiped. */
export const outcomePatch = (resourceVersion: string, record: RestartRecord): object => ({
  metadata: { resourceVersion, annotations: annotationsOf(record) },
});

/**
 * Writes every annotation, with empty values where needed, so that nothing of an earlier restart remains. `null` removes those that
 * hardly any workload has, or none before its first restart has ended (RFC 7386).
 */
const annotationsOf = (record: RestartRecord): Record<string, string | null> => ({
  [ANNOTATION.restartedFor]: record.restartedFor,
  [ANNOTATION.restartedAt]: timestamp(record.restartedAt),
  [ANNOTATION.attempts]: String(record.attempts),
  [ANNOTATION.writes]: record.writes.map(writeWord).join(','),
  [ANNOTATION.run]: record.run,
  [ANNOTATION.retried]: record.retried ?? '',
  [ANNOTATION.outcome]: record.outcome ?? '',
  [ANNOTATION.others]: record.others?.map(targetWord).join(',') ?? null,
  [ANNOTATION.durations]: record.durations ? durationNumbers(record.durations).join() : null,
});
