import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { imageEnvironment } from '../bench/imageEnvironment.ts';
import { printTable } from '../bench/printTable.ts';
import { OperatorProcess } from '../live/operatorProcess.ts';
import { build } from '../testbed/build.ts';
import { BED_PROGRAMS } from '../testbed/programs.ts';
import { progressOn, shareText } from '../testbed/progress.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { Dice } from '../unit/fuzz/dice.ts';
import { Churn } from './churn.ts';
import { collector } from './collector.ts';
import { FIGURES, type Figure, sample } from './sample.ts';
import { type Series, type Steadiness, steadiness } from './steadiness.ts';
import { virtualSoak } from './virtualSoak.ts';

const BUNDLE = 'dist/meltemi.js';
const SAMPLE_MS = 15_000;
const FLAGS = ['--istiod-config-read-delay', '2s', '--annotation-cooldown', '0', '--max-in-flight', '4'];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    virtual: { type: 'boolean', default: false },
    hours: { type: 'string', default: '24' },
    'act-every': { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'soak [--minutes 60] [--act-every 8] [--seed 1] [--json FILE]\n' +
      'soak --virtual [--hours 24] [--seed 1] [--json FILE]\n' +
      'Lets the operator run on the testbed while people deploy, scale, relabel and upgrade, an act every 8 seconds, and\n' +
      'looks whether its memory, files, sockets, timers and metric series grow. With --virtual it runs in the simulator, where\n' +
      'a day takes a minute. Exit code 1 if something grows, 2 for wrong usage.\n\n' +
      '  npm run soak                       an hour\n' +
      '  npm run soak -- --minutes 10       a short one\n' +
      '  npm run soak -- --virtual          a day in the simulator',
  );
  process.exit(0);
}
const [minutes, actEvery, seed] = [Number(values.minutes), Number(values['act-every']), Number(values.seed)];
const hours = Number(values.hours);
for (const [flag, value] of Object.entries({ '--minutes': minutes, '--act-every': actEvery, '--hours': hours }))
  if (!(value > 0)) {
    console.error(`${flag}: must be a number above 0`);
    process.exit(2);
  }

async function main(): Promise<number> {
  execFileSync(process.execPath, ['build.ts'], { stdio: 'inherit' });
  await build(progressOn(process.stderr), BED_PROGRAMS);
  const bed = await Testbed.up({ log: (line) => console.error(line) });
  try {
    const churn = new Churn(bed, new Dice(seed));
    await churn.begin();
    const kubeconfig = await bed.operatorKubeconfig('meltemi-soak');
    const operator = new OperatorProcess(kubeconfig, FLAGS, imageEnvironment(), BUNDLE);
    await until('the operator to start', 60_000, () => operator.port('metrics') > 0 || new Error(operator.rest));
    const samples = await soaked(operator, churn);
    const restarts = (await bed.audit.writes('meltemi-soak')).filter(
      ({ verb, code }) => verb === 'patch' && code < 300,
    );
    const code = await operator.stop();
    return report(samples, churn, restarts.length, code);
  } finally {
    await bed.down();
  }
}

type Sample = Readonly<Record<Figure, number>> & { readonly at: number };

/** Acts and samples until the time is over. */
async function soaked(operator: OperatorProcess, churn: Churn): Promise<Sample[]> {
  const samples: Sample[] = [];
  const [began, length] = [performance.now(), minutes * 60_000];
  const over = (): boolean => performance.now() - began >= length;
  const sampling = (async () => {
    for (; !over(); await sleep(SAMPLE_MS)) {
      const at = performance.now() - began;
      samples.push({ at, ...(await sample(operator)) });
      process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${shareText(at / length, at / 1000)}`);
      if (!process.stderr.isTTY) process.stderr.write('\n');
    }
  })();
  const acting = (async () => {
    for (; !over(); await sleep(actEvery * 1000))
      await churn.act().catch((error: Error) => console.error(`\nan act failed: ${error.message}`));
  })();
  await Promise.all([sampling, acting]);
  return samples;
}

function report(samples: readonly Sample[], churn: Churn, writes: number, code: number | null): number {
  const all = (Object.keys(FIGURES) as Figure[]).map((name): Series => {
    const values = samples.map((one) => ({ at: one.at, value: one[name] }));
    return { name, allowed: FIGURES[name], samples: values };
  });
  console.log(`\n${minutes} minutes, seed ${seed}, ${samples.length} samples, ${writes} writes of the operator`);
  console.log(`acts: ${[...churn.counts].map(([act, count]) => `${act} ${count}`).join(', ')}`);
  if (code !== 0) console.log(`the operator ended with ${code}, not 0`);
  return judged(all) && code === 0 ? 0 : 1;
}

async function inTheSimulator(): Promise<number> {
  const { series, restarts } = await virtualSoak(hours, seed, collector());
  console.log(`\n${hours} hours of virtual time, seed ${seed}, ${restarts} restarts`);
  return judged(series) ? 0 : 1;
}

/** Prints how each figure went. @returns whether all of them are flat */
function judged(series: readonly Series[]): boolean {
  const verdicts = series.map(steadiness);
  const row = ({ name, first, last, growth, noise, isFlat }: Steadiness): string[] => [
    name,
    ...[first, last, growth, noise].map((value) => value.toFixed(1)),
    isFlat ? 'flat' : 'GROWS',
  ];
  console.log();
  printTable([['after the warm-up', 'at first', 'at last', 'growth', 'noise', ''], ...verdicts.map(row)]);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ seed, verdicts, series }, undefined, 1)}\n`);
  return verdicts.every(({ isFlat }) => isFlat);
}

process.exitCode = values.virtual ? await inTheSimulator() : await main();
