import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integer } from './der.ts';

const rows: [string, number[], string][] = [
  ['zero', [0], '020100'],
  ['a small number', [0x7f], '02017f'],
  ['a high first bit would be a sign', [0x80], '02020080'],
  ['leading zeros are dropped', [0, 0, 0x12, 0x34], '02021234'],
  ['but for the one before a high bit', [0, 0x92, 0x34], '0203009234'],
];

for (const [what, bytes, encoded] of rows)
  test(`a DER integer: ${what}`, () => assert.equal(integer(Uint8Array.from(bytes)).toString('hex'), encoded));
