import { WINDOW_ANNOTATION } from '../../names.ts';
import type { Rule } from '../rule.ts';
import { closedWindows, isHeldByOwnWindow, windowsStayUntil } from '../windows/closedWindows.ts';
import { isUrgent } from '../windows/urgent.ts';

/** By the wall clock, which people set windows by. The end of the wait is converted to the steady clock. */
export const window: Rule<'window'> = {
  code: 'window',
  help:
    'No window is open for this workload, by `windows` of the policy or by the annotation ' +
    `\`${WINDOW_ANNOTATION}\` on the workload or its namespace. The detail says when its restart may begin.`,
  ends: 'A window opens at the time in the detail. Or edit `windows` in the policy, or the annotation.',
  // usually many workloads wait for this; an edit of the policy or of a namespace releases them at once
  lookAgain: 300_000,
  changes: true,
  staysUntil: (assessed, { now, wall, policy }) => windowsStayUntil(assessed, wall, policy.windows) - wall + now,
  // only what its own people have set
  holdsNoWave: 'some',
  check(assessed, { now, wall, policy }) {
    if (isUrgent(assessed, policy)) return undefined;
    const closed = closedWindows(assessed, wall, policy.windows);
    if (!closed) return undefined;
    const { detail, opensAt } = closed;
    const isOwn = isHeldByOwnWindow(assessed, policy, wall);
    return {
      detail,
      // without a time, somebody has to change a window
      ...(opensAt === undefined
        ? { heldBy: isOwn ? ('its owners' as const) : ('the policy' as const) }
        : { until: opensAt - wall + now }),
      ...(isOwn && { holdsNoWave: true }),
    };
  },
};
