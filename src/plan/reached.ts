import { noSidecar } from '../compare/orphan.ts';
import type { AssessedSidecar } from './assessed.ts';
import { fingerprint, sourceIn, type Target } from './record.ts';

/** Verdicts on pods without a sidecar that nobody would inject. */
const UNINJECTED: ReadonlySet<string> = new Set(['not-injected', 'injector-declines']);

/**
 * Whether the pods have what a restart was for: the expected sidecar, or none if it was to remove one. Pods that have another sidecar,
 * which is expected now, have it too if what is watched of the injector has changed since. If nothing has changed, a replica of istiod that
 * has not read its configuration may have answered, and may have injected them.
 */
export function isReached(
  { verdict, injection }: Pick<AssessedSidecar, 'verdict' | 'injection'>,
  { restartedFor, run }: Pick<Target, 'restartedFor' | 'run'>,
): boolean {
  if (verdict.state === 'current') return injection?.run !== run || fingerprint(verdict.expected) === restartedFor;
  const isRemoved = verdict.state === 'skipped' && UNINJECTED.has(verdict.reason.code);
  return isRemoved && fingerprint(noSidecar(sourceIn(restartedFor))) === restartedFor;
}
