import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';

/** Parameters with parentheses one within another, as default values and function types have them. */
const PARAMETERS = String.raw`\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)`;
/** `export function f`, `export class C`, and `export const f = (…) =>` with or without types. */
const EXPORTED = new RegExp(
  [
    String.raw`^export (?:async )?function\*? (?<name>\w+)`,
    String.raw`^export (?:abstract )?class (?<className>\w+)`,
    String.raw`^export const (?<constant>\w+)(?:: (?:[^=]|=>)*?)? =\s+(?:async )?(?:<[^()]*>)?${PARAMETERS}(?:: [^;{]*?)? =>`,
  ].join('|'),
  'gm',
);

/** Exported functions and classes without a comment right above, as `file: name`. */
function undocumented(file: string, text: string): string[] {
  return [...text.matchAll(EXPORTED)]
    .filter(({ index }) => !text.slice(0, index).endsWith('*/\n'))
    .map(({ groups }) => `${file}: ${groups?.name ?? groups?.className ?? groups?.constant}`);
}

test('every exported function and class has a docstring', () => {
  const found = globSync('src/**/*.ts').map((file) => ({ file, text: readFileSync(file, 'utf8') }));
  assert.ok(found.some(({ text }) => text.includes('export const ')));
  assert.deepEqual(
    found.flatMap(({ file, text }) => undocumented(file, text)),
    [],
  );
});

const ROWS: readonly [text: string, names: readonly string[]][] = [
  ['export function one() {}', ['one']],
  ['export async function one(a: string) {}', ['one']],
  ['export function* one() {}', ['one']],
  ['export class One {}', ['One']],
  ['export const one = (a: number): number => a;', ['one']],
  ['export const one = <T>(a: () => T, b = (1 + 2)): T => a();', ['one']],
  ['export const one: (a: number) => number = (a) => a;', ['one']],
  ['export const one = (\n  a: string,\n  b: string,\n): boolean =>\n  a === b;', ['one']],
  ['/** Says why. */\nexport const one = (a: number): number => a;', []],
  ['/** Of another. */\n\nexport function one() {}', ['one']],
  ['export const ONE = (1 + 2) * 3;\nconst two = () => 1;', []],
  ['export const ONE = [1, 2].map((one) => one);', []],
  ['export interface One {}\nexport type Two = () => void;', []],
];
for (const [text, names] of ROWS)
  test(`of ${JSON.stringify(text)} it names ${names.join() || 'nothing'}`, () =>
    assert.deepEqual(
      undocumented('a.ts', text),
      names.map((name) => `a.ts: ${name}`),
    ));
