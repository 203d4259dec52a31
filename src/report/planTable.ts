import { counted } from '../counted.ts';
import { escaped } from './escaped.ts';
import type { Row } from './row.ts';
import { unsupportedSums } from './unsupportedSums.ts';
import type { WaveWords } from './waveWords.ts';

export interface TableOptions {
  readonly colour: boolean;
  /** Also the workloads that no injector matches. */
  readonly all: boolean;
  /** How far each wave is; absent without waves in the policy. */
  readonly waves?: readonly WaveWords[];
  /** When all is expected to be done, in words; absent if there is nothing to say. */
  readonly eta?: string | undefined;
}

/** The maximum length of a cell's parts. A long name or reason of one workload must not push other cells off the screen. */
const NAME_LIMIT = 63;
const SIDECAR_LIMIT = 60;
const TIME_LIMIT = 40;
const WHY_LIMIT = 300;

/** Kinds that the last line names. Anybody may make pods of a kind of their own. */
const KINDS_SHOWN = 10;

const COLUMNS: readonly [title: string, cell: (row: Row) => string][] = [
  ['#', (row) => (row.order === undefined ? '' : String(row.order))],
  ['NAMESPACE', (row) => escaped(row.namespace, NAME_LIMIT)],
  ['WORKLOAD', (row) => escaped(`${row.kind}/${row.name}`, NAME_LIMIT)],
  ['VERDICT', (row) => row.verdict],
  ['PODS', (row) => (row.pods === undefined ? '' : `${row.outdatedPods}/${row.pods}`)],
  ['FROM → TO', ({ from, to }) => [from, to].flatMap((word) => (word ? escaped(word, SIDECAR_LIMIT) : [])).join(' → ')],
  ['NEXT', next],
];

const COLOURS: Readonly<Record<Row['verdict'], number>> = {
  current: 32,
  outdated: 33,
  skipped: 90,
  unknown: 35,
  conflict: 31,
};

/**
 * The plan as a table: one line per workload, under its wave where there are waves, then the sums. Foreign text is escaped and cut;
 * `-o json` has it in full.
 */
export function planTable(rows: readonly Row[], { colour, all, waves, eta }: TableOptions): string {
  const shown = byWave(all ? rows : rows.filter((row) => row.reason !== 'not-injected'), waves);
  const lines = [COLUMNS.map(([title]) => title), ...shown.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((cells) => [...(cells[column] ?? '')].length)));
  const text = lines.map((cells, line) => {
    const padded = cells
      .map((cell, column) => (column === COLUMNS.length - 1 ? cell : pad(cell, widths[column] ?? 0)))
      .join('  ');
    const row = shown[line - 1];
    return colour && row ? `\u001b[${COLOURS[row.verdict]}m${padded}\u001b[0m` : padded;
  });
  const grouped = waves ? withHeadings(text, shown, waves) : text;
  const expected = eta === undefined ? '' : `${eta}\n`;
  return `${grouped.join('\n')}\n\n${summary(rows, rows.length - shown.length)}\n${expected}`;
}

/** What is in no wave, because it is never restarted, comes last. */
function byWave(rows: readonly Row[], waves: readonly WaveWords[] | undefined): readonly Row[] {
  if (!waves) return rows;
  const of = Map.groupBy(rows, ({ wave }) => wave);
  return [...waves.map(({ name }) => name), undefined].flatMap((name) => of.get(name) ?? []);
}

/** Each wave under a heading of its own, and one line for each of its runs. */
function withHeadings([title = '', ...text]: string[], rows: readonly Row[], waves: readonly WaveWords[]): string[] {
  const of = Map.groupBy(text, (_line, index) => rows[index]?.wave);
  const others = of.get(undefined) ?? [];
  return [
    title,
    ...waves.flatMap(({ name, lines }) => [
      '',
      ...lines.map((line) => `wave ${escaped(name, NAME_LIMIT)}: ${escaped(line, WHY_LIMIT)}`),
      ...(of.get(name) ?? []),
    ]),
    ...(others.length > 0 ? ['', 'in no wave, because Meltemi does not restart it', ...others] : []),
  ];
}

const pad = (cell: string, width: number): string => cell + ' '.repeat(Math.max(0, width - [...cell].length));

/** What happens to the workload next, and why. */
function next(row: Row): string {
  const why = escaped(row.reason && row.detail ? `${row.reason}: ${row.detail}` : row.reason, WHY_LIMIT);
  const outage = row.outage ? '; causes an outage: all its pods may be down at once' : '';
  const until = row.until ? ` (until ${escaped(row.until, TIME_LIMIT)})` : '';
  const asked = row.doNotDisrupt && row.reason !== 'do-not-disrupt' ? `; ${escaped(row.doNotDisrupt, WHY_LIMIT)}` : '';
  switch (row.action) {
    case 'restart':
      return `restart (${row.sidecar ? `${row.sidecar}: ` : ''}${row.drifts.join(', ')})${outage}${asked}`;
    case 'wait':
      return `wait, ${why}${until}${outage}${asked}`;
    case 'follow':
      return 'being restarted';
    case 'close':
      return 'nothing to do; its last restart succeeded late';
    default:
      return why || '–';
  }
}

function summary(rows: readonly Row[], hidden: number): string {
  const counts = (['outdated', 'current', 'skipped', 'unknown', 'conflict'] as const)
    .map((verdict) => [rows.filter((row) => row.verdict === verdict).length, verdict] as const)
    .filter(([count]) => count > 0)
    .map(([count, verdict]) => `${count} ${verdict}`);
  const text = counts.length > 0 ? counts.join(', ') : 'no workloads';
  const all = hidden > 0 ? `${text} (${hidden} outside the mesh not listed; use --all to list them)` : text;
  return `${all}${unsupportedLine(rows)}`;
}

/** What is outdated and is never restarted by Meltemi, in one line; empty if there is nothing. */
function unsupportedLine(rows: readonly Row[]): string {
  const { pods, workloads, byKind } = unsupportedSums(rows);
  if (workloads === 0) return '';
  const kinds = [...byKind].map(([kind, count]) => `${count} ${escaped(kind, NAME_LIMIT)}`);
  const shown = kinds.length > KINDS_SHOWN ? [...kinds.slice(0, KINDS_SHOWN), 'and others'] : kinds;
  const of = `${counted(pods, 'pod')} of ${counted(workloads, 'workload')}`;
  return `\n${of} ${pods === 1 ? 'is' : 'are'} outdated and not restarted, because Meltemi cannot restart their kind: ${shown.join(', ')}`;
}
