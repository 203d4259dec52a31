/** A token of an action: a chain of fields such as `.Spec.Containers`, a variable with its fields, a literal, and so on. */
export type Token =
  /** `on` says what the fields are of: of the dot, of `$`, or of the value of the parenthesis before them. */
  | { readonly kind: 'fields'; readonly on: 'dot' | 'root' | 'parenthesis'; readonly fields: readonly string[] }
  | { readonly kind: 'dot' }
  /** `$`, which is what the template was called with. */
  | { readonly kind: 'root' }
  | { readonly kind: 'variable'; readonly name: string; readonly fields: readonly string[] }
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number' }
  | { readonly kind: 'sign'; readonly sign: '(' | ')' | '|' | ',' | ':=' | '=' };

const FIELDS = /(?:\.[A-Za-z_]\w*)+/y;
const VARIABLE = /\$(\w*)((?:\.[A-Za-z_]\w*)*)/y;
const WORD = /[A-Za-z_]\w*/y;
const QUOTED = /"(?:[^"\\\n]|\\.)*"/y;
const RAW = /`[^`]*`/y;
const CHARACTER = /'(?:[^'\\\n]|\\.)+'/y;
const NUMBER = /[+-]?\d\w*(?:\.\w+)?/y;
const SIGN = /:=|[()|,=]/y;
const BLANK = /\s+/y;
const COMMENT = /\{\{(?:- )?\s*\/\*[\s\S]*?\*\/(?: -)?\}\}/y;

/**
 * The actions of a Go template in order, each in tokens; comments are left out. Go's own lexer is text/template/parse/lex.go.
 * @returns undefined if anything is not understood
 */
export function actionsOf(template: string): Token[][] | undefined {
  const actions: Token[][] = [];
  let at = template.indexOf('{{');
  while (at >= 0) {
    COMMENT.lastIndex = at;
    if (COMMENT.test(template)) at = COMMENT.lastIndex;
    else {
      const action = actionAt(template, at + '{{'.length);
      if (!action) return undefined;
      actions.push(action.tokens);
      at = action.end;
    }
    at = template.indexOf('{{', at);
  }
  return actions;
}

function actionAt(template: string, start: number): { tokens: Token[]; end: number } | undefined {
  const tokens: Token[] = [];
  let at = /^-\s/.test(template.slice(start, start + 2)) ? start + 1 : start;
  for (;;) {
    if (template.startsWith('}}', at)) return { tokens, end: at + '}}'.length };
    const blank = matchAt(BLANK, template, at)?.[0].length ?? 0;
    if (blank > 0 && template.startsWith('-}}', at + blank)) return { tokens, end: at + blank + '-}}'.length };
    if (blank > 0) at += blank;
    else {
      const token = tokenAt(template, at);
      if (!token) return undefined;
      tokens.push(token.token);
      at = token.end;
    }
  }
}

function tokenAt(template: string, at: number): { token: Token; end: number } | undefined {
  const found = (token: Token, text: string): { token: Token; end: number } => ({ token, end: at + text.length });
  const matched = (pattern: RegExp) => matchAt(pattern, template, at);
  const fields = matched(FIELDS)?.[0];
  if (fields) {
    const on = template[at - 1] === ')' ? 'parenthesis' : 'dot';
    return found({ kind: 'fields', on, fields: split(fields) }, fields);
  }
  const variable = matched(VARIABLE);
  if (variable) return found(variableOf(variable[1] ?? '', split(variable[2] ?? '')), variable[0]);
  const literal = matched(RAW)?.[0] ?? matched(QUOTED)?.[0];
  if (literal) {
    const text = textOf(literal);
    return text === undefined ? undefined : found({ kind: 'text', text }, literal);
  }
  const number = matched(NUMBER)?.[0] ?? matched(CHARACTER)?.[0];
  if (number) return found({ kind: 'number' }, number);
  const word = matched(WORD)?.[0];
  if (word) return found({ kind: 'word', word }, word);
  const sign = matched(SIGN)?.[0];
  if (sign) return found({ kind: 'sign', sign: sign as '|' }, sign);
  return template[at] === '.' ? found({ kind: 'dot' }, '.') : undefined;
}

function variableOf(name: string, fields: readonly string[]): Token {
  if (name !== '') return { kind: 'variable', name, fields };
  return fields.length > 0 ? { kind: 'fields', on: 'root', fields } : { kind: 'root' };
}

const split = (fields: string): string[] => fields.split('.').slice(1);

/** Quoted texts of Go that JSON does not know are not understood. */
function textOf(literal: string): string | undefined {
  if (literal.startsWith('`')) return literal.slice(1, -1);
  try {
    return JSON.parse(literal) as string;
  } catch {
    return undefined;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}
