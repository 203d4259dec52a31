import { anyMatches } from '../../expect/filter.ts';
import type { Outdated } from '../assessed.ts';

/** Restarts towards these images ignore windows and freezes. */
export interface Urgent {
  /** Patterns of the wanted sidecar's image; `*` stands for any characters. */
  readonly images: readonly string[];
}

/**
 * Whether a restart must not wait for a window or the end of a freeze: the policy calls the wanted image urgent. It ignores nothing else.
 * Where pods are to lose their sidecar no image is wanted.
 */
export function isUrgent(
  { verdict }: Pick<Outdated, 'verdict'>,
  { urgent = [] }: { readonly urgent?: readonly Urgent[] },
): boolean {
  const { image } = verdict.expected;
  return image !== '' && urgent.some(({ images }) => anyMatches(images, image));
}
