import type { Labels } from '../model.ts';
import { LEASE_ANNOTATION } from '../names.ts';

/** Pause and resume as users set them on the Lease, from the last read. */
export interface PauseState {
  /** Why no restart may begin; absent when Meltemi is not paused. Never empty. */
  readonly paused?: string;
  /** When the last `resume` was recorded, in milliseconds of the wall clock; absent if there was none. */
  readonly resumedAt?: number;
}

/** Values that give no reason: `kubectl annotate … paused=true` is the quickest way to pause. */
const NO_REASON: ReadonlySet<string> = new Set(['', 'true']);

/** The reason of a pause; undefined for `false`, which is none. */
export function pauseReason(text: string): string | undefined {
  if (text === 'false') return undefined;
  return NO_REASON.has(text) ? 'no reason given' : text;
}

/** Reads users' requests from the annotations of the Lease. */
export function pauseStateOf(annotations: Labels): PauseState {
  const given = annotations[LEASE_ANNOTATION.paused];
  const paused = given === undefined ? undefined : pauseReason(given);
  const resumedAt = Date.parse(annotations[LEASE_ANNOTATION.resumedAt] ?? '');
  return {
    ...(paused !== undefined && { paused }),
    ...(!Number.isNaN(resumedAt) && { resumedAt }),
  };
}

/**
 * The annotations that record a new `resume`; empty if there is none.
 * @param now wall clock, milliseconds
 */
export function acknowledgement(annotations: Labels, now: number): Labels {
  const resume = annotations[LEASE_ANNOTATION.resume];
  if (resume === undefined || resume === annotations[LEASE_ANNOTATION.resumed]) return {};
  return { [LEASE_ANNOTATION.resumed]: resume, [LEASE_ANNOTATION.resumedAt]: new Date(now).toISOString() };
}
