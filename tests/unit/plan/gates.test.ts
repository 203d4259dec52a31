import assert from 'node:assert/strict';
import { fixedInjection } from '../../../src/expect/epoch.ts';
import type { Istiod } from '../../../src/expect/mesh.ts';
import type { RolloutReport } from '../../../src/model.ts';
import { closedGate } from '../../../src/plan/gates/gates.ts';
import { istiodRolling } from '../../../src/plan/gates/istiodRolling.ts';
import { vault } from '../../builders/sidecars.ts';
import { complete, entry, expected, injection, istiod } from '../../builders/workload.ts';

const closed = (of: Istiod, image = expected().image): string =>
  closedGate({ injection: injection({ istiod: of }), expected: expected({ image }), unconfirmed: undefined }, new Set())
    ?.code ?? 'open';

/** A rollout of so many replicas that differs from a complete one, under a Deployment that is not Available unless said otherwise. */
const rollout = (pods: number, differs: Partial<RolloutReport>, given: Partial<Istiod> = {}): Istiod =>
  istiod({ rollout: { ...complete(pods), ...differs }, isAvailable: false, ...given });
const broken = (count: number, of: number, given: Partial<Istiod> = {}): Istiod =>
  rollout(of, { ready: of - count, available: of - count }, given);
const QUOTA = 'exceeded quota';

const g1: [name: string, istiod: Istiod, expected: 'open' | 'istiod-rolling'][] = [
  ['every replica is new and available', istiod({ rollout: complete(2) }), 'open'],
  ['one of two replicas is broken', broken(1, 2), 'open'],
  ['one of two is broken and the Deployment is Available', broken(1, 2, { isAvailable: true }), 'open'],
  ['one of one is broken', broken(1, 1), 'istiod-rolling'],
  ['both of two are broken', broken(2, 2), 'istiod-rolling'],
  ['none is left, whatever the condition says', broken(2, 2, { isAvailable: true }), 'istiod-rolling'],
  ['two of five are broken and the Deployment is not Available', broken(2, 5), 'istiod-rolling'],
  ['two of five are broken and the strategy allows two', broken(2, 5, { maxUnavailable: 2 }), 'open'],
  ['three of five are broken and the Deployment is Available', broken(3, 5, { isAvailable: true }), 'open'],
  ['an old replica is left', rollout(2, { existing: 3 }, { isAvailable: true }), 'istiod-rolling'],
  ['one replica is still to be made', rollout(2, { existing: 1, updated: 1, available: 1 }), 'istiod-rolling'],
  [
    'one that a quota forbids is not waited for',
    rollout(2, { existing: 1, updated: 1, ready: 1, available: 1, createFailure: QUOTA }),
    'open',
  ],
  [
    '… but while old ones are left it is',
    rollout(2, { existing: 2, updated: 1, createFailure: QUOTA }, { isAvailable: true }),
    'istiod-rolling',
  ],
  [
    'no new replica can be made at all',
    rollout(2, { existing: 0, updated: 0, available: 0, createFailure: QUOTA }),
    'istiod-rolling',
  ],
  ['its controller has not seen the new template', istiod({ generation: 2, rollout: complete(2) }), 'istiod-rolling'],
  ['it is scaled to zero', istiod({ rollout: complete(0) }), 'istiod-rolling'],
];
for (const [name, of, state] of g1) test(`G1 where ${name}: ${state}`, () => assert.equal(closed(of), state));

const warnings: [name: string, istiod: Istiod, warning: string | undefined][] = [
  ['a whole istiod', istiod(), undefined],
  ['a broken replica', broken(1, 2), '1 of 2 replicas of istiod istio-system/istiod are not available'],
  [
    'one that cannot be made',
    rollout(2, { existing: 1, updated: 1, ready: 1, available: 1, createFailure: QUOTA }),
    '1 of 2 replicas of istiod istio-system/istiod are not available: exceeded quota',
  ],
  ['a gate that is closed says so itself', broken(2, 2), undefined],
];
for (const [name, of, warning] of warnings)
  test(`the warning of ${name}`, () => assert.equal(istiodRolling.warning?.(injection({ istiod: of })), warning));

const TOO_NEW = 'proxy-newer-than-istiod';
const g4: [pilot: string, proxy: string, expected: string][] = [
  ['docker.io/istio/pilot:1.30.3', 'docker.io/istio/proxyv2:1.31.0', TOO_NEW],
  ['istio/pilot:1.30.3', 'docker.io/istio/proxyv2:1.31.0', TOO_NEW],
  ['docker.io/istio/pilot:1.30.3', 'docker.io/istio/proxyv2:1.30.4-distroless', TOO_NEW],
  ['registry.example:5000/a/b/pilot:1.30.3', 'registry.example:5000/a/b/proxyv2:1.31.0', TOO_NEW],
  ['docker.io/istio/pilot:1.30.3@sha256:aa', 'docker.io/istio/proxyv2:1.31.0@sha256:bb', TOO_NEW],
  ['docker.io/istio/pilot:1.31.0', 'docker.io/istio/proxyv2:1.31.0', 'open'],
  ['docker.io/istio/pilot:1.31.0', 'docker.io/istio/proxyv2:1.30.3', 'open'],
  ['docker.io/istio/pilot:1.30.3', 'registry.example/mesh/proxy:2026.11.2', 'open'],
  ['docker.io/istio/pilot:1.30.3', 'docker.io/istio/proxy:2026.11.2', 'open'],
  ['docker.io/istio/pilot:1.30.3', 'registry.example/istio/proxyv2:7.0.0', 'open'],
  ['docker.io/istio/pilot:1.30.3', 'docker.io/vendor/proxyv2:7.0.0', 'open'],
  ['registry.example/mesh/control:1.30.3', 'registry.example/mesh/proxyv2:2026.11.2', 'open'],
  ['docker.io/istio/pilot:1.30.3', 'docker.io/istio/proxyv2@sha256:bb', 'open'],
  ['docker.io/istio/pilot:latest', 'docker.io/istio/proxyv2:1.31.0', 'open'],
  ['', 'docker.io/istio/proxyv2:1.31.0', 'open'],
];
for (const [pilot, proxy, state] of g4)
  test(`G4 with ${pilot || 'no image'} and ${proxy}: ${state}`, () =>
    assert.equal(closed(istiod({ image: pilot }), proxy), state));

const canary = istiod({ revision: 'canary', rollout: complete(0) });
const URL = { url: 'https://localhost:15017/inject' };
const SERVICE = { service: { namespace: 'istio-system', name: 'istiod', path: '/inject', port: 443 } };
const strangers: [name: string, address: typeof URL | typeof SERVICE, revision: string, expected: string][] = [
  ['behind a URL, the answer is of its revision', URL, 'canary', 'istiod-rolling'],
  [
    'behind a URL, the answer is of another revision: it is not the one that answers',
    URL,
    'default',
    'unconfirmed-answer',
  ],
  ['behind a URL, the answer names no revision', URL, '', 'istiod-rolling'],
  ['behind a Service, which tells whose pods answer', SERVICE, 'default', 'istiod-rolling'],
];
for (const [name, address, revision, state] of strangers)
  test(`an istiod that rolls ${name}: ${state}`, () => {
    const facts = {
      injection: injection({ istiod: canary, entry: entry({ address }) }),
      expected: expected({ revision }),
      unconfirmed: 'not asked twice yet',
    };
    assert.equal(closedGate(facts, new Set())?.code, state);
  });

test('G3 asks nothing of an image that the policy sets: no injector gives it', () => {
  const source = vault();
  const facts = {
    injection: fixedInjection(source, source.fixed),
    expected: expected(),
    unconfirmed: 'not asked twice yet',
  };
  assert.equal(closedGate(facts, new Set()), undefined);
});
