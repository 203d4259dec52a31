import { z } from 'zod';
import type { Freeze } from '../plan/windows/freeze.ts';
import { momentsOf } from '../plan/windows/timeZone.ts';
import { WrongWord } from '../plan/windows/windowWords.ts';
import { NAMED_FIELDS, namedEntries } from './namedEntries.ts';
import { quoted } from './quoted.ts';
import { timeZoneSchema } from './timeZoneSchema.ts';
import { windowWord } from './windowWordSchema.ts';

const { name, match } = NAMED_FIELDS;

/** A local date and time. Which moment that is depends on the time zone. */
const localTime = windowWord((text) => {
  const right = "It must be a date and a time, such as '2026-12-20T00:00', without a time zone.";
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(text)) throw new WrongWord(text, right);
  try {
    momentsOf(text, 'UTC');
    return text;
  } catch {
    throw new WrongWord(text, 'It must be a date and a time of the calendar.');
  }
});

const FIELDS = {
  name: name.describe('A short name, which plans show.'),
  match: match.describe('Filters, as in `include`. Without it, the freeze is for all workloads.'),
  from: localTime.describe("Date and time at which it begins, such as `'2026-12-20T00:00'`."),
  to: localTime.describe('Date and time at which it ends.'),
  timeZone: timeZoneSchema.describe('The name of its time zone, such as `Europe/Athens` or `UTC`.'),
};

/** What each field of a freeze means, for the documentation. */
export const FREEZE_FIELDS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(FIELDS).map(([field, { description = '' }]) => [field, description]),
);

/** A time that comes twice begins a freeze when it comes first, and ends one when it comes again. */
const freezeSchema = z.strictObject(FIELDS).transform(({ match: filters, from, to, ...given }, context): Freeze => {
  const moments = { from: momentsOf(from, given.timeZone).first, to: momentsOf(to, given.timeZone).last };
  const message = `${quoted(to)} is invalid. It must be after from (${from}).`;
  if (moments.to <= moments.from) context.addIssue({ code: 'custom', message, path: ['to'] });
  return { ...given, ...moments, ...(filters && { match: filters }) };
});

/** `freezes` of the policy file. */
export const freezesSchema: z.ZodType<readonly Freeze[]> = namedEntries('freezes', freezeSchema);
