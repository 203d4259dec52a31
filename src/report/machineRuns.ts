import type { Eta } from '../plan/eta/eta.ts';
import type { Forecast } from '../plan/eta/forecast.ts';
import type { RunWaves } from '../plan/wave.ts';
import { timestamp } from '../rfc3339.ts';

/** An estimate of the whole for programs. */
export const machineForecast = ({ eta, workloads, leftOut }: Forecast): object => ({
  ...(eta && machineEta(eta)),
  workloads,
  leftOut,
});

/** Times as RFC 3339, as those of the workloads. */
export const machineEta = ({ median, p90 }: Eta) => ({ median: timestamp(median), p90: timestamp(p90) });

/** The waves of a run for programs. */
export const machineWaves = ({ run, waves }: RunWaves): object => ({
  id: run,
  waves: waves.map(({ until, eta, ...wave }) => ({
    ...wave,
    ...(until !== undefined && { until: timestamp(until) }),
    ...(eta && { eta: machineEta(eta) }),
  })),
});
