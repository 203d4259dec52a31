import { OperatorProcess } from '../live/operatorProcess.ts';
import { stays } from '../live/stays.ts';
import { until } from '../testbed/until.ts';
import { imageEnvironment } from './imageEnvironment.ts';
import { type ProcessMemory, processMemory } from './processMemory.ts';

/** How an entry file starts: milliseconds since its process began, and what it took then. */
export interface StartUp {
  readonly firstLineMs: number;
  readonly readyMs: number;
  readonly scannedMs: number;
  readonly ready: ProcessMemory;
  readonly scanned: ProcessMemory;
  /** Half a minute after the scan. */
  readonly idle: ProcessMemory;
}

const OFTEN = 5;
const IDLE_MS = 30_000;

/** Starts the operator once, as a dry run, and follows it until it idles. */
export async function startUp(entry: string, kubeconfig: string): Promise<StartUp> {
  const began = performance.now();
  const operator = new OperatorProcess(kubeconfig, ['--dry-run'], imageEnvironment(), entry);
  const passed = (): number => performance.now() - began;
  try {
    const line = await until('a line', 30_000, () => operator.lines.length > 0 && { ms: passed() }, OFTEN);
    const health = `http://127.0.0.1:${operator.port('health')}/readyz`;
    const ready = await until('to be ready', 60_000, async () => (await fetch(health)).ok && { ms: passed() }, OFTEN);
    const atReady = processMemory(operator.pid);
    const scanned = await until(
      'a scan',
      120_000,
      () => operator.said('Scanned').length > 0 && { ms: passed() },
      OFTEN,
    );
    const atScanned = processMemory(operator.pid);
    await stays('idling', IDLE_MS, async () => true);
    return {
      firstLineMs: line.ms,
      readyMs: ready.ms,
      scannedMs: scanned.ms,
      ready: atReady,
      scanned: atScanned,
      idle: processMemory(operator.pid),
    };
  } finally {
    await operator.stop();
  }
}
