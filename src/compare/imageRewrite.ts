import { namesOf, renamed, replacedPrefix } from './imagePrefix.ts';
import { type ImageReference, isWellFormed } from './imageReference.ts';

/** What the policy says of a cluster that pulls images from elsewhere: registries with an optional path, as `normalPrefix` has them. */
export interface ImageRewrite {
  readonly from: string;
  readonly to: string;
}

/**
 * Applies the policy's rewrites to an image: the rule with the longest matching `from` prefix is applied once.
 * @returns none where no rewrite is about this image; two of an official image of Docker Hub, with and without `library/`
 */
export function rewritten(image: ImageReference, rewrites: readonly ImageRewrite[]): ImageReference[] {
  if (!isWellFormed(image)) return [];
  const names = namesOf(image);
  const longest = rewrites
    .filter(({ from }) => names[0].startsWith(`${from}/`))
    .reduce<ImageRewrite | undefined>(
      (best, one) => (best && best.from.length >= one.from.length ? best : one),
      undefined,
    );
  if (!longest) return [];
  return names.flatMap((name) => {
    const other = replacedPrefix(name, longest.from, longest.to);
    return other === undefined ? [] : [renamed(image, other)];
  });
}
