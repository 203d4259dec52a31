import { noSidecar } from '../compare/orphan.ts';
import type { Verdict } from '../compare/verdict.ts';
import { fingerprint, sourceIn } from './record.ts';

/** Verdicts on pods without a sidecar that nobody would inject. */
const UNINJECTED: ReadonlySet<string> = new Set(['not-injected', 'injector-declines']);

/**
 * Whether the pods have what a restart was for: the expected sidecar, or none if it was to remove one.
 * @param restartedFor the fingerprint of its target
 */
export function isReached(verdict: Verdict, restartedFor: string): boolean {
  if (verdict.state === 'current') return true;
  const isRemoved = verdict.state === 'skipped' && UNINJECTED.has(verdict.reason.code);
  return isRemoved && fingerprint(noSidecar(sourceIn(restartedFor))) === restartedFor;
}
