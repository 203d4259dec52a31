import type { PodGroup } from '../../src/compare/podGroups.ts';
import type { Verdict } from '../../src/compare/verdict.ts';
import type { ExpectedSidecar } from '../../src/expect/answer.ts';
import type { AskedInjection, Istiod } from '../../src/expect/mesh.ts';
import type { WebhookEntry } from '../../src/expect/webhookEntry.ts';
import { NO_NAMESPACE, type PodFacts, type RolloutReport, type Sidecar, type Workload } from '../../src/model.ts';
import type { Assessed } from '../../src/plan/assessed.ts';

/** 2026-01-01T00:00:00Z: the time at which table tests happen. */
export const NOW = Date.UTC(2026, 0, 1);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;

/** A complete rollout of so many pods. */
export const complete = (pods: number): RolloutReport => ({
  observedGeneration: 1,
  desired: pods,
  existing: pods,
  updated: pods,
  ready: pods,
  available: pods,
  currentRevision: 'r1',
  updateRevision: 'r1',
});

/** A Deployment `shop/web` of three ready pods, unless said otherwise. */
export function workload(given: Partial<Workload> = {}): Workload {
  return {
    kind: 'Deployment',
    namespace: 'shop',
    name: 'web',
    uid: 'uid',
    resourceVersion: '1',
    generation: 1,
    createdAt: NOW - 30 * 24 * HOUR,
    deleting: false,
    annotations: {},
    selector: { matchLabels: { app: 'web' } },
    strategy: 'RollingUpdate',
    partition: 0,
    firstOrdinal: 0,
    paused: false,
    maxUnavailable: 0,
    template: { labels: { app: 'web' }, annotations: {}, spec: {} },
    rollout: complete(3),
    ...given,
  };
}

export const sidecar = (given: Partial<Sidecar> = {}): Sidecar => ({
  placement: 'container',
  image: 'docker.io/istio/proxyv2:1.30.2',
  revision: 'default',
  injected: true,
  ...given,
});

/** A ready pod with that sidecar, owned by the workload itself, unless said otherwise. */
export const pod = ({ kind, namespace, name, uid }: Workload, given: Partial<PodFacts> = {}): PodFacts => ({
  namespace,
  name: `${name}-0`,
  uid: `${uid}-0`,
  owner: { kind, name, uid },
  templateHash: '',
  createdAt: 0,
  node: 'node',
  phase: 'Running',
  ready: true,
  deleting: false,
  sidecar: sidecar(),
  ...given,
});

export const NO_SIDECAR = sidecar({ placement: 'none', image: '', revision: '', injected: false });

export const group = (given: Partial<Sidecar> = {}, count = 3): PodGroup => ({
  sidecar: sidecar(given),
  templateHash: 'h',
  ready: true,
  youngest: 0,
  count,
});

export const expected = (given: Partial<ExpectedSidecar> = {}): ExpectedSidecar => ({
  image: 'docker.io/istio/proxyv2:1.31.0',
  revision: 'default',
  placement: 'container',
  ...given,
});

export const entry = (given: Partial<WebhookEntry> = {}): WebhookEntry => ({
  configuration: 'istio-sidecar-injector',
  name: 'namespace.sidecar-injector.istio.io',
  revision: 'default',
  tag: '',
  releaseNamespace: '',
  namespaceSelector: {},
  objectSelector: {},
  callsPodCreation: true,
  conditions: [],
  address: { service: { namespace: 'istio-system', name: 'istiod', path: '/inject', port: 443 } },
  caBundle: '',
  ...given,
});

export const istiod = (given: Partial<Istiod> = {}): Istiod => ({
  namespace: 'istio-system',
  name: 'istiod',
  revision: 'default',
  isLabelled: true,
  podLabels: { app: 'istiod' },
  generation: 1,
  rollout: complete(1),
  maxUnavailable: 0,
  isAvailable: true,
  image: 'docker.io/istio/pilot:1.31.0',
  chart: [undefined, undefined],
  templateHash: 't',
  ...given,
});

export const injection = (given: Partial<AskedInjection> = {}): AskedInjection => ({
  entry: entry(),
  epoch: 'epoch',
  run: 'run',
  istiod: istiod(),
  ...given,
});

export const outdated = (given: Partial<Extract<Verdict, { state: 'outdated' }>> = {}): Verdict => ({
  state: 'outdated',
  expected: expected(),
  drifts: ['image'],
  outdatedPods: 3,
  outdatedGroups: [],
  pods: 3,
  actual: sidecar(),
  ...given,
});

/** A assessed workload, outdated unless said otherwise. */
export const assessed = (given: Partial<Workload> = {}, verdict: Verdict = outdated()): Assessed => ({
  workload: workload(given),
  templateHash: '',
  namespace: NO_NAMESPACE,
  match: { kind: 'entry', entry: injection() },
  verdict,
  groups: [group()],
  onLostNodes: 0,
  budgets: [],
  injection: injection(),
});
