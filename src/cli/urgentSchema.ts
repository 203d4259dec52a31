import { z } from 'zod';
import type { Urgent } from '../plan/windows/urgent.ts';

const MOST = 100;

const image = z.string().regex(/^[^\s]{1,500}$/, 'It must be an image, in which * may stand for any characters.');

const FIELDS = { images: z.array(image).min(1, 'is an empty list; leave the entry out instead') };

export const URGENT_FIELDS: readonly string[] = Object.keys(FIELDS);

/** `urgent` of the policy file. */
export const urgentSchema: z.ZodType<readonly Urgent[]> = z
  .array(z.strictObject(FIELDS))
  .min(1, 'is an empty list; leave the key out instead')
  .max(MOST, `must have at most ${MOST} entries`);
