import { RESTART_ANNOTATION } from '../../names.ts';
import type { Rule } from '../rule.ts';
import { optInOf } from './optInAnnotation.ts';

const LONGEST = 40;

/** A value that is neither `"true"` nor `"false"` is a mistake. The workload is not restarted until the value is corrected. */
export const optedOut: Rule<'opted-out'> = {
  code: 'opted-out',
  endedBy: `kubectl -n {namespace} annotate {kind} {name} --overwrite ${RESTART_ANNOTATION}=true`,
  help: `The annotation \`${RESTART_ANNOTATION}\` on the workload, or else on its namespace, opts it out.`,
  ends: 'You remove the annotation, or set it to `true`.',
  lookAgain: 30_000,
  heldBy: 'its owners',
  holdsNoWave: true,
  betweenPods: true,
  check(assessed) {
    const said = optInOf(assessed);
    if (!said || said.value === 'true') return undefined;
    const words = `${RESTART_ANNOTATION} on ${said.where} is "${said.value.slice(0, LONGEST)}"`;
    if (said.value === 'false') return { detail: words };
    return { detail: `${words}, which is neither "true" nor "false" and counts as "false"` };
  },
};
