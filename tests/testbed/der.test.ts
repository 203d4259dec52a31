import assert from 'node:assert/strict';
import { integer } from './der.ts';

/** X.690 section 8.3.2: an integer has the fewest bytes that keep its sign; OpenSSL refuses certificates whose serial number has more. */
const rows: [name: string, value: string, encoded: string][] = [
  ['as it is', '7f01', '02027f01'],
  ['that would look negative gets a zero', '80', '02020080'],
  ['that begins with a zero loses it', '007f', '02017f'],
  ['that begins with a zero which keeps it positive', '0080', '02020080'],
  ['that begins with several zeros', '000001', '020101'],
  ['zero', '0000', '020100'],
];

for (const [name, value, encoded] of rows) {
  test(`an integer ${name}`, () => assert.equal(integer(Buffer.from(value, 'hex')).toString('hex'), encoded));
}
