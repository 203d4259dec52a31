import assert from 'node:assert/strict';
import { sameQuantity } from '../../../src/compare/quantity.ts';

const rows: [one: unknown, other: unknown, same: boolean][] = [
  ['100m', '0.1', true],
  ['2000m', '2', true],
  ['1Gi', '1073741824', true],
  ['1024Mi', '1Gi', true],
  ['1e3', '1k', true],
  ['1G', '1000M', true],
  ['.5', '500m', true],
  ['0', '0m', true],
  [2, '2', true],
  ['1E2', '100', true],
  ['1', '1m', false],
  ['1G', '1Gi', false],
  ['100m', '101m', false],
  ['1000000000000m', '1000000000001m', false],
  ['1 Gi', '1Gi', false],
  ['Gi', 'Gi', true],
  ['Gi', 'Mi', false],
  ['', '0', false],
  [`1${'0'.repeat(70)}`, '1', false],
  [null, '1', false],
];
for (const [one, other, same] of rows)
  test(`${JSON.stringify(one)} and ${JSON.stringify(other)} are ${same ? 'one' : 'two'} quantities`, () => {
    assert.equal(sameQuantity(one, other), same);
    assert.equal(sameQuantity(other, one), same);
  });
