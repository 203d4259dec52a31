import assert from 'node:assert/strict';
import { MUTANTS, type Mutant } from './mutants.ts';
import { seedsOf } from './scenario.ts';
import { SimulationWorkers } from './workers.ts';

/** The simulation is worth what it catches: each rule that is taken away, each mistake that is made again, within so many runs. */
const AT_MOST = 1500;

for (const mutant of MUTANTS) {
  (process.env.SIMULATION_SEED === undefined ? test : test.skip)(`${mutant.name}, ${mutant.breaks} breaks`, () =>
    caught(mutant, (words) => console.info(words)),
  );
}

async function caught(mutant: Mutant, tell: (words: string) => void): Promise<void> {
  const workers = new SimulationWorkers(1, mutant);
  const others = new Set<string>();
  let runs = 0;
  let seed: number | undefined;
  try {
    await workers.play(seedsFor(mutant), (result) => {
      runs += 1;
      const broken = result.violations.map(([invariant]) => invariant);
      for (const one of broken) others.add(one);
      if (broken.includes(mutant.breaks)) seed = result.seed;
      return seed !== undefined;
    });
  } finally {
    await workers.close();
  }
  assert.notEqual(seed, undefined, `not caught in ${runs} runs; broken: ${[...others].join(', ') || 'nothing'}`);
  others.delete(mutant.breaks);
  tell(
    `${mutant.name}: caught after ${runs} runs, by seed ${seed}${others.size > 0 ? `; with it ${[...others].join(', ')}` : ''}`,
  );
}

function* seedsFor({ flavour, shown }: Mutant): Generator<number> {
  if (shown !== undefined) yield shown;
  if (flavour !== undefined) yield* seedsOf(flavour, AT_MOST);
  else for (let run = 0; run < AT_MOST; run++) yield run;
}
