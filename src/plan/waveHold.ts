import type { Outdated } from './assessed.ts';
import type { RuleContext } from './rule.ts';
import type { Finding } from './wait.ts';
import type { WaveProgress, WaveState } from './wave.ts';

/**
 * Why a workload waits for an earlier wave of its run. It waits for the first that is not done: the ones in between are told when that is.
 * @param states those of that wave that are asked about
 */
export function waveHold(
  { workload, injection }: Outdated,
  { policy, waves }: Pick<RuleContext, 'policy' | 'waves'>,
  states: readonly WaveState[],
): Finding | undefined {
  if (!policy.waves || !waves) return undefined;
  const earlier = waves.ofRun(injection.run).slice(0, waves.of.indexOf(workload));
  const held = earlier.find(({ progress }) => progress.state !== 'done')?.progress;
  if (!held || !states.includes(held.state)) return undefined;
  return { detail: holdWords(held), ...(held.until !== undefined && { until: held.until }) };
}

/** How many workloads are left of a wave changes with each restart. It is told with the waves, and not again of all that wait for it. */
export const holdWords = ({ name, state, detail }: WaveProgress): string =>
  state === 'running' || state === 'waiting' ? `wave ${name} is ${state}` : `wave ${name} is ${state}: ${detail}`;
