import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { afterTest } from '../jest/afterTest.ts';
import { Arena } from './chaos/arena.ts';
import { breachesText } from './chaos/breachesText.ts';
import { OPTED_OUT } from './chaos/chaosFleet.ts';
import { upgrade } from './chaos/faults/upgrade.ts';
import { FAULTS } from './chaos/faults.ts';
import { INVARIANTS } from './chaos/invariants.ts';
import { play } from './chaos/play.ts';
import { recorded } from './chaos/recorded.ts';
import { restartsOf } from './chaos/restarts.ts';
import { countsOf, schedule, scheduleText } from './chaos/schedule.ts';
import { planRows } from './commandLine.ts';

/** Faults of one run: each kind once. More have a cluster of their own for so many. */
const IN_ONE_RUN = FAULTS.length;
/** As many as fit into two minutes. */
const USUAL_COUNT = 12;
const WANTED = Number(process.env.CHAOS ?? USUAL_COUNT);
const SEED = Number(process.env.CHAOS_SEED ?? 1);
/** A watch that has died without a word is missed after 150 s (src/cluster/reflector.ts), and then all must be restarted once. */
const CURRENT_MS = 270_000;

for (let done = 0; done < WANTED; done += IN_ONE_RUN) {
  const seed = SEED + done / IN_ONE_RUN;
  const count = Math.min(IN_ONE_RUN, WANTED - done);
  test(`seed ${seed}: ${count} faults during upgrades break no invariant, and everything is current in the end`, () =>
    run(seed, count));
}

async function run(seed: number, count: number): Promise<void> {
  const steps = schedule(seed, count, FAULTS);
  const log: string[] = [];
  const story = (): string =>
    `seed ${seed} (CHAOS_SEED=${seed} CHAOS=${count} plays it again)\n${scheduleText(steps)}\nas it went:\n${log.join('\n')}`;
  const arena = await Arena.up();
  afterTest(() => arena.down());
  const began = performance.now();
  const wrong = await play(steps, [...FAULTS, upgrade], arena, (line) => log.push(line));
  await arena.calm();
  await arena.upgrade();
  const calmAt = performance.now();
  const late = await arena.current(CURRENT_MS).then(
    () => '',
    (error: Error) => error.message,
  );
  const currentAt = performance.now();
  const rows = await planRows(arena.bed.kubeconfig, '--policy', arena.policy.path);
  const why = rows
    .filter(({ verdict }) => verdict === 'outdated')
    .map(({ namespace, kind, name, reason, detail }) => `${namespace}/${kind}/${name}: ${reason} ${detail}`);
  const history = await recorded(arena);
  // for a closer look at a failure, as OPERATOR_LOGS is
  if (process.env.OPERATOR_LOGS)
    writeFileSync(join(process.env.OPERATOR_LOGS, `history-${seed}.json`), JSON.stringify(history));
  const breaches = INVARIANTS.flatMap((invariant) => breachesText(invariant, history));
  const seconds = (from: number, to: number): string => `${((to - from) / 1000).toFixed(0)} s`;
  console.log(`seed ${seed}: ${JSON.stringify(countsOf(steps))}`);
  console.log(
    `${restartsOf(history).length} restarts in ${seconds(began, currentAt)}, current after ${seconds(calmAt, currentAt)}`,
  );
  assert.deepEqual(wrong, [], story());
  assert.equal(breaches.join('\n\n'), '', story());
  assert.equal(late, '', `${story()}\n${why.join('\n')}`);
  assert.ok(
    OPTED_OUT.every((name) => why.some((line) => line.startsWith(`${name}/`) && line.includes(': opted-out'))),
    `what is not current has its reason: ${why.join('\n')}`,
  );
}
