const LONGEST_TIME = 40;
const LAST_TIME = Date.UTC(9999, 0);

/** A time in an annotation, which anyone may have written: undefined if it is none, or of no calendar that RFC 3339 can write. */
export function parseTime(text: string | undefined): number | undefined {
  if (text === undefined || text.length > LONGEST_TIME) return undefined;
  const time = Date.parse(text);
  return time >= 0 && time < LAST_TIME ? time : undefined;
}

/** RFC 3339 in seconds, UTC. */
export const timestamp = (time: number): string => new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** The time that is left of one, in milliseconds, when it is written as a `timestamp`. */
export const cutToSecond = (time: number): number => Math.floor(time / 1000) * 1000;
