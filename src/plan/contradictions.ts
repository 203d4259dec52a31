import { type Assessed, bySidecar, isOutdated, type Outdated } from './assessed.ts';
import { countedEntry } from './countedEntry.ts';
import { fingerprint, sourceIn } from './record.ts';

/**
 * Whether the injector's answer contradicts the last restart of a workload: that was made for another sidecar, by the same configuration of
 * the same injector, and was verified. So nothing that is watched has changed, and the injector answers otherwise. A replica that has not
 * read its new configuration does that.
 */
export function isContradiction({ entry, injection, verdict, source }: Outdated): boolean {
  // if the restart that is journalled is not written after all, the time that was waited is not lost
  const last = entry && countedEntry(entry);
  return (
    last !== undefined &&
    last.outcome === 'verified' &&
    last.run === injection.run &&
    sourceIn(last.restartedFor) === source?.name &&
    last.restartedFor !== fingerprint(verdict.expected)
  );
}

/** Whether an answer for one of its sidecars contradicts the last restart. */
export const isContradicted = (assessed: Assessed): boolean =>
  bySidecar(assessed).some((one) => isOutdated(one) && isContradiction(one));
