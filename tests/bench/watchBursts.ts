import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Coalesce } from '../../src/watch/coalesce.ts';
import type { MeshWatch } from '../../src/watch/meshWatch.ts';
import { BURSTS, type BurstCost, burstCost } from '../unit/watch/burstCost.ts';
import { printTable } from './printTable.ts';

const { values } = parseArgs({
  options: {
    against: { type: 'string' },
    rounds: { type: 'string', default: '7' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    'watchBursts [--rounds 7] [--against DIRECTORY]\n' +
      'Plays bursts of a thousand watch events in memory, and counts how often something is hashed, the entries are gone\n' +
      'through and the mesh is made. --against plays them with the code of another checkout, too, by turns in the same run.',
  );
  process.exit(0);
}

interface Code {
  readonly MeshWatch: typeof MeshWatch;
  readonly Coalesce: typeof Coalesce;
}

async function codeIn(directory: string): Promise<Code> {
  const load = (file: string) => import(pathToFileURL(resolve(directory, 'src/watch', file)).href);
  return { ...(await load('meshWatch.ts')), ...(await load('coalesce.ts')) } as Code;
}

const trees: [string, Code][] = [['here', await codeIn('.')]];
if (values.against !== undefined) trees.unshift(['there', await codeIn(values.against)]);

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
const rows: string[][] = [['', '', 'hashes', 'walks', 'meshes', 'CPU ms']];
for (const [name, burst] of Object.entries(BURSTS)) {
  const costs = new Map<string, BurstCost[]>(trees.map(([where]) => [where, []]));
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [where, code] of trees) costs.get(where)?.push(await burstCost(code, burst));
  for (const [where, all] of costs) {
    const figures = (['hashes', 'walks', 'meshes'] as const).map((figure) =>
      String(median(all.map((one) => one[figure]))),
    );
    rows.push([name, where, ...figures, median(all.map(({ milliseconds }) => milliseconds)).toFixed(1)]);
  }
}
printTable(rows);
