import { readdirSync, readlinkSync } from 'node:fs';
import { processMemory } from '../bench/processMemory.ts';
import type { OperatorProcess } from '../live/operatorProcess.ts';

/**
 * Figures of a running operator that must not grow, and how much they may over a run. V8 compiles more and more of what runs again, so its
 * code grows for hours; it cannot become more than the program has.
 */
export const FIGURES = {
  'resident memory, MB': 8,
  'objects on the heap, MB': 4,
  'compiled code, MB': 6,
  'open files': 2,
  'open sockets': 2,
  handles: 2,
  timers: 3,
  'metric series': 10,
} as const;

/** Where V8 keeps machine code and bytecode. */
const CODE_SPACES = ['code', 'code_large_object', 'trusted', 'trusted_large_object'];

export type Figure = keyof typeof FIGURES;

/** What the kernel and the operator's own metrics say at a moment. */
export async function sample(operator: OperatorProcess): Promise<Record<Figure, number>> {
  const response = await fetch(`http://127.0.0.1:${operator.port('metrics')}/metrics`, {
    signal: AbortSignal.timeout(10_000),
  });
  const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const sum = (name: string, label = ''): number =>
    lines
      .filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(label))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  const files = openFiles(operator.pid);
  const code = CODE_SPACES.reduce((total, space) => total + sum('nodejs_heap_space_size_used_bytes', `"${space}"`), 0);
  const timers = sum('nodejs_active_resources', '"Timeout"');
  return {
    'resident memory, MB': processMemory(operator.pid).rssMb,
    'objects on the heap, MB': (sum('nodejs_heap_size_used_bytes') - code) / 1e6,
    'compiled code, MB': code / 1e6,
    'open files': files.length,
    'open sockets': files.filter((file) => file.startsWith('socket:')).length,
    handles: sum('nodejs_active_resources') - timers,
    timers,
    'metric series': lines.length,
  };
}

function openFiles(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).flatMap((name) => {
    try {
      return [readlinkSync(`${folder}/${name}`)];
    } catch {
      // closed between both reads
      return [];
    }
  });
}
