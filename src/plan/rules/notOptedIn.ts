import { RESTART_ANNOTATION } from '../../names.ts';
import type { Rule } from '../rule.ts';
import { optInOf } from './optInAnnotation.ts';

export const notOptedIn: Rule<'not-opted-in'> = {
  code: 'not-opted-in',
  endedBy: `kubectl -n {namespace} annotate {kind} {name} --overwrite ${RESTART_ANNOTATION}=true`,
  help: `With \`optIn\`, only workloads with \`${RESTART_ANNOTATION}: "true"\` are restarted. This one has no such annotation.`,
  ends: 'You set the annotation on the workload or on its namespace.',
  // usually many workloads wait for this, and a namespace event or an edit of the policy releases most of them at once
  lookAgain: 120_000,
  heldBy: 'its owners',
  holdsNoWave: true,
  betweenPods: true,
  check(assessed, { policy }) {
    if (!policy.optIn || optInOf(assessed)?.value === 'true') return undefined;
    return { detail: `neither the workload nor its namespace has ${RESTART_ANNOTATION}: "true"` };
  },
};
