import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Mutant } from './mutants.ts';

/** Plays the seeds that it is sent, one after the other, on the code as it is or with one snippet of it replaced while it is loaded. */
const { mutant } = workerData as { readonly mutant?: Mutant };

let replaced = false;
if (mutant) {
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith(`/${mutant.file}`)) return loaded;
      const parts = String(loaded.source).split(mutant.snippet);
      if (parts.length !== 2)
        throw new Error(`${mutant.file} has the snippet ${parts.length - 1} times: ${mutant.snippet}`);
      replaced = true;
      return { ...loaded, source: parts.join(mutant.instead) };
    },
  });
}

const { simulate } = await import('./simulate.ts');
if (mutant && !replaced) throw new Error(`${mutant.file} was not loaded`);

let playing = Promise.resolve();
parentPort?.on('message', ({ seed, traced }: { seed: number; traced: boolean }) => {
  playing = playing.then(async () => parentPort?.postMessage(await simulate(seed, traced)));
});
