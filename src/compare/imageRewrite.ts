import { namesOf, renamed, replacedPrefix } from './imagePrefix.ts';
import { type ImageReference, isWellFormed } from './imageReference.ts';

/**
 * The policy for a cluster that pulls images from elsewhere. Each side is a registry with an optional path, in the form of `normalPrefix`.
 */
export interface ImageRewrite {
  readonly from: string;
  readonly to: string;
}

/**
 * Applies the policy's rewrites to an image. The rule with the longest matching `from` prefix is applied once.
 * @returns none if no rewrite matches the image; two for an official image of Docker Hub, with and without `library/`
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
