import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Built } from './built.ts';

test('the build puts the script of the status page in, without its comments', () => {
  using built = new Built();
  const bundle = readFileSync(join(built.folder, 'meltemi.js'), 'utf8');
  assert.ok(!bundle.includes('MELTEMI_PAGE_SCRIPT'));
  assert.ok(bundle.includes('new EventSource('));
  assert.ok(!bundle.includes('What stands in the table'));
});
