import type { AssessedSidecar } from '../assessed.ts';
import type { Rule } from '../rule.ts';

/** States of another sidecar's injector in which new pods would not be created, or would come without that sidecar. */
const HOLDING: ReadonlySet<string> = new Set(['injector-unreachable', 'injector-refused']);

/** The API server calls every injector for a new pod, not only that of the outdated sidecar. */
export const otherSidecar: Rule<'other-sidecar'> = {
  code: 'other-sidecar',
  help: 'The injector of another sidecar of this workload is unreachable or rejects its pods, so new pods could not be created.',
  ends: 'The injector of the other sidecar answers and accepts the pods.',
  // the injector is asked again anyway; what it refuses is often an annotation of the pod template, which is read only by a look
  lookAgain: 30_000,
  check({ others }) {
    const held = others?.find(isHolding);
    return held && 'reason' in held.verdict ? { detail: held.verdict.reason.detail } : undefined;
  },
};

const isHolding = ({ verdict }: AssessedSidecar): boolean =>
  verdict.state === 'unknown' && HOLDING.has(verdict.reason.code);
