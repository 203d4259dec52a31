import type { Sidecar } from '../../src/model.ts';
import type { Policy } from '../../src/plan/policy.ts';

type Named = Pick<Sidecar, 'image' | 'revision'>;

/** What of a pod's sidecar is not as it should be and, by a policy, asks for a restart. How it is configured does not count here. */
export function driftsUnder(
  { restartOn, compareHub }: Pick<Policy, 'restartOn' | 'compareHub'>,
  wanted: Named,
  has: Sidecar,
): readonly ('missing' | 'image' | 'revision')[] {
  if (has.placement === 'none') return restartOn.has('missing') ? ['missing'] : [];
  const isOther = compareHub ? wanted.image !== has.image : unhosted(wanted.image) !== unhosted(has.image);
  return [
    ...(isOther && restartOn.has('image') ? (['image'] as const) : []),
    ...(wanted.revision !== has.revision && restartOn.has('revision') ? (['revision'] as const) : []),
  ];
}

/** Without the registry. */
const unhosted = (image: string): string => image.slice(image.indexOf('/'));
