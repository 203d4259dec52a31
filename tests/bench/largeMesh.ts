import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { build } from '../testbed/build.ts';
import { builtPath } from '../testbed/programs.ts';
import { progressOn } from '../testbed/progress.ts';
import { measure, measureMeltemi, measurePlanStart, median, type Run } from './measure.ts';
import { printTable } from './printTable.ts';

/** Of the floor, without what its start takes; and peak memory, of a large mesh. */
const AIMS = { ofFloor: 1.2, peakMb: 160 };
const BUNDLE = 'dist/meltemi.js';
/** How long a cluster may take to make its pages, in milliseconds. */
const LONGEST_START = 300_000;

const { values } = parseArgs({
  options: {
    deployments: { type: 'string', default: '10000' },
    pods: { type: 'string', default: '150000' },
    pairs: { type: 'string', default: '3' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'largeMesh [--deployments 10000] [--pods 150000] [--pairs 3] [--json FILE]\n' +
      'Compares plan with the floor on a cluster that only answers: on one of 10,000 pods of 500 Deployments, and on this one.\n' +
      'PEER="command" is measured too; it finds the cluster by KUBECONFIG.',
  );
  process.exit(0);
}

interface Size {
  readonly pods: number;
  readonly deployments: number;
}

const SMALL: Size = { pods: 10_000, deployments: 500 };
const LARGE: Size = { pods: Number(values.pods), deployments: Number(values.deployments) };
const PEER = process.env.PEER;

/** One of each, one after the other, so that all meet the same machine. */
type Round = Readonly<Record<'start' | 'floor' | 'plan' | 'peer', Run>>;

async function main(): Promise<void> {
  execFileSync(process.execPath, ['build.ts'], { stdio: 'inherit' });
  await build(progressOn(process.stderr), ['floor']);
  const [small, large] = [await roundsOn(SMALL), await roundsOn(LARGE)];
  report(small, large);
}

async function roundsOn(size: Size): Promise<Round[]> {
  const folder = mkdtempSync(join(tmpdir(), 'meltemi-bench-'));
  const kubeconfig = join(folder, 'kubeconfig.json');
  const cluster = await clusterOf(size, kubeconfig);
  try {
    const rounds: Round[] = [];
    for (let number = 0; number <= Number(values.pairs); number++) {
      console.error(`${size.pods} pods: round ${number} of ${values.pairs}`);
      const round = {
        start: await measurePlanStart(BUNDLE),
        floor: await measure(builtPath('floor'), [kubeconfig]),
        plan: await measureMeltemi([BUNDLE, 'plan', '--kubeconfig', kubeconfig, '-o', 'json'], { expectedCode: 3 }),
        peer: PEER ? await measurePeer(PEER, kubeconfig) : NOTHING,
      };
      // the first round only fills caches
      if (number > 0) rounds.push(round);
    }
    return rounds;
  } finally {
    cluster.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

async function clusterOf({ pods, deployments }: Size, kubeconfig: string): Promise<ChildProcess> {
  const flags = ['--pods', `${pods}`, '--deployments', `${deployments}`, '--kubeconfig', kubeconfig];
  const child = spawn(process.execPath, ['tests/bench/syntheticCluster.ts', ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  await once(createInterface({ input: child.stdout }), 'line', { signal: AbortSignal.timeout(LONGEST_START) });
  return child;
}

const NOTHING: Run = { seconds: Number.NaN, cpuSeconds: Number.NaN, peakMb: Number.NaN };

/** Another's command, by GNU time, because it counts nothing itself. */
async function measurePeer(command: string, kubeconfig: string): Promise<Run> {
  const began = performance.now();
  const child = spawn('/usr/bin/time', ['-f', '%U %S %M', 'sh', '-c', command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, KUBECONFIG: kubeconfig },
  });
  let last = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    last = line;
  });
  await once(child, 'close');
  const [user = Number.NaN, system = Number.NaN, kilobytes = Number.NaN] = last.split(' ').map(Number);
  return { seconds: (performance.now() - began) / 1000, cpuSeconds: user + system, peakMb: kilobytes / 1024 };
}

function report(small: readonly Round[], large: readonly Round[]): void {
  const of = (rounds: readonly Round[], which: keyof Round, what: keyof Run): number =>
    median(rounds.map((round) => round[which][what]));
  /** Pair by pair, without what its start takes. */
  const ofFloor = (rounds: readonly Round[], what: 'seconds' | 'cpuSeconds'): number =>
    median(rounds.map(({ plan, start, floor }) => (plan[what] - start[what]) / floor[what]));
  const body = (rounds: readonly Round[]): number =>
    median(rounds.map(({ plan, start }) => plan.seconds - start.seconds));
  /** 1 where twice the pods take twice the time. */
  const growth = body(large) / body(small) / (LARGE.pods / SMALL.pods);
  const columns = ([title, what, digits]: readonly [string, keyof Run, number]): string[] => [
    title,
    ...[small, large].flatMap((rounds) =>
      (['floor', 'plan', ...(PEER ? (['peer'] as const) : [])] as const).map((which) =>
        of(rounds, which, what).toFixed(digits),
      ),
    ),
  ];
  const alone = (title: string, ofSmall: string, ofLarge: string): string[] => {
    const rest = PEER ? [''] : [];
    return [title, '', ofSmall, ...rest, '', ofLarge, ...rest];
  };
  const names = ['floor', 'plan', ...(PEER ? ['peer'] : [])];
  const machine = `${cpus().length} × ${cpus()[0]?.model}`;
  console.log(`\nA cluster that only answers; medians of ${values.pairs} rounds on ${machine}\n`);
  printTable([
    ['', ...[SMALL, LARGE].flatMap(({ pods }) => names.map((name) => `${name}, ${pods / 1000}k`))],
    columns(['wall seconds', 'seconds', 2]),
    columns(['CPU seconds', 'cpuSeconds', 2]),
    columns(['peak RSS, MB', 'peakMb', 0]),
    alone(
      'wall without the start, of the floor',
      ofFloor(small, 'seconds').toFixed(2),
      ofFloor(large, 'seconds').toFixed(2),
    ),
    alone(
      'CPU without the start, of the floor',
      ofFloor(small, 'cpuSeconds').toFixed(2),
      ofFloor(large, 'cpuSeconds').toFixed(2),
    ),
  ]);
  console.log(`\nwall time grows ${growth.toFixed(2)} times as much as the pods (aim: 1)`);
  console.log(`aims for the large one: ${AIMS.ofFloor} of the floor, peak ${AIMS.peakMb} MB`);
  if (values.json === undefined) return;
  writeFileSync(
    values.json,
    `${JSON.stringify({ machine, node: process.version, growth, small, large }, undefined, 2)}\n`,
  );
}

await main();
