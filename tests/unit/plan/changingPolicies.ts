import type { Policy } from '../../../src/plan/policy.ts';
import { metricGate } from '../../builders/metricGate.ts';
import { wave } from '../../builders/waves.ts';
import { HOUR, MINUTE } from '../../builders/workload.ts';

/** Policies in which other rules and limits take part. @param wall the wall clock in milliseconds */
export const changingPolicies = (wall: number): readonly Partial<Policy>[] => [
  {},
  { maxInFlight: 3, maxInFlightPerNamespace: 2, annotationCooldown: 5 * MINUTE },
  { maxRestartsPerMinute: 2, maxInFlight: 10, maxInFlightPerNamespace: 10 },
  // more may be in flight already
  { maxInFlight: 1 },
  { restartDelay: 20_000, maxInFlight: 4 },
  { skipNamespaces: new Set(['b']), failureBudget: 2 },
  { optIn: true },
  { freezes: [{ name: 'f', from: wall + 10 * MINUTE, to: wall + 20 * MINUTE, timeZone: 'UTC' }] },
  {
    windows: [
      { name: 'w', days: new Set([3, 4]), start: HOUR, end: 2 * HOUR, timeZone: 'UTC', match: [{ namespaces: ['c'] }] },
    ],
  },
  { metricGates: [metricGate({ match: [{ namespaces: ['a', 'd'] }] })] },
  { waves: [wave('a', { bake: 3 * MINUTE, maxFailures: 1 }), wave('b', { percent: 50, maxInFlight: 1 })] },
  { waves: [wave('a', { maxInFlight: 2 }), wave('c', { bake: MINUTE })], maxInFlight: 10, maxInFlightPerNamespace: 5 },
  { waves: [wave('a', { gates: ['slo'], bake: 1000 })], metricGates: [metricGate()] },
  { restartOn: new Set(['image', 'revision', 'orphaned']) },
];
