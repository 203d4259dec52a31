import { Document, isScalar, Scalar, visit } from 'yaml';
import { UNSAFE } from './escaped.ts';

/** Line ends between the values are the format's own, and there is one for each; those inside of texts are escaped already. */
const ALL_UNSAFE = new RegExp(`(?!\\n)${UNSAFE.source}`, 'gu');

/** The code with so many hexadecimal digits. */
const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0');

/**
 * A value as JSON on which no terminal acts. A parser gets the exact value: `JSON.stringify` escapes C0 controls and halves of
 * surrogate pairs only, the rest is escaped here, and all that is unsafe stands inside of texts, where `\u` is allowed (RFC 8259 §7).
 * @param indent blanks per level; 0 puts all on one line
 */
export function jsonText(value: unknown, indent = 0): string {
  return inert(JSON.stringify(value, undefined, indent), (character) =>
    Array.from({ length: character.length }, (_, index) => `\\u${hex(character.charCodeAt(index), 4)}`).join(''),
  );
}

/** Characters after which a piece of a long text is handed over. */
const PIECE = 64 * 1024;
const INDENT = 2;

/** The same text of an object, indented, in pieces. So a list of ten thousand objects is never in memory as one text, or as two. */
export function* jsonPieces(value: Readonly<Record<string, unknown>>): Generator<string, void> {
  let piece = '';
  for (const part of jsonParts(value)) {
    piece += part;
    if (piece.length < PIECE) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

function* jsonParts(value: Readonly<Record<string, unknown>>): Generator<string, void> {
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  for (const [place, [name, field]] of fields.entries()) {
    yield `${place === 0 ? '{' : ','}${lineAt(1)}${jsonText(name)}: `;
    if (Array.isArray(field) && field.length > 0) yield* listParts(field);
    else yield indented(field, 1);
  }
  yield fields.length === 0 ? '{}' : '\n}';
}

function* listParts(list: readonly unknown[]): Generator<string, void> {
  for (const [place, one] of list.entries()) yield `${place === 0 ? '[' : ','}${lineAt(2)}${indented(one ?? null, 2)}`;
  yield `${lineAt(1)}]`;
}

const lineAt = (level: number): string => `\n${' '.repeat(INDENT * level)}`;

/** Texts have no line ends of their own: those are escaped. */
const indented = (value: unknown, level: number): string => jsonText(value, INDENT).replaceAll('\n', lineAt(level));

/**
 * A value as YAML on which no terminal acts, with exact values: a text that holds anything unsafe is written in double quotes, the one
 * style that knows escapes (YAML 1.2.2 §5.7). What YAML 1.1 would not take for a text, such as a time, is in quotes as well.
 */
export function yamlText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false, compat: 'yaml-1.1' });
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string' && UNSAFE.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return inert(document.toString(), (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  });
}

const inert = (text: string, toEscape: (character: string) => string): string => text.replace(ALL_UNSAFE, toEscape);
