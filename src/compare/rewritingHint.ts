import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Sidecar } from '../model.ts';
import { type ClusterImageRules, isMadeOfReference } from './clusterImage.ts';
import { type ImageReference, isWellFormed, parseImage } from './imageReference.ts';
import type { PodGroup } from './podGroups.ts';

/**
 * Whether live pods suggest that the cluster rewrites the images of this answer: they may be of another version, but were made for the same
 * revision and come from elsewhere, or are pinned where the answer is not. The first restart then shows what becomes of the answer.
 * @param groups live pods, of any workload that this answer is for
 * @param rules what is known of the cluster already; that gives no hint
 */
export const hintsAtRewriting = (
  expected: ExpectedSidecar,
  groups: readonly PodGroup[],
  rules: ClusterImageRules,
): boolean => groups.some(({ sidecar }) => hints(expected, sidecar, rules));

/** A pod's image is looked at as if its version were the answer's: what then still differs is where it comes from, or the digest. */
function hints(expected: ExpectedSidecar, sidecar: Sidecar, rules: ClusterImageRules): boolean {
  if (!sidecar.injected || sidecar.placement === 'none' || sidecar.revision !== expected.revision) return false;
  const answer = parseImage(expected.image);
  const actual = parseImage(sidecar.image);
  if (!isWellFormed(answer) || !isWellFormed(actual) || lastSegment(answer) !== lastSegment(actual)) return false;
  const like = { ...answer, tag: actual.tag || 'latest', digest: answer.digest && actual.digest };
  return !isMadeOfReference(like, actual, rules);
}

const lastSegment = ({ repository }: ImageReference): string => repository.slice(repository.lastIndexOf('/') + 1);
