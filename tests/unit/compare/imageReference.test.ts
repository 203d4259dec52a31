import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseImage, sameImage } from '../../../src/compare/imageReference.ts';

const D1 = `sha256:${'1'.repeat(64)}`;
const D2 = `sha256:${'2'.repeat(64)}`;

const parsed: [string, string, string, string, string][] = [
  ['proxyv2', 'docker.io', 'proxyv2', 'latest', ''],
  ['istio/proxyv2:1.30.2', 'docker.io', 'istio/proxyv2', '1.30.2', ''],
  ['docker.io/istio/proxyv2:1.30.2', 'docker.io', 'istio/proxyv2', '1.30.2', ''],
  ['localhost/proxyv2', 'localhost', 'proxyv2', 'latest', ''],
  ['localhost:5000/proxyv2', 'localhost:5000', 'proxyv2', 'latest', ''],
  ['proxyv2:5000', 'docker.io', 'proxyv2', '5000', ''],
  ['gcr.io/a/b/proxyv2:1-distroless', 'gcr.io', 'a/b/proxyv2', '1-distroless', ''],
  [`quay.io/x/proxy@${D1}`, 'quay.io', 'x/proxy', '', D1],
  [`quay.io:443/x/proxy:1.2@${D1}`, 'quay.io:443', 'x/proxy', '1.2', D1],
  ['auto', 'docker.io', 'auto', 'latest', ''],
];
for (const [reference, registry, repository, tag, digest] of parsed) {
  test(`${reference.slice(0, 40)} is split`, () =>
    assert.deepEqual(parseImage(reference), { registry, repository, tag, digest }));
}

const STRICT = { compareHub: true, ignoreDigest: false };
const DEFAULT = { compareHub: false, ignoreDigest: false };
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
  ['docker.io is the default registry', 'istio/proxyv2:1', 'docker.io/istio/proxyv2:1', STRICT, true],
];
for (const [name, expected, actual, rules, same] of compared) {
  test(`${name}: ${same ? 'same' : 'drift'}`, () => assert.equal(sameImage(expected, actual, rules), same));
}
