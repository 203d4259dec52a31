import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { meltemi } from '../live/commandLine.ts';
import { OperatorProcess } from '../live/operatorProcess.ts';
import { stays } from '../live/stays.ts';
import { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { fillMesh } from './fillMesh.ts';

/** Requests of `status --watch` in a second, however large the cluster is. */
const LIMIT = 2;
const READER = 'meltemi-reader';
/** So that much is in flight in each of the ten namespaces. */
const FLAGS = ['--max-in-flight', '30', '--max-in-flight-per-namespace', '3', '--istiod-config-read-delay', '1s'];

const { values } = parseArgs({
  options: {
    deployments: { type: 'string', default: '500' },
    pods: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '60' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'statusRequests [--deployments 500] [--pods 10000] [--seconds 60]   sizes, and how long each phase is measured',
  );
  process.exit(0);
}
const seconds = Number(values.seconds);

async function requests(bed: Testbed): Promise<number> {
  return Object.values(await bed.audit.requests(READER)).reduce((sum, count) => sum + count, 0);
}

/** Requests of the reader in each second of a phase. */
async function rate(bed: Testbed): Promise<number> {
  const [before, began] = [await requests(bed), performance.now()];
  await stays('watching', seconds * 1000, async () => true);
  return ((await requests(bed)) - before) / ((performance.now() - began) / 1000);
}

function watching(kubeconfig: string): ChildProcess {
  const flags = ['src/main.ts', 'status', '--watch', '--kubeconfig', kubeconfig];
  const child = spawn(process.execPath, flags, { stdio: ['ignore', 'ignore', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  return child;
}

/** Measures what a reader asks the API server for while an upgrade runs, and while nothing happens. */
async function main(): Promise<number> {
  const bed = await Testbed.up({ log: (line) => console.log(line) });
  try {
    await fillMesh(bed, { deployments: Number(values.deployments), pods: Number(values.pods) });
    await bed.startControllers();
    const operator = new OperatorProcess(await bed.operatorKubeconfig('meltemi-bench'), FLAGS);
    await until('a restart', 300_000, () => operator.said('Restarted').length > 0 || new Error(operator.rest));
    const kubeconfig = await bed.operatorKubeconfig(READER);
    const before = await requests(bed);
    const look = await meltemi('status', '--kubeconfig', kubeconfig, '-o', 'json');
    const single = (await requests(bed)) - before;
    const { counts } = JSON.parse(look.out) as { counts: Readonly<Record<string, number>> };
    const reader = watching(kubeconfig);
    await until('the reader to watch', 60_000, async () => (await requests(bed)) > before + single);
    const work = () => operator.said('Restarted').length + operator.said('Restart ended').length;
    const workBefore = work();
    const busy = await rate(bed);
    const worked = work() - workBefore;
    await meltemi('pause', '--kubeconfig', bed.kubeconfig, '-n', 'default', '--reason', 'measuring');
    await until(
      'nothing to be in flight',
      600_000,
      async () => {
        const { out } = await meltemi('status', '--kubeconfig', bed.kubeconfig, '-o', 'json');
        return (JSON.parse(out) as { counts: { inFlight: number } }).counts.inFlight === 0;
      },
      3000,
    );
    const idle = await rate(bed);
    reader.kill('SIGINT');
    await once(reader, 'exit');
    await operator.stop();
    console.log(
      `\n${values.deployments} Deployments, ${values.pods} pods; ${JSON.stringify(counts)} at the first look`,
    );
    console.log(`status, once: ${single} requests`);
    console.log(
      `status --watch over ${seconds} s of an upgrade, ${worked} restarts begun or ended: ${busy.toFixed(2)} requests a second`,
    );
    console.log(`status --watch over ${seconds} s without a restart: ${idle.toFixed(2)} requests a second`);
    console.log(JSON.stringify(await bed.audit.requests(READER)));
    return busy <= LIMIT && idle <= LIMIT ? 0 : 1;
  } finally {
    await bed.down();
  }
}

process.exitCode = await main();
