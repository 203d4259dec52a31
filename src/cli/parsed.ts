import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { quoted } from './quoted.ts';

/**
 * Parses a text with the parser of a flag. Its error becomes an issue, so that errors in files read like those of flags.
 */
export function parsed<T>(
  parse: (text: string) => T,
  text: string,
  context: z.RefinementCtx,
  path: readonly number[] = [],
  shown = quoted(text),
): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    context.addIssue({ code: 'custom', message: `${shown} is invalid. ${error.message}`, path: [...path] });
    return z.NEVER;
  }
}
