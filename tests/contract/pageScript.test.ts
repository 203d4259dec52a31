import assert from 'node:assert/strict';
import { Built } from './built.ts';

test('the build puts the script of the status page in, without its comments', () => {
  using built = new Built();
  const bundle = built.program();
  assert.ok(!bundle.includes('MELTEMI_PAGE_SCRIPT'));
  assert.ok(bundle.includes('new EventSource('));
  assert.ok(!bundle.includes('What stands in the table'));
});
