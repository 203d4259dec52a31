import { InvalidArgumentError } from 'commander';
import { PRODUCT } from '../names.ts';
import type { ReasonCode } from '../plan/reasonCatalogue.ts';
import { REASONS } from '../plan/reasonCatalogue.ts';
import { jsonText, yamlText } from '../report/machineText.ts';
import { closest } from './closest.ts';

export const EXPLAIN_FORMATS = ['text', 'json', 'yaml'] as const;
export type ExplainFormat = (typeof EXPLAIN_FORMATS)[number];

/** A reason as it is explained. */
interface Explained {
  readonly reason: ReasonCode;
  readonly of: 'verdict' | 'wait';
  readonly meaning: string;
  readonly ends: string;
}

/** What is quoted of a code that does not exist. */
const QUOTED = 60;
/** Columns of a terminal that lines are broken at. */
const WIDTH = 78;

/** Reads the code of a reason. @throws {InvalidArgumentError} naming the code that was probably meant */
export function parseReason(given: string): ReasonCode {
  const known = [...REASONS.keys()];
  const code = known.find((one) => one === given);
  if (code) return code;
  const meant = closest(given, known);
  throw new InvalidArgumentError(
    `There is no reason "${given.slice(0, QUOTED)}". ${meant ? `Did you mean ${meant}? ` : ''}"${PRODUCT} explain" lists them all.`,
  );
}

/** What one reason means and what ends it; a list of all of them without one. */
export function explainText(asked: ReasonCode | undefined, format: ExplainFormat): string {
  const codes = asked ? [asked] : [...REASONS.keys()];
  const reasons = codes.flatMap(explainedOf);
  if (format === 'json') return `${jsonText({ reasons }, 2)}\n`;
  if (format === 'yaml') return yamlText({ reasons });
  return asked ? reasons.map(inFull).join('\n') : listOf(reasons);
}

/** The first sentence of what a reason means. */
export const shortMeaning = (code: ReasonCode): string => firstSentence(plain(REASONS.get(code)?.help ?? ''));

function explainedOf(reason: ReasonCode): Explained[] {
  const found = REASONS.get(reason);
  return found ? [{ reason, of: found.of, meaning: plain(found.help), ends: plain(found.ends) }] : [];
}

/** The catalogue is written for Markdown. */
const plain = (text: string): string => text.replaceAll('`', '');

const firstSentence = (text: string): string => text.split(/(?<=[.;]) /, 1)[0]?.replace(/[.;]$/, '') ?? '';

const OF = {
  verdict: 'the reason of a verdict: the workload is not restarted',
  wait: 'the reason of a wait: an outdated workload is not restarted yet',
} as const;

const inFull = ({ reason, of, meaning, ends }: Explained): string =>
  [`${reason}, ${OF[of]}`, '', ...wrapped(meaning), '', 'What ends it:', ...wrapped(ends), ''].join('\n');

function listOf(reasons: readonly Explained[]): string {
  const width = Math.max(...reasons.map(({ reason }) => reason.length));
  const lines = reasons.map(({ reason, meaning }) => `${reason.padEnd(width)}  ${firstSentence(meaning)}`);
  return [...lines, '', `"${PRODUCT} explain REASON" says more, and what ends it.`, ''].join('\n');
}

/** A text in lines that are indented by two blanks. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= WIDTH) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines;
}
