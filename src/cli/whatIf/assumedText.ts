import { escaped } from '../../report/escaped.ts';
import type { Checked } from './checkAssumptions.ts';

/** What a plan begins with, for people: what was assumed, and what is true instead. Nothing without assumptions. */
export function assumedText(assumptions: readonly Checked[]): string {
  if (assumptions.length === 0) return '';
  const lines = assumptions.map(({ assumption, now = 'not set' }) => escaped(`  ${assumption} (now ${now})`));
  return ['What would happen if:', ...lines, '', ''].join('\n');
}
