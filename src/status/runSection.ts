import type { Section, SectionOf } from './section.ts';
import type { RunStatus, WaveStatus } from './statusDocument.ts';
import { type Piece, padded, rightAligned, SGR } from './textLine.ts';
import { ageWords, clockWords } from './words.ts';

const NAME = 16;
const COUNTS = 13;
const NARROW = 100;

/** Runs with a bar for each of their waves. */
export const runSection: SectionOf = ({ document }, { width, now }): Section => ({
  title: 'RUNS',
  lines: document.runs.flatMap((run) => [
    runLine(run, now),
    ...run.waves.map((wave) => waveLine(wave, width < NARROW ? 20 : 40, now)),
  ]),
});

/** What a run restarts towards. */
export const targetWords = ({ to, revision, injector }: RunStatus): string =>
  to ?? (revision === undefined ? injector : `revision ${revision}`);

function runLine(run: RunStatus, now: number): Piece[] {
  const { id, startedAt, eta } = run;
  const began = startedAt === undefined ? '' : `, began ${ageWords(now - Date.parse(startedAt))} ago`;
  const ends = eta ? `, ends about ${clockWords(eta.median, now)}, by ${clockWords(eta.p90, now)}` : '';
  return [
    { text: '  to ' },
    { text: targetWords(run), sgr: SGR.bold },
    { text: `${began}${ends}  ` },
    { text: id, sgr: SGR.dim },
  ];
}

const STATE_SGR: Readonly<Record<string, string>> = {
  done: SGR.green,
  running: SGR.cyan,
  baking: SGR.cyan,
  failed: SGR.red,
};

function waveLine(wave: WaveStatus, width: number, now: number): Piece[] {
  const { name, state, detail, until, total, current, inFlight, failed, waiting, eta } = wave;
  const parts = [
    inFlight > 0 ? `${inFlight} in flight` : '',
    failed > 0 ? `${failed} failed` : '',
    waiting > 0 && state !== 'waiting' ? `${waiting} waiting` : '',
    until === undefined ? '' : `until ${clockWords(until, now)}`,
    eta && state !== 'done' ? `ends about ${clockWords(eta.median, now)}` : '',
    // of a wave under way it only repeats the sums
    (state !== 'running' && detail) || '',
  ].filter(Boolean);
  const sgr = STATE_SGR[state];
  return [
    { text: `    ${padded(name, NAME)} ` },
    ...bar({ current, inFlight, failed, total }, width),
    { text: `${rightAligned(percent(current, total), 5)} ${rightAligned(`${current}/${total}`, COUNTS)}  ` },
    { text: state, ...(sgr && { sgr }) },
    ...(parts.length > 0 ? [{ text: `  ${parts.join(', ')}` }] : []),
  ];
}

/** Never 100 % before all are current, and never 0 % after the first is. */
export function percent(current: number, total: number): string {
  if (total <= 0 || current >= total) return '100%';
  return `${Math.min(99, Math.max(Math.ceil(Math.min(current, 1)), Math.floor((100 * current) / total)))}%`;
}

/** The parts of a bar. */
export interface Parts {
  readonly current: number;
  readonly inFlight: number;
  readonly failed: number;
  readonly total: number;
}

/** A bar: current, in flight, failed, and what is left. Of what is not nothing at least one column shows, as far as there is room. */
export function bar({ current, inFlight, failed, total }: Parts, width: number): Piece[] {
  const all = Math.max(1, total);
  let left = width;
  const columns = (count: number): number => {
    const wanted = count <= 0 ? 0 : Math.max(1, Math.floor((width * count) / all));
    const given = Math.max(0, Math.min(left, wanted));
    left -= given;
    return given;
  };
  const [red, blue] = [columns(failed), columns(inFlight)];
  const green = total <= 0 ? left : columns(current);
  return [
    { text: '█'.repeat(green), sgr: SGR.green },
    { text: '▒'.repeat(blue), sgr: SGR.cyan },
    { text: '×'.repeat(red), sgr: SGR.red },
    { text: '░'.repeat(width - green - blue - red), sgr: SGR.dim },
  ];
}
