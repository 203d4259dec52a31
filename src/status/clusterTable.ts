import { type ClusterStatus, isUnread, type UnreadCluster } from './clusterStatus.ts';
import { pauseOf } from './pauseOf.ts';
import type { FrameOptions } from './section.ts';
import { columnsOf, type Piece, padded, SGR, textLine } from './textLine.ts';
import { clockWords } from './words.ts';

/** One of several clusters. */
export interface ClusterRow {
  readonly cluster: string;
  /** Versions of the control planes, with their revisions where there are several. */
  readonly controlPlane: string;
  /** Versions of the proxies. */
  readonly proxies: string;
  readonly outdated: number;
  readonly inFlight: number;
  readonly halted: number;
  /** RFC 3339; when all is expected to be current. */
  readonly eta?: string;
  /** What needs a look: it cannot be read now, paused, or no leader. */
  readonly note: string;
}

/** Reasons of a halt. */
const HALTS: ReadonlySet<string> = new Set(['halted', 'owner-reverts']);
const VERSIONS = 3;

/** What a status says of its cluster as a whole. */
function clusterRow(status: ClusterStatus): ClusterRow {
  const { cluster, leader, document, problem } = status;
  const paused = pauseOf(status);
  const { counts, controlPlanes, proxies, waits, runs } = document;
  const halted = waits.filter(({ reason }) => HALTS.has(reason)).reduce((sum, { workloads }) => sum + workloads, 0);
  const open = runs.filter(({ waves }) => waves.some(({ state }) => state !== 'done'));
  const ends = open.flatMap(({ eta }) => eta?.median ?? []);
  const eta = ends.length > 0 && ends.length === open.length ? ends.toSorted().at(-1) : undefined;
  return {
    cluster,
    controlPlane: planeWords(controlPlanes),
    proxies: listWords(proxies.map(({ version, pods }) => `${version}×${pods}`)),
    outdated: counts.outdated,
    inFlight: counts.inFlight,
    halted,
    ...(eta !== undefined && { eta }),
    note: [
      problem === undefined ? '' : `not read now: ${problem}`,
      leader.isAlive ? '' : deadWords(leader),
      paused === undefined ? '' : `paused: ${paused}`,
    ]
      .filter(Boolean)
      .join(', '),
  };
}

/** Whoever held the Lease may live behind an API server that does not answer. */
const deadWords = ({ holder }: ClusterStatus['leader']): string =>
  holder === '' ? 'no leader' : 'the Lease is not renewed';

function planeWords(planes: ClusterStatus['document']['controlPlanes']): string {
  const words = planes.map(({ version = 'unknown', revision }) =>
    planes.length > 1 ? `${version} (${revision})` : version,
  );
  return listWords([...new Set(words)]);
}

const listWords = (words: readonly string[]): string =>
  words.length > VERSIONS ? `${words.slice(0, VERSIONS).join(', ')}, …` : words.join(', ');

const COLUMNS: readonly [title: string, widest: number, text: (row: ClusterRow, now: number) => string][] = [
  ['CLUSTER', 30, ({ cluster }) => cluster],
  ['CONTROL PLANE', 30, ({ controlPlane }) => controlPlane || '–'],
  ['PROXIES', 40, ({ proxies }) => proxies || '–'],
  ['OUTDATED', 8, ({ outdated }) => String(outdated)],
  ['IN FLIGHT', 9, ({ inFlight }) => String(inFlight)],
  ['HALTED', 6, ({ halted }) => String(halted)],
  ['ETA', 16, ({ eta }, now) => clockWords(eta, now) || '–'],
  ['', 200, ({ note }) => note],
];

/** One line for each cluster, in the order given. One that could not be read says why. */
export function clusterTable(all: readonly (ClusterRow | UnreadCluster)[], options: FrameOptions): string[] {
  const { width, height, colour, now } = options;
  const cells = all.map((one) => ('error' in one ? undefined : COLUMNS.map(([, , text]) => text(one, now))));
  const names = all.map(({ cluster }) => cluster);
  const widths = COLUMNS.map(([title, widest], column) => {
    const texts = column === 0 ? names : cells.flatMap((row) => row?.[column] ?? []);
    return Math.min(widest, Math.max(columnsOf(title), ...texts.map(columnsOf)));
  });
  const last = COLUMNS.length - 1;
  const line = (texts: readonly string[]): string =>
    texts.map((text, at) => (at === last ? text : padded(text, widths[at] ?? 0))).join('  ');
  const rows = all.map((one, index): Piece[] => {
    if ('error' in one)
      return [{ text: `${padded(one.cluster, widths[0] ?? 0)}  ` }, { text: `not read: ${one.error}`, sgr: SGR.red }];
    return [{ text: line(cells[index] ?? []) }];
  });
  const lines = [[{ text: line(COLUMNS.map(([title]) => title)), sgr: SGR.bold }], ...rows];
  return lines.slice(0, height).map((pieces) => textLine(pieces, width, colour));
}

/** The rows for `clusterTable`. */
export const clusterRows = (all: readonly (ClusterStatus | UnreadCluster)[]): (ClusterRow | UnreadCluster)[] =>
  all.map((one) => (isUnread(one) ? one : clusterRow(one)));
