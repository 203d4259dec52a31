import type { Limit } from './limit.ts';

export const maxInFlightPerWave: Limit<'max-in-flight-per-wave'> = {
  code: 'max-in-flight-per-wave',
  help: "The limit of restarts in flight in this workload's wave is reached.",
  ends: 'Another restart of the wave ends. Or raise `maxInFlight` of the wave.',
  lookAgain: 'on-change',
  check({ workload }, counts) {
    const { wave, inFlight } = counts.inWave(workload);
    if (wave.maxInFlight === undefined || inFlight < wave.maxInFlight) return undefined;
    return { detail: `${inFlight} of ${wave.maxInFlight} are in flight in wave ${wave.name}` };
  },
};
