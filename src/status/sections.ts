import { counted } from '../counted.ts';
import { OUTCOMES } from '../plan/outcomes.ts';
import type { RolloutFacts } from './clusterStatus.ts';
import { endedBy } from './endedBy.ts';
import { bar } from './runSection.ts';
import type { Section, SectionOf } from './section.ts';
import type { Counts, StatusDocument, StatusRow, WaitSum } from './statusDocument.ts';
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

/** The restarts under way. */
export const inFlightRows = ({ workloads }: StatusDocument): StatusRow[] => workloads.filter(isInFlight);

/** The workloads whose last restart failed, and that are not being restarted again. */
export const failedRows = ({ workloads }: StatusDocument): StatusRow[] =>
  workloads.filter((row) => !isInFlight(row) && isFailedOutcome(row.lastOutcome));

/** The restarts that come next, in their order. */
export const nextRows = ({ workloads }: StatusDocument): StatusRow[] =>
  workloads
    .filter((row) => !isInFlight(row) && row.order !== undefined)
    .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .slice(0, NEXT);

/** What is being restarted, and what its controller says. */
export const inFlightSection: SectionOf = ({ document, rollouts }, { width, now }): Section => {
  const rows = inFlightRows(document);
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

/** What a controller says about a rollout. */
export const rolloutWords = ({ state, detail }: RolloutFacts): string =>
  state === 'complete' ? 'rolled out, its pods are checked' : detail;

const rolloutPiece = ({ state, detail }: RolloutFacts): Piece => ({
  text: rolloutWords({ state, detail }),
  ...(state === 'stuck' && { sgr: SGR.red }),
});

/** What failed and is not current, with the meaning of its outcome. */
export const failedSection: SectionOf = ({ document }, { width }): Section => {
  const rows = failedRows(document);
  const column = columnFor(rows, width);
  return {
    title: 'FAILED',
    lines: rows.map((row) => [
      { text: `  ${padded(nameOf(row), column)}  ` },
      { text: row.lastOutcome ?? '', sgr: SGR.red },
      { text: `  ${outcomeHelp(row.lastOutcome)}` },
    ]),
  };
};

const isFailedOutcome = (outcome = ''): boolean => outcome.startsWith('failed:');

/** What an outcome means; empty for one that is not known here. */
export const outcomeHelp = (outcome = ''): string =>
  Object.hasOwn(OUTCOMES, outcome) ? OUTCOMES[outcome as keyof typeof OUTCOMES].help : '';

/** What workloads wait for, by the example of one of them. */
export function waitWords({ workloads, reason, example }: WaitSum): string {
  const of = workloads === 1 || reason === 'operator-paused' ? '' : `${nameOf(example)}: `;
  return `${of}${example.detail}`;
}

/** What waits, by reason, and the command that ends it. */
export const waitingSection: SectionOf = (status, { now }): Section => ({
  title: 'WAITING',
  lines: status.document.waits.flatMap((sum) => {
    const command = endedBy(sum, status);
    const until = sum.until === undefined ? '' : ` (until ${clockWords(sum.until, now)})`;
    const { workloads, reason } = sum;
    return [
      [
        { text: `${rightAligned(String(workloads), COUNT)}  ` },
        { text: `${padded(reason, REASON)}  `, sgr: SGR.bold },
        { text: `${waitWords(sum)}${until}` },
      ],
      ...(command === undefined ? [] : [[{ text: `${' '.repeat(COUNT)}  → ${command}`, sgr: SGR.cyan }]]),
    ];
  }),
});

/** What is restarted next, in its order. */
export const nextSection: SectionOf = ({ document }, { width }): Section => {
  const rows = nextRows(document);
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

/** The namespaces with something left to do. */
export const openNamespaces = ({ namespaces }: StatusDocument): StatusDocument['namespaces'] =>
  namespaces.filter((one) => one.outdated + one.unknown + one.conflict > 0);

/** The workloads of a namespace that count, and what is up with those that are not current. */
export function namespaceWords(one: Counts): { readonly total: number; readonly words: string } {
  const { current, outdated, inFlight, waiting, failed, unknown, conflict } = one;
  const parts = [
    inFlight > 0 ? `${inFlight} in flight` : '',
    waiting > 0 ? `${waiting} waiting` : '',
    failed > 0 ? `${failed} failed` : '',
    unknown > 0 ? `${unknown} unknown` : '',
    conflict > 0 ? counted(conflict, 'conflict') : '',
  ].filter(Boolean);
  return { total: current + outdated + unknown + conflict, words: parts.join(', ') };
}

/** The namespaces with something left to do, and how far they are. */
export const namespaceSection: SectionOf = ({ document }, { width }): Section => ({
  title: 'NAMESPACES',
  lines: openNamespaces(document).map((one) => {
    const { namespace, current, inFlight, failed } = one;
    const { total, words } = namespaceWords(one);
    return [
      { text: `  ${padded(namespace, NAMESPACE)} ` },
      ...bar({ current, inFlight, failed, total }, width < 100 ? 10 : 20),
      { text: ` ${rightAligned(`${current}/${total}`, 11)}  ${words}` },
    ];
  }),
});
