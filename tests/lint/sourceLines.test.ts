import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';

const COLUMNS = 140;
const SOURCES = ['src/**/*.ts', 'tests/**/*.ts', '*.ts'];

/** Long lines as `file:line: columns`. The formatter leaves comments and texts as they are, so this looks at every line. */
const longLines = (file: string, text: string): string[] =>
  text.split('\n').flatMap((line, index) => (line.length > COLUMNS ? [`${file}:${index + 1}: ${line.length}`] : []));

test(`no line of a source has more than ${COLUMNS} columns`, () => {
  const files = SOURCES.flatMap((pattern) => globSync(pattern));
  assert.ok(files.length > 300);
  assert.deepEqual(
    files.flatMap((file) => longLines(file, readFileSync(file, 'utf8'))),
    [],
  );
});

test('a line that is too long is named', () => {
  const text = `const a = 1;\n// ${'x'.repeat(COLUMNS - 3)}\n// ${'x'.repeat(COLUMNS - 2)}\n`;
  assert.deepEqual(longLines('a.ts', text), [`a.ts:3: ${COLUMNS + 1}`]);
});
