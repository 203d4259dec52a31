import assert from 'node:assert/strict';
import { globMatches } from '../../../src/expect/glob.ts';

const rows: [pattern: string, text: string, boolean][] = [
  ['shop', 'shop', true],
  ['shop', 'shop-a', false],
  ['shop*', 'shop', true],
  ['shop-*', 'shop', false],
  ['*-prod', 'shop-prod', true],
  ['*-prod', 'shop-prod-a', false],
  ['*', '', true],
  ['a*b', 'ab', true],
  ['a*ba*', 'aba', true],
  ['ab*ba', 'aba', false],
  ['a*b*c', 'a-c-b-c', true],
  ['*b*a*', 'ab', false],
  ['a**c', 'abc', true],
  ['docker.io/*:1.*', 'docker.io/team/web:1.2', true],
  ['do.ker', 'docker', false],
  ['', 'a', false],
];
for (const [pattern, text, expected] of rows)
  test(`"${pattern}" ${expected ? 'matches' : 'does not match'} "${text}"`, () =>
    assert.equal(globMatches(pattern, text), expected));
