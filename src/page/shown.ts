import { escaped, UNSAFE } from '../report/escaped.ts';

const LIMIT = 500;

/** Foreign text on one line: cut, and with an escape for whatever does not show as itself. The template then escapes it for HTML. */
export const shown = (text: string, limit = LIMIT): string =>
  // nearly all texts are short and ordinary, and one look at the whole is much faster than one at each character
  text.length > limit || UNSAFE.test(text) ? escaped(text, limit) : text;
