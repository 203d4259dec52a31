import { type Assessed, bySidecar, isOutdated, type Outdated } from './assessed.ts';
import { fingerprint, sourceIn } from './record.ts';

/**
 * Whether the injector's answer contradicts the last restart of a workload: that was made for another sidecar, by the same configuration of
 * the same injector, and was verified. So nothing that is watched has changed, and the injector answers otherwise. A replica that has not
 * read its new configuration does that.
 */
export function isContradiction({ entry, injection, verdict, source }: Outdated): boolean {
  return (
    entry !== undefined &&
    entry.outcome === 'verified' &&
    entry.run === injection.run &&
    sourceIn(entry.restartedFor) === source?.name &&
    entry.restartedFor !== fingerprint(verdict.expected)
  );
}

/** Whether an answer for one of its sidecars contradicts the last restart. */
export const isContradicted = (assessed: Assessed): boolean =>
  bySidecar(assessed).some((one) => isOutdated(one) && isContradiction(one));
