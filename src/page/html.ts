/** HTML that is safe to send. Only `html` makes it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand in a template. A text is escaped; nothing stands for undefined. */
export type Value = string | number | Markup | undefined | readonly Value[];

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML of a template. Whatever is put in, as text or as the value of a quoted attribute, stays text. */
export function html(pieces: TemplateStringsArray, ...values: readonly Value[]): Markup {
  let text = pieces[0] ?? '';
  for (const [index, value] of values.entries()) text += textOf(value) + (pieces[index + 1] ?? '');
  return new Markup(text);
}

/** Several pieces one after the other. */
export const joined = (pieces: readonly Markup[]): Markup => new Markup(pieces.map(({ text }) => text).join(''));

function textOf(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'object') return value.map(textOf).join('');
  return String(value).replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}
