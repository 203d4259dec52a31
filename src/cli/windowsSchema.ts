import { z } from 'zod';
import type { Window } from '../plan/windows/window.ts';
import { ANOTHER_TIME, parseDays, parseTimeOfDay } from '../plan/windows/windowWords.ts';
import { NAMED_FIELDS, namedEntries } from './namedEntries.ts';
import { timeZoneSchema } from './timeZoneSchema.ts';
import { windowWord } from './windowWordSchema.ts';

const { name, match } = NAMED_FIELDS;

/** YAML 1.1 reads `22:00` without quotes as a number of minutes, and some tools write that. */
function quotesHint(text: string): string | undefined {
  if (!/^\d{2,4}$/.test(text)) return undefined;
  const [hours, minutes] = [Math.floor(Number(text) / 60), Number(text) % 60].map((n) => String(n).padStart(2, '0'));
  return `Write it in quotes, such as '${hours}:${minutes}': YAML 1.1 takes a time without quotes for a number.`;
}

const FIELDS = {
  name: name.describe('A short name, which plans show.'),
  match: match.describe('Filters, as in `include`. Without it, the window is for all workloads.'),
  days: z
    .array(windowWord(parseDays))
    .min(1, 'is an empty list; leave the key out instead')
    .transform((days) => new Set(days.flatMap((some) => [...some])))
    .optional()
    .describe(
      'Days on which the window opens, such as `Mon`, or ranges of days, such as `Mon-Fri`. Without it, every day.',
    ),
  start: windowWord((text) => parseTimeOfDay(text), quotesHint).describe("When it opens, such as `'22:00'`."),
  end: windowWord((text) => parseTimeOfDay(text, true), quotesHint).describe(
    "When it closes, up to `'24:00'`. If that is before `start`, it closes on the next day.",
  ),
  timeZone: timeZoneSchema.describe('The name of its time zone, such as `Europe/Athens` or `UTC`.'),
};

/** What each field of a window means, for the documentation. */
export const WINDOW_FIELDS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(FIELDS).map(([field, { description = '' }]) => [field, description]),
);

const windowSchema = z.strictObject(FIELDS).transform(({ match: filters, days, ...given }, context): Window => {
  if (given.start === given.end)
    context.addIssue({ code: 'custom', message: `is the same as start. ${ANOTHER_TIME}`, path: ['end'] });
  return { ...given, days: days ?? parseDays('daily'), ...(filters && { match: filters }) };
});

/** `windows` of the policy file. */
export const windowsSchema: z.ZodType<readonly Window[]> = namedEntries('windows', windowSchema);
