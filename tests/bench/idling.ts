import { OperatorProcess } from '../live/operatorProcess.ts';
import { stays } from '../live/stays.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import { cpuSecondsOf } from './cpuSecondsOf.ts';
import { imageEnvironment } from './imageEnvironment.ts';
import { type ProcessMemory, processMemory } from './processMemory.ts';

/** What the operator takes while nothing happens. */
export interface Idle {
  /** Of a core. */
  readonly percent: number;
  readonly questions: number;
  readonly requestsPerSecond: number;
  readonly memory: ProcessMemory;
}

/** The Events of a scan go out at ten a second, and then V8 collects what the scan has left. */
const SETTLING_MS = 180_000;

/** Runs the operator without writes until it has scanned and settled, and then for some more seconds. */
export async function idling(
  bed: Testbed,
  { kubeconfig, user, seconds }: { readonly kubeconfig: string; readonly user: string; readonly seconds: number },
  entry?: string,
): Promise<Idle> {
  const operator = new OperatorProcess(kubeconfig, ['--dry-run'], imageEnvironment(), entry);
  try {
    await until('a scan', 120_000, () => operator.said('Scanned').length > 0);
    await stays('settling', SETTLING_MS, async () => true);
    const [cpu, questions, requests] = [
      cpuSecondsOf(operator.pid),
      await bed.istio.questions('default'),
      await requestsOf(bed, user),
    ];
    await stays('running', seconds * 1000, async () => true);
    const used = cpuSecondsOf(operator.pid) - cpu;
    return {
      percent: (used / seconds) * 100,
      questions: (await bed.istio.questions('default')) - questions,
      requestsPerSecond: ((await requestsOf(bed, user)) - requests) / seconds,
      memory: processMemory(operator.pid),
    };
  } finally {
    await operator.stop();
  }
}

/** How many requests a user has made so far. */
export async function requestsOf(bed: Testbed, user: string): Promise<number> {
  return Object.values(await bed.audit.requests(user)).reduce((sum, count) => sum + count, 0);
}
