import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { NOW } from '../builders/workload.ts';
import { currentOne, manyWorkloads, outdatedOne, planOf } from './planOf.ts';
import { ServedPage } from './servedPage.ts';

/** Serves a page of so many workloads, and does what its parent asks for. It ends with its parent. */
const plan = planOf(manyWorkloads(Number(process.argv[2])));
const items = [...plan.items];
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();
const served = await new ServedPage().start();
served.shows({ ...plan, items: [...items], at: NOW });
let turn = 0;
const COLLECTIONS = 5;

/** Thirty workloads change, as restarts do in an upgrade. */
function restart(): void {
  turn += 1;
  const make = turn % 2 === 1 ? currentOne : outdatedOne;
  for (let index = 0; index < 30; index++) {
    const { workload } = items[index] ?? {};
    const [changed] = workload ? planOf([make(workload.name, workload.namespace)]).items : [];
    if (changed) items[index] = changed;
  }
  served.shows({ ...plan, items: [...items], at: NOW });
}

/** Collects garbage until what is over is given back. */
async function collect(): Promise<void> {
  for (let times = 0; times < COLLECTIONS; times++) {
    (globalThis as { gc?: () => void }).gc?.();
    await nextTurn();
  }
}

const ANSWERS: Readonly<Record<string, () => unknown>> = {
  url: () => served.url,
  restart,
  // what an operator does all the time, so that its heap is as large as an operator's
  evaluate: () => void planOf(manyWorkloads(Number(process.argv[2]))),
  gc: collect,
  longest: () => {
    const { max } = delay;
    delay.reset();
    return max / 1e6;
  },
};

process.on('message', async (what: string) => {
  const value = await ANSWERS[what]?.();
  process.send?.({ value: value ?? null });
});
process.on('disconnect', () => process.exit(0));
