import { z } from 'zod';
import { filterSchema } from './filterSchema.ts';
import { quoted } from './quoted.ts';

const MOST = 100;
const NAME = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** The fields that windows and freezes share. */
export const NAMED_FIELDS = {
  name: z
    .string()
    .regex(
      NAME,
      'It must have at most 63 lower-case letters, digits and dashes, and begin and end with a letter or digit.',
    ),
  match: z.array(filterSchema).min(1, 'is an empty list; leave the key out instead').optional(),
};

/** A list of entries with names of their own. */
export const namedEntries = <T extends { readonly name: string }>(
  key: string,
  entry: z.ZodType<T>,
): z.ZodType<readonly T[]> =>
  z
    .array(entry)
    .min(1, 'is an empty list; leave the key out instead')
    .max(MOST, `must have at most ${MOST} entries`)
    .transform((entries, context) => {
      for (const [index, { name }] of entries.entries()) {
        const first = entries.findIndex((other) => other.name === name);
        const message = `${quoted(name)} is given twice. Choose another name than ${key}[${first}] has.`;
        if (first < index) context.addIssue({ code: 'custom', message, path: [index, 'name'] });
      }
      return entries;
    });
