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
