import { Worker } from 'node:worker_threads';
import type { Mutant } from './mutants.ts';
import type { Result } from './simulate.ts';

/** Workers that play seeds, each on an own copy of the code. */
export class SimulationWorkers {
  readonly #workers: Worker[];

  constructor(count: number, mutant?: Mutant) {
    const workerData = { ...(mutant && { mutant }) };
    this.#workers = Array.from(
      { length: count },
      () => new Worker(new URL('worker.ts', import.meta.url), { workerData }),
    );
  }

  /** Results come as they are ready; with one player in the order of the seeds. Ends early when `enough` says so. */
  async play(seeds: Iterable<number>, enough: (result: Result) => boolean): Promise<void> {
    const queue = seeds[Symbol.iterator]();
    const played = this.#workers.map(async (worker) => {
      for (let next = queue.next(); !next.done; next = queue.next())
        if (enough(await this.#one(worker, next.value, false))) return;
    });
    await Promise.all(played);
  }

  /** One seed, with everything that happens in it written down. */
  trace(seed: number): Promise<Result> {
    const [worker] = this.#workers;
    if (!worker) throw new Error('there are no workers');
    return this.#one(worker, seed, true);
  }

  #one(worker: Worker, seed: number, traced: boolean): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    const failed = (error: Error): void => reject(new Error(`seed ${seed}: ${error.message}`, { cause: error }));
    worker.once('error', failed);
    worker.once('message', (result: Result) => {
      worker.off('error', failed);
      resolve(result);
    });
    worker.postMessage({ seed, traced });
    return promise;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}
