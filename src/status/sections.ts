import { OUTCOMES } from '../plan/outcomes.ts';
import { counted } from '../report/counted.ts';
import type { ClusterStatus, RolloutFacts } from './clusterStatus.ts';
import { endedBy } from './endedBy.ts';
import type { Section, SectionOf } from './frame.ts';
import { bar } from './runSection.ts';
import type { StatusRow } from './statusDocument.ts';
import { rowKey } from './statusOf.ts';
import { columnsOf, type Piece, padded, rightAligned, SGR } from './textLine.ts';
import { ageWords, clockWords } from './words.ts';

/** Restarts that are announced. */
const NEXT = 5;
const COUNT = 7;
const AGE = 10;
const REASON = 28;

const nameOf = ({ namespace, kind, name }: Pick<StatusRow, 'namespace' | 'kind' | 'name'>): string =>
  `${namespace} ${kind}/${name}`;

/** The width of a column of names: as wide as they are, and no more than a part of the line. */
const columnFor = (rows: readonly StatusRow[], width: number): number =>
  Math.min(Math.max(0, ...rows.map((row) => columnsOf(nameOf(row)))), Math.floor(width / 2.5));

const isInFlight = ({ action, startedAt }: StatusRow): boolean => action === 'follow' || startedAt !== undefined;

/** What is being restarted, and what its controller says. */
export const inFlightSection: SectionOf = ({ document, rollouts }, { width, now }): Section => {
  const rows = document.workloads.filter(isInFlight);
  const column = columnFor(rows, width);
  return {
    title: 'IN FLIGHT',
    lines: rows.flatMap((row) => {
      const age = row.startedAt === undefined ? '' : ageWords(now - Date.parse(row.startedAt));
      const rollout = rollouts.get(rowKey(row));
      const line: Piece[] = [
        { text: `  ${padded(nameOf(row), column)} ` },
        { text: `${rightAligned(age, AGE)}  ` },
        ...(rollout ? [rolloutPiece(rollout)] : []),
      ];
      const problem = rollout?.problem;
      return problem === undefined ? [line] : [line, [{ text: `    ${problem}`, sgr: SGR.yellow }]];
    }),
  };
};

const rolloutPiece = ({ state, detail }: RolloutFacts): Piece => ({
  text: state === 'complete' ? 'rolled out, its pods are checked' : detail,
  ...(state === 'stuck' && { sgr: SGR.red }),
});

/** What failed and is not current, with the meaning of its outcome. */
export const failedSection: SectionOf = ({ document }, { width }): Section => {
  const rows = document.workloads.filter((row) => !isInFlight(row) && isFailedOutcome(row.lastOutcome));
  const column = columnFor(rows, width);
  return {
    title: 'FAILED',
    lines: rows.map((row) => [
      { text: `  ${padded(nameOf(row), column)}  ` },
      { text: row.lastOutcome ?? '', sgr: SGR.red },
      { text: `  ${helpOf(row.lastOutcome)}` },
    ]),
  };
};

const isFailedOutcome = (outcome = ''): boolean => outcome.startsWith('failed:');

const helpOf = (outcome = ''): string =>
  Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome as keyof typeof OUTCOMES].help : '';

/** What waits, by reason, and the command that ends it. */
export const waitingSection: SectionOf = (status, { now }): Section => ({
  title: 'WAITING',
  lines: status.document.waits.flatMap((sum) => {
    const command = endedBy(sum, status);
    const until = sum.until === undefined ? '' : ` (until ${clockWords(sum.until, now)})`;
    const { workloads, reason, example } = sum;
    const of = workloads === 1 || reason === 'operator-paused' ? '' : `${nameOf(example)}: `;
    return [
      [
        { text: `${rightAligned(String(workloads), COUNT)}  ` },
        { text: `${padded(reason, REASON)}  `, sgr: SGR.bold },
        { text: `${of}${example.detail}${until}` },
      ],
      ...(command === undefined ? [] : [[{ text: `${' '.repeat(COUNT)}  → ${command}`, sgr: SGR.cyan }]]),
    ];
  }),
});

/** What is restarted next, in its order. */
export const nextSection: SectionOf = ({ document }, { width }): Section => {
  const queue = document.workloads.filter((row) => !isInFlight(row) && row.order !== undefined);
  const rows = queue.toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0)).slice(0, NEXT);
  const column = columnFor(rows, width);
  return {
    title: 'NEXT',
    lines: rows.map((row, index) => [
      { text: `${rightAligned(String(index + 1), 3)}  ${padded(nameOf(row), column)}  ` },
      { text: [row.from, row.to].filter(Boolean).join(' → ') },
    ]),
  };
};

const NAMESPACE = 24;

/** The namespaces with something left to do, and how far they are. */
export const namespaceSection: SectionOf = ({ document }: ClusterStatus, { width }): Section => {
  const open = document.namespaces.filter((one) => one.outdated + one.unknown + one.conflict > 0);
  return {
    title: 'NAMESPACES',
    lines: open.map((one) => {
      const { namespace, current, outdated, inFlight, waiting, failed, unknown, conflict } = one;
      const total = current + outdated + unknown + conflict;
      const parts = [
        inFlight > 0 ? `${inFlight} in flight` : '',
        waiting > 0 ? `${waiting} waiting` : '',
        failed > 0 ? `${failed} failed` : '',
        unknown > 0 ? `${unknown} unknown` : '',
        conflict > 0 ? counted(conflict, 'conflict') : '',
      ].filter(Boolean);
      return [
        { text: `  ${padded(namespace, NAMESPACE)} ` },
        ...bar({ current, inFlight, failed, total }, width < 100 ? 10 : 20),
        { text: ` ${rightAligned(`${current}/${total}`, 11)}  ${parts.join(', ')}` },
      ];
    }),
  };
};
