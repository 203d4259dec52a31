import assert from 'node:assert/strict';
import { parseLabelSelector } from '../../../src/cli/labelSelector.ts';
import { selectorQuery } from '../../../src/cluster/selectorQuery.ts';

/** Said back in the API's own form. */
const rows: [string, string][] = [
  ['tier=db', 'tier in (db)'],
  ['tier==db', 'tier in (db)'],
  ['tier != db', 'tier notin (db)'],
  ['tier=', 'tier in ()'],
  ['tier', 'tier'],
  ['!tier', '!tier'],
  ['tier in (db, cache)', 'tier in (db,cache)'],
  ['example.com/tier notin (db),app=web , !canary', 'example.com/tier notin (db),app in (web),!canary'],
  ['in', 'in'],
];
for (const [text, expected] of rows)
  test(`"${text}" is a selector`, () => assert.equal(selectorQuery(parseLabelSelector(text)), expected));

const wrong: [string, RegExp][] = [
  ['', /"" is not a requirement/],
  ['a=b,', /"" is not a requirement/],
  ['tier in db', /"tier in db" is not a requirement/],
  ['tier in (db', /"tier in \(db" is not a requirement/],
  ['replicas>3', /"replicas>3" is not a label key/],
  ['-a=b', /"-a" is not a label key/],
  ['a/b/c=d', /"a\/b\/c" is not a label key/],
  ['a=b_', /"b_" is not a label value/],
  ['a=b=c', /"b=c" is not a label value/],
  [`a=${'b'.repeat(64)}`, /is not a label value/],
  [','.repeat(2001), /at most 2000 characters/],
];
for (const [text, message] of wrong)
  test(`"${text.slice(0, 30)}" is none`, () => assert.throws(() => parseLabelSelector(text), message));
