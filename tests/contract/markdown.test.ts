import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const LONGEST = 140;
const INDEX = 'docs/README.md';

/** Every file of the repository, also those that git does not know yet. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'], {
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(file));

/** The files that a page links to, without addresses and anchors, as paths from the root of the repository. */
function linkedFiles(file: string, text: string): string[] {
  return [...withoutCode(text).matchAll(/\]\(([^)#\s]*)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => target !== '' && !/^[a-z]+:/.test(target))
    .map((target) => join(dirname(file), target));
}

/** Links to a heading, in the same file or in another one of the repository. */
function linkedHeadings(file: string, text: string): { page: string; anchor: string }[] {
  return [...withoutCode(text).matchAll(/\]\(([^)#\s:]*)#([^)\s]+)\)/g)].map(([, target = '', anchor = '']) => ({
    page: target === '' ? file : join(dirname(file), target),
    anchor,
  }));
}

/** The anchors that GitHub gives the headings of a page. */
function anchors(text: string): string[] {
  return [...withoutCode(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '');

/** Lines longer than people read at once. Tables, a program's output and what an address makes long cannot be wrapped. */
function longLines(text: string): string[] {
  return text
    .replace(/^```text\n[\s\S]*?^```$/gm, (block) => block.replace(/[^\n]/g, ''))
    .split('\n')
    .flatMap((line, index) => {
      const length = [...line.replace(/\]\([^)]*\)/g, ']').replace(/https?:\/\/\S+/g, '')].length;
      return length > LONGEST && !line.startsWith('|') ? [`line ${index + 1} has ${length} columns`] : [];
    });
}

const pages = files.filter((file) => file.endsWith('.md')).map((file) => ({ file, text: readFileSync(file, 'utf8') }));

describe('what the checks of Markdown find', () => {
  const rows: [string, unknown, unknown][] = [
    ['a link to a file', linkedFiles('docs/a.md', '[b](../b.md#c)'), ['b.md']],
    ['no link in a block of code', linkedFiles('a.md', '```\n[b](c.md)\n```\n'), []],
    ['no link to another site', linkedFiles('a.md', '[b](https://example.com/c)'), []],
    ['a link to a heading', linkedHeadings('docs/a.md', '[b](#c)'), [{ page: 'docs/a.md', anchor: 'c' }]],
    ['the anchor of a heading', anchors('## `meltemi run`, and more\n'), ['meltemi-run-and-more']],
    ['a long line', longLines(`a\n${'b'.repeat(141)}`), ['line 2 has 141 columns']],
    ['no line that is long enough', longLines('b'.repeat(140)), []],
    ['no row of a table', longLines(`| ${'b'.repeat(141)} |`), []],
    ['no long address', longLines(`[b](${'c'.repeat(141)}) https://${'d'.repeat(141)}`), []],
    ['no output of a program', longLines(`\`\`\`text\n${'b'.repeat(141)}\n\`\`\`\n`), []],
    ['a long line after the output', longLines(`\`\`\`text\n\n\`\`\`\n${'b'.repeat(141)}`), ['line 4 has 141 columns']],
  ];
  for (const [name, found, expected] of rows) test(name, () => assert.deepEqual(found, expected));
});

test('there are pages to check', () => assert.ok(pages.length > 20, `${pages.length} pages`));

for (const { file, text } of pages) {
  test(`${file}: links lead to files`, () =>
    assert.deepEqual(
      linkedFiles(file, text).filter((target) => !existsSync(target)),
      [],
    ));

  test(`${file}: links lead to headings`, () => {
    const lost = linkedHeadings(file, text).filter(
      ({ page, anchor }) => existsSync(page) && !anchors(readFileSync(page, 'utf8')).includes(anchor),
    );
    assert.deepEqual(lost, []);
  });

  test(`${file}: no line is over ${LONGEST} columns`, () => assert.deepEqual(longLines(text), []));
}

test('the index links to every file of the documentation', () => {
  const linked = new Set(linkedFiles(INDEX, readFileSync(INDEX, 'utf8')));
  const missing = files.filter((file) => file.startsWith('docs/') && file !== INDEX && !linked.has(file));
  assert.deepEqual(missing, []);
});

test('each decision has one line in the index', () => {
  const lines = readFileSync(INDEX, 'utf8').split('\n');
  const wrong = files
    .filter((file) => file.startsWith('docs/decisions/'))
    .filter((file) => lines.filter((line) => line.includes(`(${file.replace('docs/', '')})`)).length !== 1);
  assert.deepEqual(wrong, []);
});
