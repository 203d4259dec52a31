import type { RawConfiguration } from '../../../src/expect/webhookEntry.ts';
import type { RawWorkload } from '../../../src/kinds/rawWorkload.ts';
import { ANNOTATION } from '../../../src/names.ts';
import type { RawPod } from '../../../src/pods/rawPod.ts';
import { encode, enveloped } from '../cluster/protobufEncoder.ts';

/** Well-formed inputs of every kind, with every field that is read. From these the hostile ones are made. */

const RULES = [
  { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: 'Namespaced' },
];

const address = { namespace: 'istio-system', name: 'istiod', path: '/inject', port: 443 };

const configuration = (name: string, label: string, value: string): RawConfiguration => ({
  metadata: {
    name,
    labels: { 'istio.io/rev': 'default', 'istio.io/tag': '' },
    annotations: { 'meta.helm.sh/release-namespace': 'istio-system' },
  },
  webhooks: [
    {
      name: 'namespace.sidecar-injector.istio.io',
      clientConfig: { caBundle: 'eA==', service: address },
      rules: RULES,
      namespaceSelector: {
        matchLabels: { [label]: value },
        matchExpressions: [{ key: 'no', operator: 'DoesNotExist' }],
      },
      objectSelector: { matchExpressions: [{ key: 'sidecar.istio.io/inject', operator: 'NotIn', values: ['false'] }] },
    },
    {
      name: 'object.sidecar-injector.istio.io',
      clientConfig: { url: 'https://istiod.example/inject', caBundle: '' },
      rules: RULES,
      matchConditions: [],
      namespaceSelector: { matchExpressions: [{ key: label, operator: 'In', values: ['other'] }] },
      objectSelector: { matchLabels: { app: 'web' } },
    },
  ],
});

/** The namespace `istio-injection=enabled` matches the first entry of the first one, and no other. */
export const CONFIGURATIONS: readonly RawConfiguration[] = [
  configuration('a', 'istio-injection', 'enabled'),
  configuration('b', 'istio.io/rev', 'canary'),
];
export const NAMESPACE = { 'istio-injection': 'enabled' };

/** Every field that an entry may have; `conforms` compares with it. */
export const CONFIGURATION_MODEL = {
  metadata: { name: '', labels: {}, annotations: {} },
  webhooks: [{}],
};
const SELECTOR_MODEL = { matchLabels: {}, matchExpressions: [{ key: '', operator: '', values: [''] }] };
export const ENTRY_MODEL = {
  name: '',
  namespaceSelector: SELECTOR_MODEL,
  objectSelector: SELECTOR_MODEL,
  rules: [{ operations: [''], apiGroups: [''], apiVersions: [''], resources: [''], scope: '' }],
  matchConditions: [{ name: '', expression: '' }],
  clientConfig: { url: '', caBundle: '', service: { namespace: '', name: '', path: '', port: 0 } },
};

const strategy = { type: 'RollingUpdate', rollingUpdate: { partition: 0, maxUnavailable: '25%', maxSurge: 1 } };

/** Three complete pods, restarted a year ago for something else. */
export const WORKLOAD: RawWorkload = {
  metadata: {
    name: 'web',
    namespace: 'shop',
    uid: 'uid',
    resourceVersion: '7',
    generation: 1,
    creationTimestamp: '2024-01-01T00:00:00Z',
    labels: { app: 'web', 'istio.io/rev': 'default' },
    annotations: {
      [ANNOTATION.restartedFor]: 'something else',
      [ANNOTATION.restartedAt]: '2025-01-01T00:00:00Z',
      [ANNOTATION.attempts]: '1',
      [ANNOTATION.writes]: '2025-01-01T00:00:00Z',
      [ANNOTATION.run]: 'old',
      [ANNOTATION.outcome]: 'verified',
    },
    ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Shop', name: 'main', controller: true }],
  },
  spec: {
    replicas: 3,
    paused: false,
    selector: { matchLabels: { app: 'web' }, matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] },
    template: {
      metadata: { labels: { app: 'web' }, annotations: { note: 'x' } },
      spec: { containers: [{ name: 'discovery', image: 'docker.io/istio/pilot:1.31.0' }] },
    },
    strategy,
    updateStrategy: strategy,
  },
  status: {
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    currentRevision: 'r1',
    updateRevision: 'r1',
    desiredNumberScheduled: 3,
    currentNumberScheduled: 3,
    updatedNumberScheduled: 3,
    numberReady: 3,
    numberAvailable: 3,
    conditions: [{ type: 'Progressing', reason: 'NewReplicaSetAvailable', message: 'complete' }],
  },
};
/** What the injector alone reads is any object. */
export const WORKLOAD_MODEL = {
  ...WORKLOAD,
  metadata: { ...WORKLOAD.metadata, deletionTimestamp: '' },
  spec: { ...WORKLOAD.spec, template: { metadata: { labels: {}, annotations: {} }, spec: {} } },
};

/** A Rollout of Argo Rollouts with all that is read of one. */
export const ROLLOUT = {
  ...WORKLOAD,
  spec: {
    ...WORKLOAD.spec,
    restartAt: '2025-01-01T00:00:00Z',
    workloadRef: { kind: 'Deployment', name: 'web' },
    strategy: {
      canary: { maxUnavailable: '25%', steps: [{ setWeight: 50 }] },
      blueGreen: { maxUnavailable: 1 },
    },
  },
  status: {
    ...WORKLOAD.status,
    observedGeneration: '1',
    abort: true,
    pauseConditions: [{ reason: 'CanaryPauseStep' }],
    currentPodHash: 'a',
    stableRS: 'b',
    currentStepIndex: 0,
    blueGreen: { activeSelector: 'a' },
    restartedAt: '2025-01-01T00:00:00Z',
    phase: 'Degraded',
    message: 'InvalidSpec',
  },
};

export const OLD_IMAGE = 'docker.io/istio/proxyv2:1.30.2';
export const NEW_IMAGE = 'docker.io/istio/proxyv2:1.31.0';

const pod = (name: string): RawPod => ({
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    labels: { 'pod-template-hash': 'abc' },
    annotations: { 'istio.io/rev': 'default', 'sidecar.istio.io/status': '{}' },
    ownerReferences: [{ kind: 'ReplicaSet', name: 'web-abc', uid: 'rs', controller: true }],
  },
  spec: {
    containers: [
      { name: 'app', image: 'a' },
      { name: 'istio-proxy', image: OLD_IMAGE },
    ],
    initContainers: [{ name: 'init', image: 'i', restartPolicy: 'Always' }],
  },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
});

/** Pods of the workload, of an older proxy than the answer brings. */
export const POD_LIST = { kind: 'PodList', metadata: { continue: '' }, items: [pod('web-abc-1'), pod('web-abc-2')] };

const protobufPod = (name: string) => ({
  1: {
    1: name,
    3: 'shop',
    5: `uid-${name}`,
    8: { 1: 1767225600 },
    11: { 1: 'pod-template-hash', 2: 'abc' },
    12: { 1: 'istio.io/rev', 2: 'default' },
    13: { 1: 'ReplicaSet', 3: 'web-abc', 4: 'rs', 6: true },
  },
  2: {
    2: [
      { 1: 'app', 2: 'a' },
      { 1: 'istio-proxy', 2: OLD_IMAGE },
    ],
    20: { 1: 'init', 2: 'i', 24: 'Always' },
  },
  3: { 1: 'Running', 2: { 1: 'Ready', 2: 'True' } },
});
export const PROTOBUF_LIST = enveloped(
  'PodList',
  encode({ 1: { 3: '' }, 2: [protobufPod('web-abc-1'), protobufPod('web-abc-2')] }),
);

/** Makes the new proxy of a pod, as istiod words it. */
export const OPERATIONS: readonly object[] = [
  { op: 'add', path: '/metadata/annotations/istio.io~1rev', value: 'default' },
  { op: 'add', path: '/spec/initContainers', value: [{ name: 'istio-init', image: NEW_IMAGE }] },
  { op: 'copy', from: '/metadata/labels/app', path: '/metadata/labels/copied' },
  { op: 'test', path: '/kind', value: 'Pod' },
  { op: 'add', path: '/spec/containers/0', value: { name: 'istio-proxy', image: NEW_IMAGE } },
  { op: 'move', from: '/metadata/labels/copied', path: '/metadata/labels/moved' },
  { op: 'replace', path: '/metadata/labels/moved', value: 'x' },
  { op: 'remove', path: '/metadata/labels/moved' },
];

export const base64 = (bytes: Buffer | string): string => Buffer.from(bytes).toString('base64');

/** An AdmissionReview that carries a patch. */
export const reviewOf = (patch: string) => ({
  kind: 'AdmissionReview',
  response: { uid: 'u', allowed: true, status: { message: 'm' }, patchType: 'JSONPatch', patch },
});

/** A policy file with a key of every sort. */
export const POLICY_FILE = `# limits
maxInFlight: 10
restartDelay: 30s
restartOn: [image, missing]
excludeLabels: tier in (db,cache),!canary
include:
  - namespaces: &names [shop, "team-*"]
    kinds: [Deployment]
  - names: *names
exclude:
  - labels: { matchLabels: { tier: db }, matchExpressions: [{ key: app, operator: Exists }] }
`;
