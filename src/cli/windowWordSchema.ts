import { z } from 'zod';
import { WrongWord } from '../plan/windows/windowWords.ts';
import { quoted } from './quoted.ts';

/**
 * A text that a parser of windows reads. The parser's message says what would be right.
 * @param hint what the user probably meant, of a text that cannot be read; undefined if that is not known
 */
export const windowWord = <T>(
  parse: (text: string) => T,
  hint: (text: string) => string | undefined = () => undefined,
): z.ZodType<T> =>
  z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof WrongWord)) throw error;
      const right = [error.message, hint(text)].filter(Boolean).join(' ');
      context.addIssue({ code: 'custom', message: `${quoted(error.word)} is invalid. ${right}` });
      return z.NEVER;
    }
  });
