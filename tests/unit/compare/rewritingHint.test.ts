import assert from 'node:assert/strict';
import type { ClusterImageRules } from '../../../src/compare/clusterImage.ts';
import type { PodGroup } from '../../../src/compare/podGroups.ts';
import { hintsAtRewriting } from '../../../src/compare/rewritingHint.ts';
import { expected, group, NO_SIDECAR } from '../../builders/workload.ts';

const D1 = `sha256:${'1'.repeat(64)}`;
const D2 = `sha256:${'2'.repeat(64)}`;
const OLD = 'harbor.corp/hub/istio/proxyv2:1.30.2';
const PINNED = `docker.io/istio/proxyv2:1.30.2@${D1}`;

interface Row {
  groups: PodGroup[];
  answer?: string;
  rules?: Partial<ClusterImageRules>;
  hint: boolean;
}

const rows: [string, Row][] = [
  ['an old proxy from a mirror with a path prefix', { groups: [group({ image: OLD })], hint: true }],
  ['a pinned old proxy', { groups: [group({ image: PINNED })], hint: true }],
  [
    'an old proxy with a digest in the place of its tag',
    { groups: [group({ image: `istio/proxyv2@${D1}` })], hint: true },
  ],
  ['one such pod among others', { groups: [group(), group({ image: OLD }, 1)], hint: true }],
  ['an old proxy from where the answer is from', { groups: [group()], hint: false }],
  ['no pods', { groups: [], hint: false }],
  ['a proxy of another revision', { groups: [group({ image: OLD, revision: 'canary' })], hint: false }],
  ['a container that no injector made', { groups: [group({ image: OLD, injected: false })], hint: false }],
  ['a pod without a sidecar', { groups: [{ ...group(), sidecar: NO_SIDECAR }], hint: false }],
  ['a proxy of another name', { groups: [group({ image: 'harbor.corp/hub/acme/proxy:1' })], hint: false }],
  ['an image that is none', { groups: [group({ image: 'harbor.corp//proxyv2:1.30.2' })], hint: false }],
  ['another registry, which alone is no drift', { groups: [group({ image: 'm.io/istio/proxyv2:1' })], hint: false }],
  [
    'another registry with compareHub',
    { groups: [group({ image: 'm.io/istio/proxyv2:1' })], rules: { compareHub: true }, hint: true },
  ],
  ['a digest with ignoreDigest', { groups: [group({ image: PINNED })], rules: { ignoreDigest: true }, hint: false }],
  [
    'a digest in the place of its tag with ignoreDigest, which does not tell the version',
    { groups: [group({ image: `istio/proxyv2@${D1}` })], rules: { ignoreDigest: true }, hint: true },
  ],
  [
    'a digest where the answer has one too',
    { groups: [group({ image: PINNED })], answer: `docker.io/istio/proxyv2:1.31.0@${D2}`, hint: false },
  ],
  [
    'a mirror that the policy names',
    {
      groups: [group({ image: OLD })],
      rules: { imageRewrites: [{ from: 'docker.io', to: 'harbor.corp/hub' }] },
      hint: false,
    },
  ],
  [
    'a pinned proxy where that was learnt',
    { groups: [group({ image: PINNED })], rules: { learnt: [{ kind: 'digest', registry: 'docker.io' }] }, hint: false },
  ],
];

for (const [name, { groups, answer, rules, hint }] of rows) {
  test(`${hint ? 'hints' : 'does not hint'} at a rewriting: ${name}`, () =>
    assert.equal(
      hintsAtRewriting(expected(answer === undefined ? {} : { image: answer }), groups, {
        compareHub: false,
        ignoreDigest: false,
        ...rules,
      }),
      hint,
    ));
}
