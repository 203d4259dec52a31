import type { z } from 'zod';
import { usualTimeZones } from '../plan/windows/timeZone.ts';
import { parseTimeZone } from '../plan/windows/windowWords.ts';
import { closest } from './closest.ts';
import { windowWord } from './windowWordSchema.ts';

/** The name of a time zone. If it is none, the error names the one that was probably meant. */
export const timeZoneSchema: z.ZodType<string> = windowWord(parseTimeZone, (text) => {
  const meant = closest(text, usualTimeZones());
  return meant === undefined ? undefined : `Did you mean ${meant}?`;
});
