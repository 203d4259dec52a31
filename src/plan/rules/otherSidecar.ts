import type { AssessedSidecar } from '../assessed.ts';
import type { Rule } from '../rule.ts';

/** States of another sidecar's injector in which new pods would not be created, or would come without that sidecar. */
const HOLDING: ReadonlySet<string> = new Set(['injector-unreachable', 'injector-refused']);

/** The API server calls every injector for a new pod, not only that of the outdated sidecar. */
export const otherSidecar: Rule<'other-sidecar'> = {
  code: 'other-sidecar',
  help:
    'The injector of another sidecar of this workload is unreachable or rejects its pods, so new pods could not be created. Or its webhook ' +
    'seems to be missing, so new pods would lose that sidecar.',
  ends: 'The injector of the other sidecar answers and accepts the pods, and its webhook is there.',
  // the injector is asked again anyway; what it refuses is often an annotation of the pod template, which is read only by a look
  lookAgain: 30_000,
  betweenPods: true,
  check({ others }) {
    const [detail] = others?.flatMap((other) => whyHeld(other) ?? []) ?? [];
    return detail === undefined ? undefined : { detail };
  },
};

/** A webhook may be deleted by mistake, or for the moment of a reinstallation. No restart takes the sidecar away then, for whatever reason. */
function whyHeld({ verdict }: AssessedSidecar): string | undefined {
  if (verdict.state === 'unknown') return HOLDING.has(verdict.reason.code) ? verdict.reason.detail : undefined;
  if (verdict.state !== 'skipped' || !('doubt' in verdict) || verdict.doubt === undefined) return undefined;
  return `new pods may lose another sidecar: ${verdict.doubt}`;
}
