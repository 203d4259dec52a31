import { InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { quoted } from './quoted.ts';

/**
 * What the parser of a flag makes of a text; where it is wrong, its words become an issue, so that errors in files read as those of flags
 * do.
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
