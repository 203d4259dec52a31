import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

/** A mistake in one file: a snippet of it, and what stands there instead. */
export interface Mistake {
  readonly file: string;
  readonly snippet: string;
  readonly instead: string;
}

/** Compares worlds on code with that mistake, and tells in how many of them it shows. */
const { mistake, worlds } = workerData as { readonly mistake: Mistake; readonly worlds: number };

let isMade = false;
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith(`/${mistake.file}`)) return loaded;
    const parts = String(loaded.source).split(mistake.snippet);
    if (parts.length !== 2) throw new Error(`${mistake.file} has the snippet ${parts.length - 1} times`);
    isMade = true;
    return { ...loaded, source: parts.join(mistake.instead) };
  },
});

const { compareWorld } = await import('./comparedWorld.ts');
let shown: string | undefined;
for (let seed = 0; seed < worlds && shown === undefined; seed++) {
  try {
    compareWorld(seed);
  } catch (error) {
    shown = `world ${seed}: ${(error as Error).message.split('\n', 1)[0]}`;
  }
}
parentPort?.postMessage({ isMade, shown });
