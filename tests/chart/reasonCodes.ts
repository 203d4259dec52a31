import { REASONS } from '../../src/plan/reasonCatalogue.ts';

const KNOWN: ReadonlySet<string> = new Set(REASONS.keys());

/** The codes that an expression names in matchers of the label `reason`, alone or as alternatives. */
export const reasonsIn = (expression: string): string[] =>
  [...expression.matchAll(/\breason\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].flatMap(([, codes = '']) => codes.split('|'));

/** Those of them that are in no catalogue, so that the expression never matches them. */
export const unknownReasons = (expression: string): string[] =>
  reasonsIn(expression).filter((code) => !KNOWN.has(code));
