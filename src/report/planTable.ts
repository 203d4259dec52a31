import type { Row } from './row.ts';

export interface TableOptions {
  readonly colour: boolean;
  /** Also the workloads that no injector matches. */
  readonly all: boolean;
}

const COLUMNS: readonly [title: string, cell: (row: Row) => string][] = [
  ['#', (row) => (row.order === undefined ? '' : String(row.order))],
  ['NAMESPACE', (row) => row.namespace],
  ['WORKLOAD', (row) => `${row.kind}/${row.name}`],
  ['VERDICT', (row) => row.verdict],
  ['PODS', (row) => (row.pods === undefined ? '' : `${row.outdatedPods}/${row.pods}`)],
  ['FROM → TO', (row) => (row.from && row.to ? `${row.from} → ${row.to}` : (row.to ?? ''))],
  ['NEXT', next],
];

const COLOURS: Readonly<Record<Row['verdict'], number>> = {
  current: 32,
  outdated: 33,
  skipped: 90,
  unknown: 35,
  conflict: 31,
};

/** The plan for people: a line a workload, then what it adds up to. */
export function planTable(rows: readonly Row[], { colour, all }: TableOptions): string {
  const shown = all ? rows : rows.filter((row) => row.reason !== 'not-injected');
  const lines = [COLUMNS.map(([title]) => title), ...shown.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((cells) => [...(cells[column] ?? '')].length)));
  const text = lines.map((cells, line) => {
    const padded = cells
      .map((cell, column) => (column === COLUMNS.length - 1 ? cell : pad(cell, widths[column] ?? 0)))
      .join('  ');
    const row = shown[line - 1];
    return colour && row ? `\u001b[${COLOURS[row.verdict]}m${padded}\u001b[0m` : padded;
  });
  return `${text.join('\n')}\n\n${summary(rows, rows.length - shown.length)}\n`;
}

const pad = (cell: string, width: number): string => cell + ' '.repeat(Math.max(0, width - [...cell].length));

/** What happens to the workload next, and why. */
function next(row: Row): string {
  const why = row.reason && row.detail ? `${row.reason}: ${row.detail}` : row.reason;
  const outage = row.outage ? '; an outage: all its pods may be away at once' : '';
  const until = row.until ? ` (until ${row.until})` : '';
  switch (row.action) {
    case 'restart':
      return `restart (${row.drifts.join(', ')})${outage}`;
    case 'wait':
      return `wait, ${why}${until}${outage}`;
    case 'follow':
      return 'being restarted';
    case 'close':
      return 'nothing; its last restart succeeded late';
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
  return hidden > 0 ? `${text} (${hidden} outside the mesh not shown; --all shows them)` : text;
}
