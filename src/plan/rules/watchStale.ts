import type { Rule } from '../rule.ts';

/** If the data about the control plane is stale, its readiness is unknown. */
export const watchStale: Rule<'watch-stale'> = {
  code: 'watch-stale',
  help: 'Something that decides the expected sidecar cannot be watched at the moment. The detail names it.',
  ends: 'The watch works again. The detail has its error.',
  lookAgain: 'on-change',
  betweenPods: true,
  check: (_assessed, { stale }) => (stale === undefined ? undefined : { detail: stale }),
};
