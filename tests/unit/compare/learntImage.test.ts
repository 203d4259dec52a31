import assert from 'node:assert/strict';
import { isMadeOf } from '../../../src/compare/clusterImage.ts';
import { parseImage } from '../../../src/compare/imageReference.ts';
import { differenceOf, explains, learn, parseRule, type RewriteRule } from '../../../src/compare/learntImage.ts';

/** Whether a rule makes exactly this image of an answer. */
const applies = (rule: RewriteRule, answer: string, image: string): boolean =>
  explains(rule, parseImage(answer), parseImage(image), { compareHub: true, ignoreDigest: false });

import type { PodGroup } from '../../../src/compare/podGroups.ts';
import { expected, group, NO_SIDECAR } from '../../builders/workload.ts';

const D1 = `sha256:${'1'.repeat(64)}`;
const D2 = `sha256:${'2'.repeat(64)}`;
const PROXY = 'docker.io/istio/proxyv2:1.31.0';
const registry = (from: string, to: string, digest = false): RewriteRule => ({ kind: 'registry', from, to, digest });
const PINS: RewriteRule = { kind: 'digest', registry: 'docker.io' };
const exact = (answer: string, image: string): RewriteRule => ({ kind: 'exact', answer, image });

const differences: [string, string, string, RewriteRule | undefined][] = [
  ['another registry', PROXY, 'mirror.corp/istio/proxyv2:1.31.0', registry('docker.io', 'mirror.corp')],
  ['a path prefix', PROXY, 'harbor.corp/hub/istio/proxyv2:1.31.0', registry('docker.io', 'harbor.corp/hub')],
  ['another path', PROXY, 'harbor.corp/mesh/proxyv2:1.31.0', registry('docker.io/istio', 'harbor.corp/mesh')],
  ['a path that is left out', PROXY, 'harbor.corp/proxyv2:1.31.0', registry('docker.io/istio', 'harbor.corp')],
  ['the registry as part of the path', 'r.io/p:1', 'mirror.corp/r.io/p:1', registry('r.io', 'mirror.corp/r.io')],
  ['a path on the same registry', 'r.io/a/p:1', 'r.io/cache/a/p:1', registry('r.io', 'r.io/cache')],
  ['an added digest', PROXY, `${PROXY}@${D1}`, PINS],
  [
    'a path prefix and an added digest',
    PROXY,
    `harbor.corp/hub/istio/proxyv2:1.31.0@${D1}`,
    registry('docker.io', 'harbor.corp/hub', true),
  ],
  [
    'a path prefix before the digest that the answer has',
    `${PROXY}@${D1}`,
    `harbor.corp/istio/proxyv2@${D1}`,
    registry('docker.io', 'harbor.corp'),
  ],
  ['another tag', PROXY, 'istio/proxyv2:1.31.0-fips', exact(PROXY, 'docker.io/istio/proxyv2:1.31.0-fips')],
  ['another tag elsewhere', PROXY, 'h.io/istio/proxyv2:9', exact(PROXY, 'h.io/istio/proxyv2:9')],
  ['a digest instead of the tag', PROXY, `istio/proxyv2@${D1}`, exact(PROXY, `docker.io/istio/proxyv2@${D1}`)],
  [
    'another digest',
    `${PROXY}@${D1}`,
    `${PROXY}@${D2}`,
    exact(`docker.io/istio/proxyv2@${D1}`, `docker.io/istio/proxyv2@${D2}`),
  ],
  ['a digest that is taken away', `${PROXY}@${D1}`, PROXY, exact(`docker.io/istio/proxyv2@${D1}`, PROXY)],
  ['another last segment', PROXY, 'h.io/istio-proxyv2:1.31.0', exact(PROXY, 'h.io/istio-proxyv2:1.31.0')],
  ['the answer itself', PROXY, 'istio/proxyv2:1.31.0', undefined],
  ['no image in the answer', '', PROXY, undefined],
  ['no image in the pod', PROXY, 'istio/proxyv2:', undefined],
  ['an image too long to be kept', PROXY, `${'h'.repeat(500)}.io/istio/proxyv2:1`, undefined],
  ['a megabyte', PROXY, `h.io/istio/proxyv2:${'1'.repeat(1e6)}`, undefined],
];
for (const [name, answer, image, rule] of differences) {
  test(`what the cluster made: ${name}`, () => assert.deepEqual(differenceOf(answer, image), rule));
}

const applied: [string, RewriteRule, string, string, boolean][] = [
  [
    'a registry to another version',
    registry('docker.io', 'm.io'),
    'istio/proxyv2:1.32.0',
    'm.io/istio/proxyv2:1.32.0',
    true,
  ],
  ['a registry to another image', registry('docker.io', 'm.io'), 'acme/proxy:1', 'm.io/acme/proxy:1', true],
  [
    'a registry to one version of two',
    registry('docker.io', 'm.io'),
    'istio/proxyv2:1.32.0',
    'm.io/istio/proxyv2:1.31.0',
    false,
  ],
  [
    'a path to nothing beside it',
    registry('docker.io/istio', 'm.io'),
    'docker.io/istio-x/p:1',
    'm.io/istio-x/p:1',
    false,
  ],
  ['a path to no longer segment', registry('docker.io/istio', 'm.io'), 'docker.io/istio-x/p:1', 'm.io-x/p:1', false],
  ['a path to no whole name', registry('docker.io/istio', 'm.io'), 'gcr.io/istio:1', 'm.io:1', false],
  ['a registry to nothing of another', registry('docker.io', 'm.io'), 'gcr.io/istio/p:1', 'm.io/istio/p:1', false],
  ['a registry to no pinned image', registry('docker.io', 'm.io'), 'istio/p:1', `m.io/istio/p:1@${D1}`, false],
  [
    'a registry that pins to any digest',
    registry('docker.io', 'm.io', true),
    'istio/p:1',
    `m.io/istio/p:1@${D2}`,
    true,
  ],
  [
    'a registry that pins to no other tag',
    registry('docker.io', 'm.io', true),
    'istio/p:1',
    `m.io/istio/p:2@${D2}`,
    false,
  ],
  ['an added digest to any digest', PINS, 'istio/p:1', `istio/p:1@${D2}`, true],
  ['an added digest to no other tag', PINS, 'istio/p:2', `istio/p:1@${D2}`, false],
  ['an added digest to none without its tag', PINS, 'istio/p:1', `istio/p@${D2}`, false],
  ['an added digest to no other registry', PINS, 'gcr.io/p:1', `gcr.io/p:1@${D1}`, false],
  ['an added digest to no other digest', PINS, `istio/p:1@${D1}`, `istio/p:1@${D2}`, false],
  [
    'a pair to the same in other words',
    exact(PROXY, 'm.io/p:9'),
    'index.docker.io/istio/proxyv2:1.31.0',
    'M.IO/p:9',
    true,
  ],
  ['a pair to no other answer', exact(PROXY, 'm.io/p:9'), 'istio/proxyv2:1.32.0', 'm.io/p:9', false],
  ['a pair to no other image', exact(PROXY, 'm.io/p:9'), PROXY, 'm.io/p:8', false],
];
for (const [name, rule, answer, image, is] of applied) {
  test(`a learnt rule applies: ${name}`, () => assert.equal(applies(rule, answer, image), is));
}

test('a mirror that compareHub lets pass does not hide an added digest that was learnt', () => {
  const rules = { compareHub: false, ignoreDigest: false, learnt: [PINS] };
  assert.ok(isMadeOf(PROXY, `mirror.corp/istio/proxyv2:1.31.0@${D1}`, rules));
});

/** Every image of some registries, paths, names and versions, among them what no runtime takes. */
const IMAGES = ['', 'Harbor.corp:5000/cache/', 'r.io/docker.io/', 'UPPER/', `${'l'.repeat(300)}.io/`].flatMap((front) =>
  ['', 'library/', 'istio/', 'a//'].flatMap((path) =>
    ['proxyv2', 'proxy'].flatMap((name) =>
      ['', ':1.30', ':1.31', `@${D1}`, `:1.31@${D1}`, `:1.31@${D2}`, `:1@sha256:${'3'.repeat(600)}`].map(
        (version) => `${front}${path}${name}${version}`,
      ),
    ),
  ),
);
const SHOWN = IMAGES.flatMap((answer) =>
  IMAGES.flatMap((image) => {
    const rule = differenceOf(answer, image);
    return rule ? [{ answer, image, rule }] : [];
  }),
);

test('every difference explains the pair that showed it, and survives being kept', () => {
  assert.ok(SHOWN.length > 10_000, `${SHOWN.length}`);
  for (const { answer, image, rule } of SHOWN) {
    const kept = JSON.stringify(rule);
    assert.ok(applies(rule, answer, image), `${answer} → ${image}: ${kept}`);
    assert.deepEqual(parseRule(JSON.parse(kept)), rule);
    assert.ok(kept.length < 1200, kept);
  }
});

test('no rule but a pair explains another last segment or another tag', () => {
  const rules = new Map(
    SHOWN.filter(({ rule }) => rule.kind !== 'exact').map(({ rule }) => [JSON.stringify(rule), rule]),
  );
  assert.ok(rules.size > 20, `${rules.size}`);
  const references = IMAGES.map(parseImage);
  const strict = { compareHub: true, ignoreDigest: false };
  let explained = 0;
  for (const rule of rules.values())
    for (const answer of references)
      for (const image of references.filter((one) => explains(rule, answer, one, strict))) {
        explained += 1;
        assert.equal(image.repository.split('/').at(-1), answer.repository.split('/').at(-1));
        if (!answer.digest) assert.equal(image.tag, answer.tag);
      }
  assert.ok(explained > 1000, `${explained}`);
});

const unusable: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a text', 'registry'],
  ['a list', ['registry', 'docker.io', 'm.io']],
  ['no kind', { from: 'docker.io', to: 'm.io', digest: false }],
  ['an unknown kind', { kind: 'any', from: 'docker.io', to: 'm.io', digest: false }],
  ['no prefix', { kind: 'registry', from: '', to: 'm.io', digest: false }],
  ['a path without a registry', { kind: 'registry', from: 'istio', to: 'm.io', digest: false }],
  ['a registry in another form', { kind: 'registry', from: 'Docker.io', to: 'm.io', digest: false }],
  ['a rule that changes nothing', { kind: 'registry', from: 'm.io', to: 'm.io', digest: false }],
  ['a digest that is no switch', { kind: 'registry', from: 'docker.io', to: 'm.io', digest: 'yes' }],
  ['a number for a registry', { kind: 'digest', registry: 5 }],
  ['a path for a registry', { kind: 'digest', registry: 'docker.io/istio' }],
  ['an answer that is no image', { kind: 'exact', answer: 'a:', image: PROXY }],
  ['an image that is too long', { kind: 'exact', answer: PROXY, image: `m.io/p:1@sha256:${'1'.repeat(600)}` }],
  ['a prefix of a megabyte', { kind: 'registry', from: 'docker.io', to: `m.io/${'a'.repeat(1e6)}`, digest: false }],
];
for (const [name, value] of unusable) {
  test(`no rule is read of ${name}`, () => assert.equal(parseRule(value), undefined));
}

test('a rule that is read has its own fields only', () =>
  assert.deepEqual(parseRule({ ...PINS, from: 'docker.io', note: 'x'.repeat(1e6) }), PINS));

const MIRRORED = 'harbor.corp/hub/istio/proxyv2:1.31.0';
const MIRROR = registry('docker.io', 'harbor.corp/hub');
const OLDER = 'istio/proxyv2:1.30.0';
const bare: PodGroup = { ...group(), sidecar: NO_SIDECAR };
const native = { image: MIRRORED, placement: 'initContainer' } as const;

const lessons: [string, PodGroup[], RewriteRule | undefined, string?][] = [
  ['all pods from a mirror', [group({ image: MIRRORED }), group({ image: MIRRORED }, 1)], MIRROR],
  ['pods pinned to different digests', [group({ image: `${PROXY}@${D1}` }), group({ image: `${PROXY}@${D2}` })], PINS],
  [
    'all pods with a variant of the tag',
    [group({ image: `${PROXY}-fips` })],
    exact(PROXY, `docker.io/istio/proxyv2:1.31.0-fips`),
  ],
  [
    'all pods with a digest instead of the tag',
    [group({ image: `istio/proxyv2@${D1}` })],
    exact(PROXY, `docker.io/istio/proxyv2@${D1}`),
  ],
  ['all pods with another tag: a replica that is behind gives one', [group({ image: OLDER })], undefined],
  ['all pods with another tag from elsewhere', [group({ image: 'h.io/istio/proxyv2:1.30.0' })], undefined],
  ['all pods with a type of image that istiod adds to its tag', [group({ image: `${PROXY}-distroless` })], undefined],
  ['all pods with the other one', [group({ image: `${PROXY}-debug` })], undefined],
  ['all pods with a tag that only begins alike', [group({ image: `${PROXY}1` })], undefined],
  ['a native sidecar where an ordinary one was due', [group(native)], MIRROR],
  ['an answer that states no revision', [group({ image: MIRRORED, revision: 'any' })], MIRROR, ''],
  ['no pods', [], undefined],
  ['groups without pods', [group({ image: MIRRORED }, 0)], undefined],
  ['pods as the injector gave them', [group({ image: PROXY })], undefined],
  ['some pods as the injector gave them', [group({ image: MIRRORED }), group({ image: PROXY })], undefined],
  [
    'pods that differ in different ways',
    [group({ image: MIRRORED }), group({ image: 'm.io/istio/proxyv2:1.31.0' })],
    undefined,
  ],
  ['a pod without a sidecar', [group({ image: MIRRORED }), bare], undefined],
  ['nothing but pods without a sidecar', [bare], undefined],
  ['a pod of another revision', [group({ image: MIRRORED, revision: 'canary' })], undefined],
  ['a pod that states no revision', [group({ image: MIRRORED, revision: '' })], undefined],
  ['a container that no injector made', [group({ image: MIRRORED, injected: false })], undefined],
  ['an image that is none', [group({ image: 'istio/proxyv2:' })], undefined],
];
for (const [name, groups, rule, revision = 'default'] of lessons) {
  test(`${rule ? `teaches a ${rule.kind} rule` : 'teaches nothing'}: ${name}`, () =>
    assert.deepEqual(learn(expected({ image: PROXY, revision }), groups), rule));
}
