import assert from 'node:assert/strict';
import { readPolicy } from '../../../src/cli/policyFile.ts';
import { policyOf } from '../../../src/cli/policyOf.ts';
import { problemLines } from '../../../src/cli/policySource.ts';
import { defaults } from '../../../src/cli/settings.ts';

function policyIn(text: string) {
  const reading = readPolicy(text);
  assert.ok('policy' in reading, 'problems' in reading ? problemLines('p', reading.problems).join('\n') : '');
  return policyOf(defaults(), new Set(), reading.policy);
}

function complaints(text: string): string[] {
  const reading = readPolicy(text);
  return 'problems' in reading ? problemLines('p', reading.problems) : [];
}

const rule = (from: string, to = 'harbor.corp/hub'): string => `imageRewrites: [{from: '${from}', to: '${to}'}]`;
const A_REGISTRY = 'It must be a registry with an optional path, such as docker.io or harbor.corp/dockerhub.';
const NOT_GIVEN = 'must be one registry with an optional path, such as docker.io or harbor.corp/dockerhub';

const right: [string, string, string, string][] = [
  ['a registry', 'docker.io', 'harbor.corp', 'docker.io → harbor.corp'],
  ['a path', 'docker.io/istio', 'harbor.corp/a/b', 'docker.io/istio → harbor.corp/a/b'],
  ['a port', 'localhost:5000', '10.0.0.1:5000/x', 'localhost:5000 → 10.0.0.1:5000/x'],
  ['localhost', 'localhost', 'harbor.corp', 'localhost → harbor.corp'],
  ['an IPv6 address', 'docker.io', '[fd00::1]:5000/x', 'docker.io → [fd00::1]:5000/x'],
  ['a host in upper case', 'Docker.IO', 'Harbor.corp/x', 'docker.io → harbor.corp/x'],
  ['Docker Hub by its older name', 'index.docker.io/istio', 'h.io', 'docker.io/istio → h.io'],
  ['a path on the same registry', 'h.io', 'h.io/cache', 'h.io → h.io/cache'],
];
for (const [name, from, to, is] of right) {
  test(`a rewrite may have ${name}`, () => {
    const rewrites = policyIn(rule(from, to)).imageRewrites ?? [];
    assert.deepEqual(
      rewrites.map((one) => `${one.from} → ${one.to}`),
      [is],
    );
  });
}

test('a policy without rewrites has none', () => assert.equal(policyIn('{}').imageRewrites, undefined));

const alone: [string, string, string][] = [
  ['nothing', '', `'' is invalid. ${A_REGISTRY}`],
  ['a scheme', 'https://docker.io', "'https://docker.io' is invalid. It must have no scheme: docker.io."],
  ['a tag', 'docker.io/istio:1', "'docker.io/istio:1' is invalid. It must have no tag: docker.io/istio."],
  ['a digest', 'docker.io/p@sha256:1', "'docker.io/p@sha256:1' is invalid. It must have no digest: docker.io/p."],
  ['a slash at the end', 'docker.io/', "'docker.io/' is invalid. It must not end with a slash: docker.io."],
  [
    'no registry',
    'istio/proxyv2',
    "'istio/proxyv2' is invalid. It must begin with a registry, which has a dot or a port, such as docker.io/istio/proxyv2.",
  ],
  ['an upper-case path', 'docker.io/Istio', `'docker.io/Istio' is invalid. ${A_REGISTRY}`],
  ['a pattern', 'docker.io/*', `'docker.io/*' is invalid. ${A_REGISTRY}`],
  ['a path like a tag', 'docker.io:v1', `'docker.io:v1' is invalid. ${A_REGISTRY}`],
  ['an empty segment', 'docker.io//istio', `'docker.io//istio' is invalid. ${A_REGISTRY}`],
  ['a space', 'docker.io /istio', `'docker.io /istio' is invalid. ${A_REGISTRY}`],
  [
    'a long text',
    `docker.io/${'a'.repeat(300)}`,
    `'docker.io/${'a'.repeat(50)}…' is invalid. It must have at most 255 characters.`,
  ],
];
for (const [name, text, message] of alone) {
  test(`a rewrite must not have ${name}`, () => {
    assert.deepEqual(complaints(rule(text)), [`p:1:24: imageRewrites[0].from: ${message}`]);
    assert.deepEqual(complaints(rule('gcr.io', text)), [`p:1:38: imageRewrites[0].to: ${message}`]);
  });
}

const AGAIN = 'It must be where the image is pulled from in the end.';
const lines = (...rules: string[]): string =>
  ['imageRewrites:', ...rules.map((one) => `- {from: ${one.replace(' ', ', to: ')}}`)].join('\n');
const together: [string, string, string[]][] = [
  [
    'one from twice, in whatever words',
    lines('docker.io a.io', 'index.Docker.io b.io'),
    ["p:3:10: imageRewrites[1].from: 'docker.io' is given twice. Leave it out here or in imageRewrites[0]."],
  ],
  [
    'a rule that changes nothing',
    lines('docker.io Docker.io'),
    ["p:2:25: imageRewrites[0].to: 'docker.io' is invalid. It must be another registry or path than from."],
  ],
  [
    'a chain',
    lines('a.io b.io/x', 'b.io c.io'),
    [`p:2:20: imageRewrites[0].to: 'b.io/x' is rewritten again by imageRewrites[1]. ${AGAIN}`],
  ],
  [
    'a chain of some images only',
    lines('a.io b.io', 'b.io/istio c.io'),
    [`p:2:20: imageRewrites[0].to: 'b.io' is rewritten again by imageRewrites[1]. ${AGAIN}`],
  ],
  [
    'a loop',
    lines('a.io b.io', 'b.io a.io'),
    [
      `p:2:20: imageRewrites[0].to: 'b.io' is rewritten again by imageRewrites[1]. ${AGAIN}`,
      `p:3:20: imageRewrites[1].to: 'a.io' is rewritten again by imageRewrites[0]. ${AGAIN}`,
    ],
  ],
  [
    'too many rules',
    lines(...Array.from({ length: 101 }, (_, index) => `r${index}.io h.io`)),
    ['p:2:1: imageRewrites: must have at most 100 entries'],
  ],
  ['no to', 'imageRewrites: [{from: docker.io}]', [`p:1:17: imageRewrites[0].to: ${NOT_GIVEN}`]],
  [
    'a list of registries',
    'imageRewrites: [{from: [a.io], to: b.io}]',
    [`p:1:24: imageRewrites[0].from: ${NOT_GIVEN}`],
  ],
  [
    'another field',
    'imageRewrites: [{from: a.io, to: b.io, too: c.io}]',
    ['p:1:40: imageRewrites[0].too: is unknown; did you mean to?'],
  ],
  ['a text', 'imageRewrites: docker.io', ["p:1:16: imageRewrites: 'docker.io' is invalid. It must be a list."]],
];
for (const [name, text, expected] of together) {
  test(`rewrites must not have ${name}`, () => assert.deepEqual(complaints(text), expected));
}

test('as many rules as are allowed are taken', () => {
  const most = lines(...Array.from({ length: 100 }, (_, index) => `r${index}.io h.io`));
  assert.equal(policyIn(most).imageRewrites?.length, 100);
});
