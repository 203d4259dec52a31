import assert from 'node:assert/strict';
import { parseImage, sameImage, shortImage } from '../../../src/compare/imageReference.ts';

const D1 = `sha256:${'1'.repeat(64)}`;
const D2 = `sha256:${'2'.repeat(64)}`;

const STRICT = { compareHub: true, ignoreDigest: false };
const DEFAULT = { compareHub: false, ignoreDigest: false };
const LAX = { compareHub: false, ignoreDigest: true };

const parsed: [string, string, string, string, string][] = [
  ['proxyv2', 'docker.io', 'library/proxyv2', 'latest', ''],
  ['docker.io/proxyv2:1.1', 'docker.io', 'library/proxyv2', '1.1', ''],
  ['index.docker.io/proxyv2:1.1', 'docker.io', 'library/proxyv2', '1.1', ''],
  ['gcr.io/proxyv2:1.1', 'gcr.io', 'proxyv2', '1.1', ''],
  ['istio/proxyv2:1.30.2', 'docker.io', 'istio/proxyv2', '1.30.2', ''],
  ['docker.io/istio/proxyv2:1.30.2', 'docker.io', 'istio/proxyv2', '1.30.2', ''],
  ['localhost/proxyv2', 'localhost', 'proxyv2', 'latest', ''],
  ['localhost:5000/proxyv2', 'localhost:5000', 'proxyv2', 'latest', ''],
  ['proxyv2:5000', 'docker.io', 'library/proxyv2', '5000', ''],
  ['gcr.io/a/b/proxyv2:1-distroless', 'gcr.io', 'a/b/proxyv2', '1-distroless', ''],
  ['Registry.Corp:5000/p:1', 'registry.corp:5000', 'p', '1', ''],
  ['Corp/p:1', 'Corp', 'p', '1', ''],
  ['[::1]:5000/p:1', '[::1]:5000', 'p', '1', ''],
  [`quay.io/x/proxy@${D1}`, 'quay.io', 'x/proxy', '', D1],
  [`quay.io:443/x/proxy:1.2@${D1}`, 'quay.io:443', 'x/proxy', '1.2', D1],
  ['auto', 'docker.io', 'library/auto', 'latest', ''],
];
for (const [reference, registry, repository, tag, digest] of parsed) {
  test(`${reference.slice(0, 40)} is split`, () =>
    assert.deepEqual(parseImage(reference), { registry, repository, tag, digest }));
}

const MALFORMED: [string, string][] = [
  ['nothing', ''],
  ['an upper-case path', 'docker.io/istio/Proxyv2:1'],
  ['an empty tag', 'istio/proxyv2:'],
  ['an empty digest', 'istio/proxyv2:1@'],
  ['a digest without an algorithm', `istio/proxyv2@${'1'.repeat(64)}`],
  ['two digests', `istio/proxyv2@${D1}@${D2}`],
  ['two tags', 'istio/proxyv2:1:2'],
  ['a tag in the middle', 'docker.io/istio:1/proxyv2'],
  ['a tag that is too long', `istio/proxyv2:${'1'.repeat(129)}`],
  ['an empty path segment', 'docker.io//proxyv2:1'],
  ['a slash at the end', 'docker.io/istio/proxyv2/'],
  ['a scheme', 'https://docker.io/istio/proxyv2:1'],
  ['a space in front', ' istio/proxyv2:1'],
  ['a line feed at the end', 'istio/proxyv2:1\n'],
  ['a terminal escape', 'istio/proxyv2:1\u001b[2J'],
  ['a host with an empty label', 'docker..io/istio/proxyv2:1'],
  ['the 64 digits of an image without its name', '1'.repeat(64)],
  ['a name that is too long', `docker.io/${'a/'.repeat(128)}p:1`],
  ['a digest that is too long', `istio/proxyv2@sha256:${'1'.repeat(2000)}`],
  ['a megabyte', `docker.io/istio/proxyv2:${'1'.repeat(1_000_000)}`],
];
for (const [name, text] of MALFORMED) {
  test(`no image reference: ${name}`, () => {
    assert.deepEqual(parseImage(text), { registry: '', repository: text, tag: '', digest: '' });
    assert.ok(sameImage(text, text, DEFAULT), 'it is itself');
    for (const other of [...MALFORMED.map(([, one]) => one), 'istio/proxyv2:1', 'istio/proxyv2', `istio/proxyv2@${D1}`])
      if (other !== text) assert.ok(!sameImage(other, text, LAX) && !sameImage(text, other, LAX), other);
  });
}

test('a name that no runtime takes is told without looking at every way to split it', () => {
  for (const evil of ['a-', 'a__', 'a.', 'a/', '-', 'a:', '@a', 'A.'])
    for (let times = 0; times < 200; times += 1) parseImage(evil.repeat(1024 / evil.length - 1).concat('!'));
}, 5000);

const compared: [string, string, string, typeof DEFAULT, boolean][] = [
  ['the same', 'docker.io/istio/proxyv2:1', 'docker.io/istio/proxyv2:1', STRICT, true],
  ['another tag', 'docker.io/istio/proxyv2:2', 'docker.io/istio/proxyv2:1', DEFAULT, false],
  ['another registry is a mirror', 'docker.io/istio/proxyv2:1', 'mirror.local:5000/istio/proxyv2:1', DEFAULT, true],
  [
    'another registry with --compare-hub',
    'docker.io/istio/proxyv2:1',
    'mirror.local:5000/istio/proxyv2:1',
    STRICT,
    false,
  ],
  ['another repository', 'docker.io/istio/proxyv2:1', 'docker.io/istio/other:1', DEFAULT, false],
  ['another digest at the same tag', `a/p:1@${D1}`, `a/p:1@${D2}`, DEFAULT, false],
  ['a digest only on one side', `a/p:1@${D1}`, 'a/p:1', DEFAULT, false],
  ['another digest with --ignore-digest', `a/p:1@${D1}`, `a/p:1@${D2}`, { ...DEFAULT, ignoreDigest: true }, true],
  ['digests without tags are compared, not read as latest', `a/p@${D1}`, `a/p@${D2}`, DEFAULT, false],
  ['one digest, another tag', `a/p:1@${D1}`, `a/p:2@${D1}`, STRICT, true],
  ['one digest, a tag on one side only', `a/p:1@${D1}`, `a/p@${D1}`, STRICT, true],
  ['one digest of two repositories', `a/p:1@${D1}`, `a/q:1@${D1}`, DEFAULT, false],
  ['an added digest with --ignore-digest', 'a/p:1', `a/p:1@${D1}`, LAX, true],
  ['an added digest at another tag with --ignore-digest', 'a/p:2', `a/p:1@${D1}`, LAX, false],
  ['a digest in the place of the tag with --ignore-digest', 'a/p:1', `a/p@${D1}`, LAX, false],
  ['no tag is latest', 'a/p', 'a/p:latest', STRICT, true],
  ['a short name on Docker Hub', 'proxyv2:1.1', 'docker.io/library/proxyv2:1.1', STRICT, true],
  ['a short name with library/', 'library/proxyv2:1.1', 'docker.io/proxyv2:1.1', STRICT, true],
  ['Docker Hub by its older name', 'istio/proxyv2:1.1', 'index.docker.io/istio/proxyv2:1.1', STRICT, true],
  ['a host in upper case', 'Quay.IO/istio/proxyv2:1', 'quay.io/istio/proxyv2:1', STRICT, true],
  ['library/ on another registry', 'quay.io/proxyv2:1', 'quay.io/library/proxyv2:1', DEFAULT, false],
  ['a mirror of a short name, without library/', 'proxyv2:1', 'mirror.local/proxyv2:1', DEFAULT, true],
  ['a mirror of a short name, with library/', 'proxyv2:1', 'mirror.local/library/proxyv2:1', DEFAULT, true],
  ['a mirror of a long name on Docker Hub', 'library/a/b:1', 'mirror.local/a/b:1', DEFAULT, false],
  ['a path prefix', 'r.io/p:1', 'mirror.corp/r.io/p:1', DEFAULT, false],
  ['what looks like a host by its case only', 'Foo/p:1', 'foo/p:1', DEFAULT, false],
  ['docker.io is the default registry', 'istio/proxyv2:1', 'docker.io/istio/proxyv2:1', STRICT, true],
];
for (const [name, expected, actual, rules, same] of compared) {
  test(`${name}: ${same ? 'same' : 'drift'}`, () => assert.equal(sameImage(expected, actual, rules), same));
}

const short: [string, string, string][] = [
  ['the last segment with its tag', 'docker.io/istio/proxyv2:1.30.3', 'proxyv2:1.30.3'],
  ['with its digest', `docker.io/istio/proxyv2:1@${D1}`, `proxyv2:1@${D1}`],
  ['a slash at the end hides nothing', 'evil/', 'evil/'],
  ['a long one is cut', `a/${'p'.repeat(1_000_000)}`, `${'p'.repeat(199)}…`],
  ['a long one without an end is cut', `${'p'.repeat(300)}/`, `${'p'.repeat(199)}…`],
  ['no character is cut in two', `${'p'.repeat(198)}😀p`, `${'p'.repeat(198)}…`],
];
for (const [name, image, word] of short) test(`in a table: ${name}`, () => assert.equal(shortImage(image), word));
