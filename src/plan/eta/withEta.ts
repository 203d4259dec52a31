import type { Evaluation } from '../evaluate.ts';
import type { Forecast } from './forecast.ts';

/** The evaluation with the last estimate: as a whole, and for each wave that is not done. */
export function withEta<E extends Evaluation>(evaluation: E, forecast: Forecast | undefined): E {
  if (!forecast || (!forecast.eta && forecast.leftOut.length === 0)) return evaluation;
  const waves = evaluation.waves.map(({ run, waves: all }) => {
    const known = forecast.runs.find((one) => one.run === run)?.waves;
    return {
      run,
      waves: all.map((wave) => {
        const eta = wave.state === 'done' ? undefined : known?.find(({ name }) => name === wave.name)?.eta;
        return eta ? { ...wave, eta } : wave;
      }),
    };
  });
  return { ...evaluation, waves, eta: forecast };
}
