import { WINDOW_ANNOTATION } from '../../names.ts';
import type { Rule } from '../rule.ts';
import { isUrgent } from '../windows/urgent.ts';
import { annotationWords, ownWindowsOf } from '../windows/windowAnnotation.ts';

/** Whoever wrote it wanted to be restarted at certain times only. Until it is known which, there is none. */
export const windowUnreadable: Rule<'window-unreadable'> = {
  code: 'window-unreadable',
  help:
    `The annotation \`${WINDOW_ANNOTATION}\` on the workload or its namespace cannot be read. ` +
    'The workload waits until the annotation is corrected or removed.',
  ends: 'Its owner corrects the annotation, or removes it.',
  lookAgain: 30_000,
  heldBy: 'its owners',
  holdsNoWave: true,
  check(assessed, { policy }) {
    for (const own of ownWindowsOf(assessed)) {
      if ('problem' in own.reading && !isUrgent(assessed, policy))
        return { detail: `${annotationWords(own)} cannot be read: ${own.reading.problem}` };
    }
    return undefined;
  },
};
