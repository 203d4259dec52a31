import assert from 'node:assert/strict';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { policyOf } from '../../../src/cli/policyOf.ts';
import { problemLines } from '../../../src/cli/policySource.ts';
import { defaults } from '../../../src/cli/settings.ts';

function read(text: string): unknown {
  const reading = readPolicy(text);
  if ('problems' in reading) return problemLines('p', reading.problems);
  return policyOf(defaults(), new Set(), reading.policy).urgent;
}

const rows: [name: string, text: string, expected: unknown][] = [
  ['nothing is urgent', '{}', undefined],
  ['images are', "urgent: [{images: ['*/proxyv2:1.31.2*', a]}]", [{ images: ['*/proxyv2:1.31.2*', 'a'] }]],
  ['an empty list is a mistake', 'urgent: []', ['p:1:9: urgent: is an empty list; leave the key out instead']],
  [
    'an entry without images is a mistake',
    'urgent: [{images: []}]',
    ['p:1:19: urgent[0].images: is an empty list; leave the entry out instead'],
  ],
  [
    'so is an unknown key',
    'urgent: [{image: a}]',
    ['p:1:10: urgent[0].images: is missing', 'p:1:11: urgent[0].image: is unknown; did you mean images?'],
  ],
  [
    'so is an image with blanks',
    "urgent: [{images: ['a b']}]",
    ["p:1:20: urgent[0].images[0]: 'a b' is invalid. It must be an image, in which * may stand for any characters."],
  ],
];
for (const [name, text, expected] of rows) test(name, () => assert.deepEqual(read(text), expected));
