import { z } from 'zod';
import { isAtOrBelow, normalPrefix, prefixProblem } from '../compare/imagePrefix.ts';
import type { ImageRewrite } from '../compare/imageRewrite.ts';
import { quoted } from './quoted.ts';

/** Each rule is tried on every image of every workload, so their number is limited. */
const MOST_REWRITES = 100;

/** A registry with an optional path, in the form that is compared. */
const prefix = z.unknown().transform((given, context): string => {
  const problem = typeof given === 'string' ? prefixProblem(given) : undefined;
  if (typeof given === 'string' && problem === undefined) return normalPrefix(given);
  const message = typeof given === 'string' ? `${quoted(given)} is invalid. ${problem}` : NOT_GIVEN;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const NOT_GIVEN = 'must be one registry with an optional path, such as docker.io or harbor.corp/dockerhub';

const FIELDS = { from: prefix, to: prefix };

export const REWRITE_FIELDS: readonly string[] = Object.keys(FIELDS);

/**
 * `imageRewrites` of the policy file. One rule is applied to an image, once. Rules that could follow one another are refused as ambiguous.
 */
export const imageRewritesSchema: z.ZodType<readonly ImageRewrite[]> = z
  .array(z.strictObject(FIELDS))
  .max(MOST_REWRITES, `must have at most ${MOST_REWRITES} entries`)
  .transform((rewrites, context) => {
    for (const [index, rewrite] of rewrites.entries()) {
      const wrong = contradiction(rewrite, index, rewrites);
      if (wrong) context.addIssue({ code: 'custom', message: wrong.message, path: [index, wrong.field] });
    }
    return rewrites;
  });

const overlap = (one: string, other: string): boolean => isAtOrBelow(one, other) || isAtOrBelow(other, one);

type Contradiction = { readonly field: keyof ImageRewrite; readonly message: string };

/** How a rewrite conflicts with the others, and the field to change. */
function contradiction(
  { from, to }: ImageRewrite,
  index: number,
  rewrites: readonly ImageRewrite[],
): Contradiction | undefined {
  const first = rewrites.findIndex((other) => other.from === from);
  if (first < index)
    return {
      field: 'from',
      message: `${quoted(from)} is given twice. Leave it out here or in imageRewrites[${first}].`,
    };
  if (to === from)
    return { field: 'to', message: `${quoted(to)} is invalid. It must be another registry or path than from.` };
  const next = rewrites.findIndex((other, at) => at !== index && overlap(to, other.from));
  if (next < 0) return undefined;
  const message = `${quoted(to)} is rewritten again by imageRewrites[${next}]. It must be where the image is pulled from in the end.`;
  return { field: 'to', message };
}
