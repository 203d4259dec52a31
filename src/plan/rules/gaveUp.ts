import { RETRY } from '../../names.ts';
import { timestamp } from '../../rfc3339.ts';
import { isRetryAsked, knownTargets } from '../knownRestarts.ts';
import { provesNothing } from '../outcomes.ts';
import { fingerprint } from '../record.ts';
import { isSettled, rolloutState } from '../rollout.ts';
import type { Rule } from '../rule.ts';

export const gaveUp: Rule<'gave-up'> = {
  code: 'gave-up',
  endedBy: `kubectl -n {namespace} annotate {kind} {name} --overwrite ${RETRY}="$(date)"`,
  help:
    'A restart did not bring the expected sidecar, or its result is unknown. ' +
    `Meltemi does not repeat it. Set \`${RETRY}\` to ask for one more.`,
  ends: `The injector gives another sidecar, or you set \`${RETRY}\` to a new value.`,
  lookAgain: 30_000,
  heldBy: 'failed restarts',
  holdsNoWave: true,
  check(assessed, { policy }) {
    const { workload, verdict } = assessed;
    if (isRetryAsked(assessed)) return undefined;
    const wanted = fingerprint(verdict.expected);
    const finished = isSettled(workload) && rolloutState(workload).kind === 'complete';
    const last = knownTargets(assessed).find(({ restartedFor, outcome, attempts }) => {
      if (restartedFor !== wanted || outcome === 'verified' || provesNothing(outcome)) return false;
      return attempts >= policy.maxAttempts || !finished || outcome === 'reverted';
    });
    if (!last) return undefined;
    const end = last.outcome ? `outcome ${last.outcome}` : 'its outcome is unknown';
    return { detail: `restarted for this sidecar at ${timestamp(last.restartedAt)}, ${end}` };
  },
};
