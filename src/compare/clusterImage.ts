import { type ImageReference, type ImageRules, parseImage, sameImage, sameReference } from './imageReference.ts';
import { type ImageRewrite, rewritten } from './imageRewrite.ts';
import { explains, type RewriteRule } from './learntImage.ts';

/** The known rewrites of the cluster. They decide whether a pod's image may still be the injector's. */
export interface ClusterImageRules extends ImageRules {
  /** The rewrites in the policy. */
  readonly imageRewrites?: readonly ImageRewrite[] | undefined;
  /** The rewrites that restarts have shown for the injection that the answer is from. */
  readonly learnt?: readonly RewriteRule[] | undefined;
}

/** Whether a pod's image is the answer's, or what the cluster makes of it. Both count, because a rewrite may be newer than the pod. */
export const isMadeOf = (answer: string, actual: string, rules: ClusterImageRules): boolean =>
  sameImage(answer, actual, rules) || isMadeOfReference(parseImage(answer), parseImage(actual), rules);

/** The same for parsed references. */
export const isMadeOfReference = (answer: ImageReference, actual: ImageReference, rules: ClusterImageRules): boolean =>
  sameReference(answer, actual, rules) ||
  rewritten(answer, rules.imageRewrites ?? []).some((image) => sameReference(image, actual, rules)) ||
  (rules.learnt ?? []).some((rule) => explains(rule, answer, actual, rules));

/** Describes how a pod's image results from an answer; undefined if it is the answer's own image or does not result from it. */
export function rewritingWords(answer: string, actual: string, rules: ClusterImageRules): string | undefined {
  if (sameImage(answer, actual, rules) || !isMadeOf(answer, actual, rules)) return undefined;
  return `the cluster rewrites ${answer} to ${actual}`;
}
