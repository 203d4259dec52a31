import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { NO_COUNTS } from '../../../src/status/statusDocument.ts';
import { LARGEST, readStatus, statusText } from '../../../src/status/statusText.ts';
import { statusDocument, statusRow, upgradeDocument } from '../../builders/status.ts';

test('a small document is plain JSON, and read as it was', () => {
  const document = statusDocument();
  assert.deepEqual(JSON.parse(statusText(document)), document);
  assert.deepEqual(readStatus(statusText(document)), document);
});

test('a large one is compressed, and read as it was', () => {
  const document = upgradeDocument({ workloads: Array.from({ length: 300 }, (_, index) => statusRow(`w${index}`)) });
  const text = statusText(document);
  assert.match(text, /^gzip:/);
  assert.deepEqual(readStatus(text), document);
});

test('what has no room even so has fewer workloads and namespaces, and says how many are left out; the sums stay', () => {
  const noise = (): string => randomBytes(100).toString('base64');
  const workloads = Array.from({ length: 300 }, () => statusRow(noise(), { detail: noise(), from: noise() }));
  const namespaces = Array.from({ length: 200 }, () => ({ ...NO_COUNTS, namespace: noise() }));
  const document = upgradeDocument({ workloads, namespaces, leftOut: 7 });
  const text = statusText(document);
  assert.ok(text.length <= LARGEST, `${text.length}`);
  assert.ok(text.length > LARGEST / 3, 'the room is used');
  const read = readStatus(text);
  assert.ok(!('unreadable' in read));
  assert.equal(read.workloads.length + read.leftOut, 307);
  assert.deepEqual(read.workloads, workloads.slice(0, read.workloads.length));
  assert.deepEqual(read.counts, document.counts);
});

const bomb = `gzip:${gzipSync(' '.repeat(64 * 1024 * 1024) + JSON.stringify(statusDocument())).toString('base64')}`;
const UNREADABLE: readonly [string, string, RegExp][] = [
  ['no JSON', 'x', /JSON/],
  ['null', 'null', /its version is undefined/],
  ['a later version', '{"version":2}', /its version is 2, not 1/],
  ['nothing else', '{"version":1}', /a field is missing/],
  ['a bomb', bomb, /./],
  ['what is not compressed', 'gzip:AAAA', /./],
  ['a number for a list', JSON.stringify({ ...statusDocument(), runs: 1 }), /another type/],
  ['a null in a list', JSON.stringify({ ...statusDocument(), workloads: [null] }), /another type/],
  ['a row without a name', JSON.stringify({ ...statusDocument(), workloads: [{ kind: 'A' }] }), /missing/],
  ['a run without waves', JSON.stringify({ ...statusDocument(), runs: [{ id: 'a', injector: 'b' }] }), /missing/],
  ['null for sums', JSON.stringify({ ...statusDocument(), counts: null }), /missing/],
];
for (const [name, text, why] of UNREADABLE)
  test(`${name} is not read, and why is said`, () => {
    const read = readStatus(text);
    assert.ok('unreadable' in read);
    assert.match(read.unreadable, why);
  });
