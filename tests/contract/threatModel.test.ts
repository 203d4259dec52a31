import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';

const TEXT = readFileSync('docs/threat-model.md', 'utf8');

interface Named {
  readonly file: string;
  readonly title: string;
}

/** The tests that the page names: a link to a file, then titles in quotes. A title that ends in `…` is the beginning of one. */
function named(text: string): Named[] {
  const links = text.matchAll(/\]\(\.\.\/(tests\/[^)]+)\)((?:[\s,]*“[^”]+”)*)/g);
  return [...links].flatMap(([, file = '', titles = '']) => {
    const found = [...titles.matchAll(/“([^”]+)”/g)].map(([, title = '']) => title.replace(/\s+/g, ' '));
    return (found.length > 0 ? found : ['']).map((title) => ({ file, title }));
  });
}

/** Whether a source has a test, a group of tests or a row of a table of this title. */
function hasTest(source: string, title: string): boolean {
  const isBeginning = title.endsWith('…');
  const literal = (isBeginning ? title.slice(0, -1) : title).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const end = isBeginning ? '' : '["\'`]';
  return new RegExp(`(?:\\b(?:test|it|describe)\\(|\\[|name:)\\s*["'\`]${literal}${end}`).test(source);
}

const TESTS = named(TEXT);

test('the threat model names tests', () => assert.ok(TESTS.length > 50, `${TESTS.length} tests`));

for (const { file, title } of TESTS) {
  test(`the threat model rests on ${file}: ${title}`, () => {
    assert.ok(existsSync(file), `there is no ${file}`);
    assert.notEqual(title, '', 'it names no title');
    assert.ok(hasTest(readFileSync(file, 'utf8'), title), `${file} has no test "${title}"`);
  });
}

test('each rule names a test', () => {
  const [rules = ''] = TEXT.split('## What is not defended');
  const without = rules
    .split(/^- /m)
    .slice(1)
    .filter((rule) => named(rule).length === 0);
  assert.deepEqual(without, []);
});
