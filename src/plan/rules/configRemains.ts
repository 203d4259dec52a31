import { PRODUCT } from '../../names.ts';
import { timestamp } from '../../rfc3339.ts';
import { everywhereOrHere } from '../halts.ts';
import { isRetryAsked, knownTargets } from '../knownRestarts.ts';
import { fingerprint } from '../record.ts';
import type { Rule } from '../rule.ts';

/**
 * A webhook after the injector, or an autoscaler that resizes running pods, makes pods differ from the answer again after each restart. So
 * one configuration is a reason for one restart, however that ended, and what one restart did not end is not tried on others.
 */
export const configRemains: Rule<'config-remains'> = {
  code: 'config-remains',
  endedBy: `${PRODUCT} resume -n {meltemi}`,
  help:
    'A restart, of this workload or of another one, did not bring the configuration that the injector gives. ' +
    'Meltemi only reports the difference until the injector changes or you run `meltemi resume`.',
  ends: 'The injector changes, or you run `meltemi resume`.',
  lookAgain: 'on-change',
  heldBy: 'failed restarts',
  holdsNoWave: true,
  check(assessed, context) {
    const { workload, verdict, injection } = assessed;
    const { restartOn } = context.policy;
    const isOnly = verdict.drifts.every((drift) => drift === 'config' || !restartOn.has(drift));
    if (!isOnly || isRetryAsked(assessed)) return undefined;
    const wanted = fingerprint(verdict.expected);
    const own = knownTargets(assessed).find(({ restartedFor }) => restartedFor === wanted);
    if (own) return { detail: `already restarted for this configuration at ${timestamp(own.restartedAt)}` };
    const { run } = injection;
    const other = everywhereOrHere(context.history.configRemains, run, run, workload.namespace, context);
    return other === undefined ? undefined : { detail: `a restart did not bring the configuration: see ${other}` };
  },
};
