import { counted } from '../counted.ts';
import type { ClusterStatus } from './clusterStatus.ts';
import { pauseOf } from './pauseOf.ts';
import { runSection } from './runSection.ts';
import type { FrameOptions, Section, SectionOf } from './section.ts';
import { failedSection, inFlightSection, namespaceSection, nextSection, waitingSection } from './sections.ts';
import type { Counts } from './statusDocument.ts';
import { type Piece, SGR, textLine } from './textLine.ts';
import { ageWords } from './words.ts';

/** In the order in which they are shown. */
const SECTIONS: readonly SectionOf[] = [
  runSection,
  inFlightSection,
  failedSection,
  waitingSection,
  nextSection,
  namespaceSection,
];

const TITLE = 1;
const BLANK = 1;

/** A status as lines of a terminal, none wider than it. Foreign text is escaped. Pure. */
export function frame(status: ClusterStatus, options: FrameOptions): string[] {
  const { width, height, colour } = options;
  const head = headLines(status, options);
  const sections = SECTIONS.map((sectionOf) => sectionOf(status, options)).filter(({ lines }) => lines.length > 0);
  const room = height === undefined ? Number.POSITIVE_INFINITY : height - head.length;
  const wanted = sections.reduce((sum, { lines }) => sum + lines.length + TITLE + BLANK, 0);
  // a small screen has no room for blank lines
  const blank: Piece[][] = wanted > room ? [] : [[]];
  const body = fitted(sections, room, TITLE + blank.length).flatMap(({ title, lines }) => [
    ...blank,
    [{ text: title, sgr: SGR.bold }],
    ...lines,
  ]);
  const all = [...head, ...body].map((pieces) => textLine(pieces, width, colour));
  return height === undefined ? all : all.slice(0, height);
}

/**
 * The sections with fewer lines, the longest cut first, so that all have room. Each keeps a line as long as there is room for one.
 * @param around lines between the lines of one section and those of the next
 */
function fitted(sections: readonly Section[], room: number, around: number): Section[] {
  const kept = sections.map(({ lines }) => lines.length);
  const used = (): number => kept.reduce((sum, lines) => sum + (lines > 0 ? lines + around : 0), 0);
  while (used() > room && kept.some((lines) => lines > 0)) {
    const longest = Math.max(...kept);
    // later sections are less urgent
    kept[kept.lastIndexOf(longest)] = longest - 1;
  }
  return sections.flatMap((section, index) => cutTo(section, kept[index] ?? 0));
}

function cutTo(section: Section, kept: number): Section[] {
  const { lines } = section;
  if (kept === 0) return [];
  if (kept === lines.length) return [section];
  if (kept === 1) return [{ ...section, lines: lines.slice(0, 1) }];
  const more = [{ text: `  … and ${counted(lines.length - kept + 1, 'more line')}`, sgr: SGR.dim }];
  return [{ ...section, lines: [...lines.slice(0, kept - 1), more] }];
}

function headLines(status: ClusterStatus, { now }: FrameOptions): Piece[][] {
  const { cluster, home, leader, document } = status;
  const paused = pauseOf(status);
  const { counts, unsupportedPods } = document;
  const updated = ageWords(now - Date.parse(document.at));
  const title: Piece[] = [
    { text: cluster, sgr: SGR.bold },
    { text: `  Meltemi in namespace ${home}, updated ` },
    { text: `${updated} ago`, ...(!leader.isAlive && { sgr: SGR.red }) },
  ];
  const lines = [title];
  if (!leader.isAlive) lines.push([{ text: leaderlessWords(status, now), sgr: SGR.red }]);
  if (paused !== undefined) lines.push([{ text: `paused: ${paused}`, sgr: SGR.yellow }]);
  for (const text of status.warnings) lines.push([{ text: `warning: ${text}`, sgr: SGR.yellow }]);
  const shown = sumsOf(counts);
  lines.push(
    shown.flatMap(({ count, word, sgr }, index) => [
      ...(index > 0 ? [{ text: ', ' }] : []),
      { text: `${count} ${word}`, ...(sgr && count > 0 && { sgr }) },
    ]),
  );
  if (unsupportedPods > 0) lines.push([{ text: unsupportedWords(unsupportedPods), sgr: SGR.dim }]);
  return lines;
}

/** A sum of workloads in words. */
export interface Sum {
  readonly count: number;
  readonly word: string;
  readonly sgr?: string;
}

/** The sums that are shown: those of current and outdated workloads, and those that are not 0. */
export function sumsOf(counts: Counts): Sum[] {
  const all: Sum[] = [
    { count: counts.current, word: 'current', sgr: SGR.green },
    { count: counts.outdated, word: 'outdated', sgr: SGR.yellow },
    { count: counts.inFlight, word: 'in flight', sgr: SGR.cyan },
    { count: counts.waiting, word: 'waiting' },
    { count: counts.failed, word: 'failed', sgr: SGR.red },
    { count: counts.unknown, word: 'unknown' },
    { count: counts.conflict, word: 'conflict', sgr: SGR.red },
    { count: counts.skipped, word: 'skipped', sgr: SGR.dim },
  ];
  return all.filter(({ count }, index) => index < 2 || count > 0);
}

/** What it means that no leader renews the Lease. */
export function leaderlessWords({ leader: { holder, renewedAt } }: Pick<ClusterStatus, 'leader'>, now: number): string {
  const since = renewedAt === undefined ? '' : ` for ${ageWords(now - Date.parse(renewedAt))}`;
  const who = holder === '' ? 'no replica has' : `${holder} has not`;
  return `nothing is restarted: ${who} renewed the Lease${since}. This status is out of date`;
}

/** Outdated pods that nobody here restarts. */
export const unsupportedWords = (pods: number): string =>
  `${counted(pods, 'outdated pod')} of kinds that Meltemi cannot restart`;
