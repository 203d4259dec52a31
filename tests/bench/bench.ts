import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { build } from '../testbed/build.ts';
import { builtPath } from '../testbed/programs.ts';
import { progressOn } from '../testbed/progress.ts';
import { Testbed } from '../testbed/testbed.ts';
import { fillMesh } from './fillMesh.ts';
import { type Idle, idling, requestsOf } from './idling.ts';
import { imageEnvironment } from './imageEnvironment.ts';
import { measure, measureMeltemi, measureNode, measurePlanStart, median, type Run } from './measure.ts';
import { printTable } from './printTable.ts';
import { type StartUp, startUp } from './startUp.ts';

/** What `plan` and the idle operator may cost; the sizes and figures are printed whether or not they are kept. */
const LIMITS = { ofBare: 1.2, peakMb: 150, idlePercent: 0.5 };
/** What we want to reach: of the floor, without what its start takes. */
const AIMS = { ofFloor: 1.4, peakMb: 120, idleMb: 80, idlePercent: 0.1, idleRequests: 0.2 };
const BUNDLE = 'dist/meltemi.js';
const USER = 'meltemi-bench';

const { values } = parseArgs({
  options: {
    deployments: { type: 'string', default: '500' },
    pods: { type: 'string', default: '10000' },
    pairs: { type: 'string', default: '5' },
    idle: { type: 'string', default: '60' },
    bundle: { type: 'boolean', default: false },
    against: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'bench [--deployments 500] [--pods 10000] [--pairs 5] [--idle 60]   sizes, measured pairs, seconds of idling\n' +
      'bench --bundle [--deployments …] [--pods …] [--pairs …]   how the bundle starts, instead; pairs with the sources\n' +
      'bench --against FILE [--deployments …]   compares with another bundle on the same cluster too, such as that of an older commit\n' +
      'bench --json FILE   writes the figures as JSON, too',
  );
  process.exit(0);
}
const size = {
  deployments: Number(values.deployments),
  pods: Number(values.pods),
  pairs: Number(values.pairs),
  idle: Number(values.idle),
};

async function main(): Promise<number> {
  execFileSync(process.execPath, ['build.ts'], { stdio: 'inherit' });
  await build(progressOn(process.stderr), ['floor']);
  const bed = await Testbed.up({ log: (line) => console.log(line) });
  try {
    await fillMesh(bed, size);
    const kubeconfig = await bed.operatorKubeconfig(USER);
    if (values.bundle) {
      await starting(kubeconfig);
      return 0;
    }
    return await reading(bed, kubeconfig);
  } finally {
    await bed.down();
  }
}

/** One of each, one after the other, so that all meet the same machine. */
type Round = Readonly<Record<'start' | 'bare' | 'floor' | 'plan' | 'other', Run>>;

async function reading(bed: Testbed, kubeconfig: string): Promise<number> {
  const { against: other } = values;
  const plan = (bundle: string): Promise<Run> =>
    measureMeltemi([bundle, 'plan', '--kubeconfig', kubeconfig, '-o', 'json'], { expectedCode: 3 });
  const [questions, requests] = [await bed.istio.questions('default'), await requestsOf(bed, USER)];
  await plan(BUNDLE);
  const cost = {
    questions: (await bed.istio.questions('default')) - questions,
    requests: (await requestsOf(bed, USER)) - requests,
  };
  const round = async (): Promise<Round> => ({
    start: await measurePlanStart(BUNDLE),
    bare: await measureNode(['tests/bench/bareList.ts', kubeconfig]),
    floor: await measure(builtPath('floor'), [kubeconfig]),
    plan: await plan(BUNDLE),
    other: other === undefined ? NOTHING : await plan(other),
  });
  // the first round only fills caches
  await round();
  const rounds: Round[] = [];
  for (let number = 0; number < size.pairs; number++) rounds.push(await round());
  const idle = [BUNDLE, ...(other === undefined ? [] : [other])];
  const idles: Idle[] = [];
  for (const entry of idle) idles.push(await idling(bed, { kubeconfig, user: USER, seconds: size.idle }, entry));
  return report(rounds, idles, cost);
}

const NOTHING: Run = { seconds: Number.NaN, cpuSeconds: Number.NaN, peakMb: Number.NaN };

interface Cost {
  readonly questions: number;
  readonly requests: number;
}

function report(rounds: readonly Round[], [idle, idleOther]: readonly Idle[], { questions, requests }: Cost): number {
  if (!idle) throw new Error('the idle operator was not measured');
  const of = (which: keyof Round, what: keyof Run): number => median(rounds.map((round) => round[which][what]));
  /** Pair by pair, without what its start takes. */
  const ofFloor = (what: 'seconds' | 'cpuSeconds'): number =>
    median(rounds.map(({ plan, start, floor }) => (plan[what] - start[what]) / floor[what]));
  const ofRound = (which: 'bare' | 'other', what: keyof Run): number =>
    median(rounds.map((round) => round.plan[what] / round[which][what]));
  const figures = {
    machine: `${cpus().length} × ${cpus()[0]?.model}`,
    node: process.version,
    ...size,
    medians: Object.fromEntries(
      (['start', 'bare', 'floor', 'plan', 'other'] as const).map((which) => [
        which,
        { seconds: of(which, 'seconds'), cpuSeconds: of(which, 'cpuSeconds'), peakMb: of(which, 'peakMb') },
      ]),
    ),
    ratios: {
      floor: { seconds: ofFloor('seconds'), cpuSeconds: ofFloor('cpuSeconds') },
      bare: { seconds: ofRound('bare', 'seconds'), cpuSeconds: ofRound('bare', 'cpuSeconds') },
      other: { seconds: ofRound('other', 'seconds'), cpuSeconds: ofRound('other', 'cpuSeconds') },
    },
    questions,
    requests,
    idle,
    ...(idleOther && { idleOther }),
  };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, undefined, 2)}\n`);
  const shown = (number: number, digits = 2): string => (Number.isNaN(number) ? '' : number.toFixed(digits));
  const row = (title: string, what: keyof Run, digits = 2): string[] => [
    title,
    ...(['start', 'bare', 'floor', 'plan', 'other'] as const).map((which) => shown(of(which, what), digits)),
  ];
  const alone = (title: string, plan: string, aim: string, other = ''): string[] => [
    title,
    '',
    '',
    '',
    plan,
    other,
    aim,
  ];
  const mesh = `${size.deployments} Deployments, ${size.pods} injected pods, all outdated, controllers stopped`;
  console.log(`\n${mesh}; medians of ${size.pairs} rounds on ${figures.machine}\n`);
  printTable([
    ['', 'start', 'bare list', 'floor', 'plan', 'other', 'aim'],
    row('wall seconds', 'seconds'),
    row('CPU seconds', 'cpuSeconds'),
    row('peak RSS, MB', 'peakMb', 0),
    alone('wall without the start, of the floor', shown(ofFloor('seconds')), `${AIMS.ofFloor}`),
    alone('CPU without the start, of the floor', shown(ofFloor('cpuSeconds')), `${AIMS.ofFloor}`),
    alone('wall, of the bare list', shown(ofRound('bare', 'seconds')), `${LIMITS.ofBare}`),
    alone('wall, of the other', shown(ofRound('other', 'seconds')), ''),
    alone('CPU, of the other', shown(ofRound('other', 'cpuSeconds')), ''),
    alone('questions to the injector', String(questions), ''),
    alone('API requests', String(requests), ''),
    alone(
      `idle ${size.idle} s: CPU % of a core`,
      shown(idle.percent),
      `${AIMS.idlePercent}`,
      shown(idleOther?.percent ?? Number.NaN),
    ),
    alone(
      'idle: requests a second',
      shown(idle.requestsPerSecond),
      `${AIMS.idleRequests}`,
      shown(idleOther?.requestsPerSecond ?? Number.NaN),
    ),
    alone('idle: questions', String(idle.questions), `${Math.ceil(size.idle / 60)}`),
    alone('idle: RSS, MB', shown(idle.memory.rssMb, 0), `${AIMS.idleMb}`, shown(idleOther?.memory.rssMb ?? NaN, 0)),
    alone('idle: … of its own, MB', shown(idle.memory.ownMb, 0), '', shown(idleOther?.memory.ownMb ?? NaN, 0)),
  ]);
  const kept =
    ofRound('bare', 'seconds') <= LIMITS.ofBare &&
    of('plan', 'peakMb') <= LIMITS.peakMb &&
    questions <= size.deployments &&
    idle.percent < LIMITS.idlePercent &&
    // one sample of each injector is asked again each minute
    idle.questions <= Math.ceil(size.idle / 60);
  console.log(`\n${kept ? 'all limits kept' : 'a limit is exceeded'}`);
  return kept ? 0 : 1;
}

/** Prints how the bundle and the sources start, one after the other so that both meet the same machine, with Node alone beside them. */
async function starting(kubeconfig: string): Promise<void> {
  const pairs: { bundle: StartUp; sources: StartUp; nodeMs: number }[] = [];
  for (let pair = 0; pair < size.pairs; pair++)
    pairs.push({
      bundle: await startUp(BUNDLE, kubeconfig),
      sources: await startUp('src/main.ts', kubeconfig),
      nodeMs: nodeAlone(),
    });
  const row = (title: string, of: (one: StartUp, nodeMs: number) => number, digits = 0): string[] => [
    title,
    ...(['bundle', 'sources'] as const).map((which) =>
      median(pairs.map((pair) => of(pair[which], pair.nodeMs))).toFixed(digits),
    ),
  ];
  console.log(
    `\n${size.deployments} Deployments, ${size.pods} injected pods, all outdated; run --dry-run, medians of ${size.pairs} starts\n`,
  );
  printTable([
    ['', 'bundle', 'sources'],
    row('first line, ms', ({ firstLineMs }) => firstLineMs),
    row('ready, ms', ({ readyMs }) => readyMs),
    row('ready, of what `node -e 0` takes', ({ readyMs }, nodeMs) => readyMs / nodeMs, 1),
    row('scanned, ms', ({ scannedMs }) => scannedMs),
    row('RSS when ready, MB', ({ ready }) => ready.rssMb),
    row('RSS right after the scan, MB', ({ scanned }) => scanned.rssMb),
    row('peak RSS, MB', ({ idle }) => idle.peakMb),
    row('RSS after 30 s of idling, MB', ({ idle }) => idle.rssMb),
  ]);
}

/** Milliseconds that Node takes to do nothing. */
function nodeAlone(): number {
  const began = performance.now();
  execFileSync(process.execPath, ['--eval', '0'], { env: { ...process.env, ...imageEnvironment() } });
  return performance.now() - began;
}

process.exitCode = await main();
