import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readPolicy } from '../../src/cli/policyFile.ts';
import { problemLines } from '../../src/cli/policySource.ts';

const document = readFileSync('docs/policy.md', 'utf8');

const PAGES = ['docs/policy.md', 'docs/steering.md', 'docs/sidecars.md'].map(
  (file) => [file, readFileSync(file, 'utf8')] as const,
);

for (const [file, page] of PAGES) {
  const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);

  test(`there is an example of a policy in ${file}`, () => assert.ok(examples.length > 0));

  for (const [index, text] of examples.entries()) {
    test(`example ${index + 1} in ${file} is a policy`, () => {
      const reading = readPolicy(text);
      assert.ok('policy' in reading, 'problems' in reading ? problemLines(file, reading.problems).join('\n') : '');
    });
  }
}

test('the mistake that docs/policy.md shows is what is said of it', () => {
  const shown = /^policy\.yaml:(\d+):.*$/m.exec(document);
  const text = `${'#\n'.repeat(Number(shown?.[1]) - 2)}exclude:\n  - namespaces: batch-*\n`;
  const reading = readPolicy(text);
  assert.deepEqual('problems' in reading && problemLines('policy.yaml', reading.problems), [shown?.[0]]);
});
