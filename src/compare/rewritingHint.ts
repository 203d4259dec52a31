import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Sidecar } from '../model.ts';
import { type ClusterImageRules, isMadeOfReference } from './clusterImage.ts';
import { type ImageReference, isWellFormed, parseImage } from './imageReference.ts';
import type { PodGroup } from './podGroups.ts';

/**
 * Whether live pods suggest that the cluster rewrites the images of this answer. The pods may have another version, but they were made for
 * the same revision and their images come from elsewhere, or are pinned although the answer's is not. The first restart then shows the
 * rewrite.
 * @param groups live pods of any workload with this answer
 * @param rules the known rewrites of the cluster; they give no hint
 */
export const hintsAtRewriting = (
  expected: ExpectedSidecar,
  groups: readonly PodGroup[],
  rules: ClusterImageRules,
): boolean => groups.some(({ sidecar }) => hints(expected, sidecar, rules));

/** Treats a pod's image as if it had the answer's version. The remaining difference is the registry and path, or the digest. */
function hints(expected: ExpectedSidecar, sidecar: Sidecar, rules: ClusterImageRules): boolean {
  if (!sidecar.injected || sidecar.placement === 'none' || sidecar.revision !== expected.revision) return false;
  const answer = parseImage(expected.image);
  const actual = parseImage(sidecar.image);
  if (!isWellFormed(answer) || !isWellFormed(actual) || lastSegment(answer) !== lastSegment(actual)) return false;
  const like = { ...answer, tag: actual.tag || 'latest', digest: answer.digest && actual.digest };
  return !isMadeOfReference(like, actual, rules);
}

const lastSegment = ({ repository }: ImageReference): string => repository.slice(repository.lastIndexOf('/') + 1);
