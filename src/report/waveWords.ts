import { runWord } from '../expect/mesh.ts';
import type { Plan } from '../plan/plan.ts';
import type { WaveProgress } from '../plan/wave.ts';
import { timestamp } from '../rfc3339.ts';

/** How far a wave is, in one line for each run that concerns a workload of it. */
export interface WaveWords {
  readonly name: string;
  readonly lines: readonly string[];
}

/**
 * How far the waves of a plan are, in order. Where several runs have something in one wave, each line names its own.
 */
export function waveWords({ waves, items }: Pick<Plan, 'waves' | 'items'>): readonly WaveWords[] {
  const runs = new Map<string, string>();
  for (const { injection } of items) if (injection) runs.set(injection.run, runWord(injection));
  const names = [...new Set(waves.flatMap((run) => run.waves.map(({ name }) => name)))];
  return names.map((name) => {
    const found = waves.flatMap(({ run, waves: all }) => {
      const progress = all.find((one) => one.name === name);
      return progress && progress.total > 0 ? { run, progress } : [];
    });
    const lines = found.map(({ run, progress }) =>
      found.length > 1 ? `${progressWords(progress)} (${runs.get(run) ?? `run ${run}`})` : progressWords(progress),
    );
    return { name, lines: lines.length > 0 ? lines : ['nothing to restart'] };
  });
}

function progressWords({ state, detail, until, total, current }: WaveProgress): string {
  const why = detail === undefined ? '' : `: ${detail}`;
  const end = until === undefined ? '' : ` (until ${timestamp(until)})`;
  return `${state}, ${current} of ${total} current${why}${end}`;
}
