import type { PlanContext } from '../../src/plan/plan.ts';
import type { Policy } from '../../src/plan/policy.ts';
import { HOUR, MINUTE, NOW } from './workload.ts';

/** The defaults of the settings. */
export const POLICY: Policy = {
  compareHub: false,
  ignoreDigest: false,
  restartOn: new Set(['missing', 'image', 'revision']),
  ignoreGate: new Set(),
  maxInFlight: 5,
  maxInFlightPerNamespace: 1,
  maxRestartsPerMinute: 0,
  pdb: 'respect',
  recreate: 'restart',
  restartDelay: 0,
  annotationCooldown: 5 * MINUTE,
  istiodConfigReadDelay: 10_000,
  restartTimeout: 10 * MINUTE,
  failureBudget: 3,
  maxAttempts: 1,
  skipNamespaces: new Set(),
};

/** What a plan is made in: an hour after the injectors became known, nothing else going on. */
export const context = (given: Partial<PlanContext> = {}): PlanContext => ({
  now: NOW,
  policy: POLICY,
  epochSeenAt: new Map([['epoch', NOW - HOUR]]),
  retryAt: new Map(),
  unconfirmed: () => undefined,
  stale: undefined,
  paused: undefined,
  busy: new Set(),
  ...given,
});
