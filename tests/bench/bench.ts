import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { OperatorProcess } from '../live/operatorProcess.ts';
import { stays } from '../live/stays.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { fill } from './fill.ts';
import { processMemory } from './processMemory.ts';
import { type StartUp, startUp } from './startUp.ts';

/** What `plan` and the idle operator may cost; the sizes and figures are printed whether or not they are kept. */
const LIMITS = { ratio: 1.5, peakMb: 250, idlePercent: 1 };
const BUNDLE = 'dist/meltemi.js';

const { values } = parseArgs({
  options: {
    deployments: { type: 'string', default: '500' },
    pods: { type: 'string', default: '10000' },
    pairs: { type: 'string', default: '5' },
    idle: { type: 'string', default: '60' },
    bundle: { type: 'boolean', default: false },
    against: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'bench [--deployments 500] [--pods 10000] [--pairs 5] [--idle 60]   sizes, measured pairs, seconds of idling\n' +
      'bench --bundle [--deployments …] [--pods …] [--pairs …]   how the bundle starts, instead; pairs with the sources\n' +
      'bench --against FILE [--deployments …]   compares with another bundle on the same cluster, such as that of an older commit',
  );
  process.exit(0);
}
const size = {
  deployments: Number(values.deployments),
  pods: Number(values.pods),
  pairs: Number(values.pairs),
  idle: Number(values.idle),
};
const folder = mkdtempSync(join(tmpdir(), 'meltemi-bench-'));

interface Run {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

/** Runs a Node program to its end under the kernel's own accounting. */
function measure(args: readonly string[], expectedCode: number): Promise<Run> {
  const file = join(folder, 'usage.json');
  const began = performance.now();
  const child = spawn(process.execPath, ['--import', './tests/bench/usage.ts', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, USAGE_FILE: file },
    timeout: 300_000,
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      const seconds = (performance.now() - began) / 1000;
      if (code !== expectedCode) reject(new Error(`${args.join(' ')} ended with ${code}, not ${expectedCode}`));
      else resolve({ seconds, ...(JSON.parse(readFileSync(file, 'utf8')) as Omit<Run, 'seconds'>) });
    });
  });
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function main(): Promise<number> {
  execFileSync(process.execPath, ['build.ts'], { stdio: 'inherit' });
  const bed = await Testbed.up({ log: (line) => console.log(line) });
  try {
    await fill(bed, size);
    const user = 'meltemi-bench';
    const kubeconfig = await bed.operatorKubeconfig(user);
    if (values.bundle) {
      await starting(kubeconfig);
      return 0;
    }
    if (values.against !== undefined) {
      await against(bed, kubeconfig, values.against);
      return 0;
    }
    const plan = [BUNDLE, 'plan', '--kubeconfig', kubeconfig, '-o', 'json'];
    const bare = ['tests/bench/bareList.ts', kubeconfig];
    await measure(bare, 0);
    const questionsBefore = await bed.istio.questions('default');
    const requestsBefore = await total(bed, user);
    await measure(plan, 3);
    const questions = (await bed.istio.questions('default')) - questionsBefore;
    const requests = (await total(bed, user)) - requestsBefore;
    const pairs: { bare: Run; plan: Run }[] = [];
    for (let pair = 0; pair < size.pairs; pair++)
      pairs.push({ bare: await measure(bare, 0), plan: await measure(plan, 3) });
    const ratio = median(pairs.map((pair) => pair.plan.seconds / pair.bare.seconds));
    const peakMb = Math.max(...pairs.map((pair) => pair.plan.peakMb));
    const idle = await idling(bed, kubeconfig);
    const of = (which: 'bare' | 'plan', what: keyof Run): string =>
      median(pairs.map((pair) => pair[which][what])).toFixed(2);
    console.log(
      `\n${size.deployments} Deployments, ${size.pods} injected pods, all outdated, controllers stopped; medians of ${size.pairs} pairs\n`,
    );
    table([
      ['', 'bare list', 'plan', 'limit'],
      ['wall seconds', of('bare', 'seconds'), of('plan', 'seconds'), ''],
      ['ratio, pair by pair', '1', ratio.toFixed(2), `${LIMITS.ratio}`],
      ['CPU seconds', of('bare', 'cpuSeconds'), of('plan', 'cpuSeconds'), ''],
      ['peak RSS, MB', of('bare', 'peakMb'), peakMb.toFixed(0), `${LIMITS.peakMb}`],
      ['questions to the injector', '', String(questions), `${size.deployments}`],
      ['API requests', '', String(requests), ''],
      [`idle ${size.idle} s: CPU % of a core`, '', idle.percent.toFixed(2), `${LIMITS.idlePercent}`],
      ['idle: questions', '', String(idle.questions), '0'],
      ['idle: RSS, MB', '', idle.rss.toFixed(0), ''],
    ]);
    const kept =
      ratio <= LIMITS.ratio &&
      peakMb <= LIMITS.peakMb &&
      questions <= size.deployments &&
      idle.percent < LIMITS.idlePercent &&
      idle.questions === 0;
    console.log(`\n${kept ? 'all limits kept' : 'a limit is exceeded'}`);
    return kept ? 0 : 1;
  } finally {
    await bed.down();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Prints what this bundle and another cost on the same cluster, one after the other so that both meet the same machine. */
async function against(bed: Testbed, kubeconfig: string, other: string): Promise<void> {
  const plan = (bundle: string): Promise<Run> => measure([bundle, 'plan', '--kubeconfig', kubeconfig, '-o', 'json'], 3);
  const pairs: { ours: Run; theirs: Run }[] = [];
  for (let pair = 0; pair <= size.pairs; pair++) pairs.push({ ours: await plan(BUNDLE), theirs: await plan(other) });
  // the first pair only fills caches
  pairs.shift();
  const idle = { ours: await idling(bed, kubeconfig, BUNDLE), theirs: await idling(bed, kubeconfig, other) };
  const row = (title: string, what: keyof Run): string[] => [
    title,
    ...(['ours', 'theirs'] as const).map((which) => median(pairs.map((pair) => pair[which][what])).toFixed(2)),
    median(pairs.map(({ ours, theirs }) => ours[what] / theirs[what])).toFixed(2),
  ];
  const idleRow = (title: string, what: keyof Idle): string[] => [
    title,
    idle.ours[what].toFixed(2),
    idle.theirs[what].toFixed(2),
    (idle.ours[what] / idle.theirs[what]).toFixed(2),
  ];
  console.log(
    `\n${size.deployments} Deployments, ${size.pods} injected pods, all outdated; medians of ${size.pairs} pairs\n`,
  );
  table([
    ['', 'this', 'other', 'ratio'],
    row('plan: wall seconds', 'seconds'),
    row('plan: CPU seconds', 'cpuSeconds'),
    row('plan: peak RSS, MB', 'peakMb'),
    idleRow(`idle ${size.idle} s: CPU % of a core`, 'percent'),
    idleRow('idle: RSS, MB', 'rss'),
  ]);
}

/** Prints how the bundle and the sources start, one after the other so that both meet the same machine. */
async function starting(kubeconfig: string): Promise<void> {
  const pairs: { bundle: StartUp; sources: StartUp }[] = [];
  for (let pair = 0; pair < size.pairs; pair++)
    pairs.push({
      bundle: await startUp(BUNDLE, kubeconfig),
      sources: await startUp('src/main.ts', kubeconfig),
    });
  const row = (title: string, of: (one: StartUp) => number): string[] => [
    title,
    ...(['bundle', 'sources'] as const).map((which) => median(pairs.map((pair) => of(pair[which]))).toFixed(0)),
  ];
  console.log(
    `\n${size.deployments} Deployments, ${size.pods} injected pods, all outdated; run --dry-run, medians of ${size.pairs} starts\n`,
  );
  table([
    ['', 'bundle', 'sources'],
    row('first line, ms', ({ firstLineMs }) => firstLineMs),
    row('ready, ms', ({ readyMs }) => readyMs),
    row('scanned, ms', ({ scannedMs }) => scannedMs),
    row('RSS when ready, MB', ({ ready }) => ready.rssMb),
    row('RSS right after the scan, MB', ({ scanned }) => scanned.rssMb),
    row('peak RSS, MB', ({ idle }) => idle.peakMb),
    row('RSS after 30 s of idling, MB', ({ idle }) => idle.rssMb),
  ]);
}

async function total(bed: Testbed, user: string): Promise<number> {
  return Object.values(await bed.audit.requests(user)).reduce((sum, count) => sum + count, 0);
}

interface Idle {
  readonly percent: number;
  readonly questions: number;
  readonly rss: number;
}

async function idling(bed: Testbed, kubeconfig: string, entry?: string): Promise<Idle> {
  const operator = new OperatorProcess(kubeconfig, ['--dry-run'], {}, entry);
  try {
    await until('a scan', 120_000, () => operator.said('Scanned').length > 0);
    await stays('settling', 15_000, async () => true);
    const [cpu, questions] = [cpuSeconds(operator.pid), await bed.istio.questions('default')];
    await stays('running', size.idle * 1000, async () => true);
    const used = cpuSeconds(operator.pid) - cpu;
    return {
      percent: (used / size.idle) * 100,
      questions: (await bed.istio.questions('default')) - questions,
      rss: processMemory(operator.pid).rssMb,
    };
  } finally {
    await operator.stop();
  }
}

function table(rows: readonly string[][]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('   '),
    );
}

process.exitCode = await main();
