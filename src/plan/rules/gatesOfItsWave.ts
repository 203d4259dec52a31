import { closedWords, gatesOfWave } from '../gatesOfWave.ts';
import type { Rule } from '../rule.ts';

/** The gates that a wave names hold that wave alone. */
export const gatesOfItsWave: Rule<'metric-gate'> = {
  code: 'metric-gate',
  help: 'A metric gate of the policy is closed, or has not answered. The detail has its value and its bound.',
  lookAgain: 'on-change',
  betweenPods: true,
  check({ workload }, { policy, waves, metricGates }) {
    if (!policy.waves?.some(({ gates }) => gates.length > 0)) return undefined;
    const wave = waves?.of.waves[waves.of.indexOf(workload)];
    const closed = wave ? gatesOfWave(wave, metricGates) : [];
    return closed.length > 0 ? { detail: closedWords(closed) } : undefined;
  },
};
