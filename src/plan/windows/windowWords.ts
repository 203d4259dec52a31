import { isTimeZone, WEEKDAYS } from './timeZone.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY_NAMES: readonly string[] = WEEKDAYS;
const ALL_DAYS: ReadonlySet<number> = new Set(WEEKDAYS.keys());

/** A word that is no day, time or time zone. The message says what would be right. */
export class WrongWord extends Error {
  override readonly name = 'WrongWord';
  readonly word: string;

  constructor(word: string, right: string) {
    super(right);
    this.word = word;
  }
}

const A_DAY = `It must be a day (${WEEKDAYS.join(', ')}) or a range such as Mon-Fri.`;

/**
 * Days of the week: `daily`, or days and ranges of days between commas. A range may go over Sunday.
 * @returns places in `WEEKDAYS`
 * @throws {WrongWord}
 */
export function parseDays(text: string): ReadonlySet<number> {
  if (text === 'daily') return ALL_DAYS;
  return new Set(text.split(',').flatMap(parseDayOrRange));
}

function parseDayOrRange(text: string): number[] {
  const [first, last, ...more] = text.split('-').map((name) => DAY_NAMES.indexOf(name));
  if (first === undefined || first < 0 || more.length > 0) throw new WrongWord(text, A_DAY);
  if (last === undefined) return [first];
  if (last < 0 || last === first) throw new WrongWord(text, A_DAY);
  const days = [first];
  for (let day = first; day !== last; days.push(day)) day = (day + 1) % WEEKDAYS.length;
  return days;
}

/**
 * A time of the day as `HH:MM`.
 * @param isEnd whether `24:00` is one, too
 * @returns milliseconds since midnight
 * @throws {WrongWord}
 */
export function parseTimeOfDay(text: string, isEnd = false): number {
  const [, hours, minutes] = /^([0-2]\d):([0-5]\d)$/.exec(text) ?? [];
  const time = Number(hours) * HOUR + Number(minutes) * MINUTE;
  if (time < 24 * HOUR || (isEnd && time === 24 * HOUR)) return time;
  throw new WrongWord(text, `It must be a time from 00:00 to ${isEnd ? '24:00' : '23:59'}.`);
}

/** @throws {WrongWord} */
export function parseTimeZone(text: string): string {
  if (isTimeZone(text)) return text;
  throw new WrongWord(text, 'It must be the name of a time zone, such as Europe/Athens or UTC.');
}

/** What is right if a window ends at the time at which it starts. */
export const ANOTHER_TIME = 'It must be another time than the start. A whole day is from 00:00 to 24:00.';
