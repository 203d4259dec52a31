import { ISTIO } from '../expect/sources/istio.ts';
import { type Assessed, bySidecar, isOutdated, type Outdated } from './assessed.ts';
import { countedEntry } from './countedEntry.ts';
import { fingerprint, sourceIn, targetsOf } from './record.ts';

/**
 * Whether the injector's answer contradicts the last restart of a workload for this source: that was made for another sidecar, by the same
 * configuration of the same injector, and was verified. So nothing that is watched has changed, and the injector answers otherwise. A
 * replica that has not read its new configuration does that.
 */
export function isContradiction({ entry, injection, verdict, source }: Outdated): boolean {
  // if the restart that is journalled is not written after all, the time that was waited is not lost
  const last = entry && countedEntry(entry);
  // a restart for another sidecar may have come since
  const targets = last ? targetsOf(last).filter((target) => sourceIn(target.restartedFor) === source?.name) : [];
  const wanted = fingerprint(verdict.expected);
  return targets.some(
    ({ outcome, run, restartedFor }) => outcome === 'verified' && run === injection.run && restartedFor !== wanted,
  );
}

/** The names of the sidecars of which an answer contradicts the last restart. */
export const contradictionsIn = (assessed: Assessed): readonly string[] =>
  bySidecar(assessed).flatMap((one) => (isOutdated(one) && isContradiction(one) ? (one.source ?? ISTIO).name : []));
