import type { ClusterStatus } from './clusterStatus.ts';
import { runSection } from './runSection.ts';
import { failedSection, inFlightSection, namespaceSection, nextSection, waitingSection } from './sections.ts';
import { type Piece, SGR, textLine } from './textLine.ts';
import { ageWords, counted } from './words.ts';

/** The size and the looks of what is drawn. */
export interface FrameOptions {
  readonly width: number;
  /** Lines at most; all there are if absent. */
  readonly height?: number;
  readonly colour: boolean;
  /** The wall clock, in milliseconds. */
  readonly now: number;
}

/** A title and its lines. */
export interface Section {
  readonly title: string;
  readonly lines: readonly (readonly Piece[])[];
}

/** Makes a section of what a status says. It is empty where there is nothing to say. */
export type SectionOf = (status: ClusterStatus, options: FrameOptions) => Section;

/** In the order in which they are shown. */
const SECTIONS: readonly SectionOf[] = [
  runSection,
  inFlightSection,
  failedSection,
  waitingSection,
  nextSection,
  namespaceSection,
];

/** A status as lines of a terminal, none wider than it. Foreign text is escaped. Pure. */
export function frame(status: ClusterStatus, options: FrameOptions): string[] {
  const { width, height, colour } = options;
  const head = headLines(status, options);
  const sections = SECTIONS.map((sectionOf) => sectionOf(status, options)).filter(({ lines }) => lines.length > 0);
  const room = height === undefined ? undefined : height - head.length;
  const body = fitted(sections, room).flatMap(({ title, lines }) => [[], [{ text: title, sgr: SGR.bold }], ...lines]);
  const all = [...head, ...body].map((pieces) => textLine(pieces, width, colour));
  return height === undefined ? all : all.slice(0, height);
}

/** A blank line and the title. */
const AROUND = 2;

/** The sections with fewer lines, the longest cut first, so that all have room. Each keeps a line as long as there is room for one. */
function fitted(sections: readonly Section[], room = Number.POSITIVE_INFINITY): Section[] {
  const kept = sections.map(({ lines }) => lines.length);
  const used = (): number => kept.reduce((sum, lines) => sum + (lines > 0 ? lines + AROUND : 0), 0);
  while (used() > room) {
    const longest = Math.max(...kept);
    if (longest <= 0) break;
    // of equal ones the later is less urgent
    kept[kept.lastIndexOf(longest)] = longest === 2 ? 1 : longest - 1;
    if (longest === 1) kept[kept.lastIndexOf(1)] = 0;
  }
  return sections.flatMap((section, index) => {
    const lines = kept[index] ?? 0;
    if (lines === 0) return [];
    if (lines === section.lines.length) return [section];
    const hidden = section.lines.length - lines + 1;
    const more = [{ text: `  … and ${counted(hidden, 'more line')}`, sgr: SGR.dim }];
    return [
      { ...section, lines: lines === 1 ? section.lines.slice(0, 1) : [...section.lines.slice(0, lines - 1), more] },
    ];
  });
}

function headLines(status: ClusterStatus, { now }: FrameOptions): Piece[][] {
  const { cluster, home, paused, leader, document } = status;
  const { counts, unsupportedPods } = document;
  const updated = ageWords(now - Date.parse(document.at));
  const title: Piece[] = [
    { text: cluster, sgr: SGR.bold },
    { text: `  Meltemi in namespace ${home}, updated ` },
    { text: `${updated} ago`, ...(!leader.isAlive && { sgr: SGR.red }) },
  ];
  const lines = [title];
  if (!leader.isAlive) lines.push([{ text: noLeader(status, now), sgr: SGR.red }]);
  if (paused !== undefined) lines.push([{ text: `paused: ${paused}`, sgr: SGR.yellow }]);
  for (const text of status.warnings) lines.push([{ text: `warning: ${text}`, sgr: SGR.yellow }]);
  const sums: [number, string, string?][] = [
    [counts.current, 'current', SGR.green],
    [counts.outdated, 'outdated', SGR.yellow],
    [counts.inFlight, 'in flight', SGR.cyan],
    [counts.waiting, 'waiting'],
    [counts.failed, 'failed', SGR.red],
    [counts.unknown, 'unknown'],
    [counts.conflict, 'conflict', SGR.red],
    [counts.skipped, 'skipped', SGR.dim],
  ];
  const shown = sums.filter(([count], index) => index < 2 || count > 0);
  lines.push(
    shown.flatMap(([count, word, sgr], index) => [
      ...(index > 0 ? [{ text: ', ' }] : []),
      { text: `${count} ${word}`, ...(sgr && count > 0 && { sgr }) },
    ]),
  );
  if (unsupportedPods > 0)
    lines.push([
      { text: `${counted(unsupportedPods, 'outdated pod')} of kinds that Meltemi cannot restart`, sgr: SGR.dim },
    ]);
  return lines;
}

function noLeader({ leader: { holder, renewedAt } }: ClusterStatus, now: number): string {
  const since = renewedAt === undefined ? '' : ` for ${ageWords(now - Date.parse(renewedAt))}`;
  const who = holder === '' ? '' : ` by ${holder}`;
  return `nothing is restarted: the Lease was not renewed${since}${who}. What follows is older`;
}
