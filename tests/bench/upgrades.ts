import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { OperatorProcess } from '../live/operatorProcess.ts';
import { stays } from '../live/stays.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { cpuSecondsOf } from './cpuSecondsOf.ts';
import { fillMesh, NAMESPACES } from './fillMesh.ts';
import { requestsOf } from './idling.ts';
import { imageEnvironment } from './imageEnvironment.ts';
import { printTable } from './printTable.ts';
import { processMemory } from './processMemory.ts';

const BUNDLE = 'dist/meltemi.js';
const USER = 'meltemi-bench';
/** What a restart may cost in a large upgrade, of what it costs in a small one. */
const LIMIT = 1.3;
/** Longest that an upgrade may take: for each of its workloads, and for the last of them to become ready. In milliseconds. */
const PATIENCE = { each: 400, last: 60_000 };
const SETTLING_MS = 15_000;
/** Milliseconds between two health probes. One that waits shows a blocked event loop. */
const PROBED_EVERY = 20;

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '500,5000' },
    'in-flight': { type: 'string', default: '50' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('upgrades [--sizes 500,5000] [--in-flight 50]   upgrades meshes of so many Deployments with a pod each');
  process.exit(0);
}

/** What an upgrade of a mesh took. */
interface Upgrade {
  readonly workloads: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly requests: number;
  readonly longestBlockMs: number;
  readonly peakMb: number;
}

/**
 * Upgrades a mesh of its own. The operator starts paused, so that its start and the first scan do not count: they cost the same however
 * many restarts follow.
 */
async function upgrade(workloads: number): Promise<Upgrade> {
  const bed = await Testbed.up({ log: (line) => console.log(line) });
  try {
    await fillMesh(bed, { deployments: workloads, pods: workloads });
    await bed.startControllers();
    const atOnce = Number(values['in-flight']);
    const limits = { maxInFlight: atOnce, maxInFlightPerNamespace: Math.ceil(atOnce / NAMESPACES) };
    const policy = join(bed.state, 'policy.yaml');
    writeFileSync(policy, JSON.stringify({ ...limits, paused: 'measuring' }));
    const flags = ['--policy', policy];
    const operator = new OperatorProcess(await bed.operatorKubeconfig(USER), flags, imageEnvironment(), BUNDLE);
    try {
      await until('a scan', 120_000, () => operator.said('Scanned').length > 0 || new Error(operator.rest));
      await stays('settling', SETTLING_MS, async () => true);
      const [cpu, requests, began] = [cpuSecondsOf(operator.pid), await requestsOf(bed, USER), performance.now()];
      using probe = new Probe(operator.port('health'));
      writeFileSync(policy, JSON.stringify(limits));
      const ended = (): number => operator.said('Restart ended').length;
      await until(
        `${workloads} restarts to end`,
        workloads * PATIENCE.each + PATIENCE.last,
        () => {
          process.stdout.write(`\r  ${ended()}/${workloads} restarts after ${since(began).toFixed(0)} s `);
          return ended() >= workloads;
        },
        2000,
      );
      process.stdout.write('\n');
      return {
        workloads,
        seconds: since(began),
        cpuSeconds: cpuSecondsOf(operator.pid) - cpu,
        requests: (await requestsOf(bed, USER)) - requests,
        longestBlockMs: probe.longestMs,
        peakMb: processMemory(operator.pid).peakMb,
      };
    } finally {
      await operator.stop();
    }
  } finally {
    await bed.down();
  }
}

const since = (began: number): number => (performance.now() - began) / 1000;

/**
 * Asks for the health of a process again and again. What an answer takes is the longest that its event loop was blocked, or a little more:
 * the process and this one also wait for a processor.
 */
class Probe implements Disposable {
  longestMs = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(port: number) {
    this.#timer = setInterval(() => {
      const asked = performance.now();
      const took = (): void => {
        this.longestMs = Math.max(this.longestMs, performance.now() - asked);
      };
      // a probe that gets no answer has waited, too
      fetch(`http://127.0.0.1:${port}/healthz`)
        .then((response) => response.text())
        .then(took, took);
    }, PROBED_EVERY);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

async function main(): Promise<number> {
  execFileSync(process.execPath, ['build.ts'], { stdio: 'inherit' });
  const upgrades: Upgrade[] = [];
  for (const size of values.sizes.split(',')) upgrades.push(await upgrade(Number(size)));
  const row = (title: string, of: (one: Upgrade) => number, digits: number): string[] => [
    title,
    ...upgrades.map((one) => of(one).toFixed(digits)),
  ];
  const perRestart = ({ cpuSeconds, workloads }: Upgrade): number => (cpuSeconds / workloads) * 1000;
  printTable([
    ['', ...upgrades.map(({ workloads }) => `${workloads} workloads`)],
    row('seconds', ({ seconds }) => seconds, 0),
    row('CPU of a restart, ms', perRestart, 2),
    row('requests of a restart', ({ requests, workloads }) => requests / workloads, 2),
    row('longest block of the loop, ms', ({ longestBlockMs }) => longestBlockMs, 0),
    row('peak RSS, MB', ({ peakMb }) => peakMb, 0),
  ]);
  const [smallest, largest] = [upgrades[0], upgrades.at(-1)];
  if (!smallest || !largest) return 1;
  const ratio = perRestart(largest) / perRestart(smallest);
  console.log(`\nCPU of a restart, largest of smallest: ${ratio.toFixed(2)}; the limit is ${LIMIT}`);
  return ratio <= LIMIT ? 0 : 1;
}

process.exitCode = await main();
