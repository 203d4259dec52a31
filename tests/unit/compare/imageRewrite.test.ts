import assert from 'node:assert/strict';
import { isMadeOf } from '../../../src/compare/clusterImage.ts';
import type { ImageRewrite } from '../../../src/compare/imageRewrite.ts';

const HUB: ImageRewrite = { from: 'docker.io', to: 'harbor.corp/dockerhub' };
const ISTIO: ImageRewrite = { from: 'docker.io/istio', to: 'harbor.corp/istio' };
const OFFICIAL: ImageRewrite = { from: 'docker.io/library', to: 'harbor.corp/official' };
const D1 = `sha256:${'1'.repeat(64)}`;
const D2 = `sha256:${'2'.repeat(64)}`;

interface Row {
  rewrites: ImageRewrite[];
  answer: string;
  image: string;
  ignoreDigest?: boolean;
  is: boolean;
}

const PROXY = 'docker.io/istio/proxyv2:1.30.3';
const rows: [string, Row][] = [
  [
    'a path prefix in the place of a registry',
    { rewrites: [HUB], answer: PROXY, image: 'harbor.corp/dockerhub/istio/proxyv2:1.30.3', is: true },
  ],
  ['a pod from before the rule', { rewrites: [HUB], answer: PROXY, image: 'istio/proxyv2:1.30.3', is: true }],
  ['another tag', { rewrites: [HUB], answer: PROXY, image: 'harbor.corp/dockerhub/istio/proxyv2:1.30.2', is: false }],
  ['another path', { rewrites: [HUB], answer: PROXY, image: 'harbor.corp/other/istio/proxyv2:1.30.3', is: false }],
  ['another name', { rewrites: [HUB], answer: PROXY, image: 'harbor.corp/dockerhub/istio/proxy:1.30.3', is: false }],
  [
    'an answer from elsewhere',
    {
      rewrites: [HUB],
      answer: 'gcr.io/istio/proxyv2:1.30.3',
      image: 'harbor.corp/dockerhub/istio/proxyv2:1.30.3',
      is: false,
    },
  ],
  [
    'the longest from counts, wherever it stands',
    { rewrites: [HUB, ISTIO], answer: PROXY, image: 'harbor.corp/istio/proxyv2:1.30.3', is: true },
  ],
  [
    'a shorter from does not count beside it',
    { rewrites: [ISTIO, HUB], answer: PROXY, image: 'harbor.corp/dockerhub/istio/proxyv2:1.30.3', is: false },
  ],
  [
    'half a path segment is no prefix',
    {
      rewrites: [ISTIO],
      answer: 'docker.io/istio-testing/proxyv2:1',
      image: 'harbor.corp/istio-testing/proxyv2:1',
      is: false,
    },
  ],
  [
    'a whole name is no prefix',
    {
      rewrites: [{ from: 'docker.io/istio/proxyv2', to: 'harbor.corp/p' }],
      answer: PROXY,
      image: 'harbor.corp/p:1.30.3',
      is: false,
    },
  ],
  [
    'a rule is applied once',
    {
      rewrites: [{ from: 'gcr.io', to: 'gcr.io/cache' }],
      answer: 'gcr.io/p:1',
      image: 'gcr.io/cache/cache/p:1',
      is: false,
    },
  ],
  [
    'a short name with library/',
    { rewrites: [HUB], answer: 'proxyv2:1', image: 'harbor.corp/dockerhub/library/proxyv2:1', is: true },
  ],
  [
    'a short name without library/',
    { rewrites: [HUB], answer: 'proxyv2:1', image: 'harbor.corp/dockerhub/proxyv2:1', is: true },
  ],
  [
    'official images apart',
    { rewrites: [HUB, OFFICIAL], answer: 'proxyv2:1', image: 'harbor.corp/official/proxyv2:1', is: true },
  ],
  [
    'back to Docker Hub, where short names have library/',
    { rewrites: [{ from: 'gcr.io', to: 'docker.io' }], answer: 'gcr.io/proxyv2:1', image: 'proxyv2:1', is: true },
  ],
  [
    'a digest of the answer is kept',
    {
      rewrites: [HUB],
      answer: `${PROXY}@${D1}`,
      image: `harbor.corp/dockerhub/istio/proxyv2@${D1}`,
      is: true,
    },
  ],
  [
    'another digest',
    { rewrites: [HUB], answer: `${PROXY}@${D1}`, image: `harbor.corp/dockerhub/istio/proxyv2@${D2}`, is: false },
  ],
  [
    'an added digest',
    { rewrites: [HUB], answer: PROXY, image: `harbor.corp/dockerhub/istio/proxyv2:1.30.3@${D1}`, is: false },
  ],
  [
    'an added digest with ignoreDigest',
    {
      rewrites: [HUB],
      answer: PROXY,
      image: `harbor.corp/dockerhub/istio/proxyv2:1.30.3@${D1}`,
      ignoreDigest: true,
      is: true,
    },
  ],
  ['an answer that is no image', { rewrites: [HUB], answer: 'Docker/', image: 'harbor.corp/dockerhub/', is: false }],
  ['a pod’s image that is none', { rewrites: [HUB], answer: PROXY, image: 'h'.repeat(1e6), is: false }],
];

for (const [name, { rewrites, answer, image, ignoreDigest = false, is }] of rows) {
  test(`with imageRewrites: ${name} is ${is ? 'the same image' : 'a drift'}`, () =>
    assert.equal(isMadeOf(answer, image, { compareHub: true, ignoreDigest, imageRewrites: rewrites }), is));
}
