import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { CERTIFICATE, PRIVATE_KEY } from '../unit/cluster/localhostCertificate.ts';
import { encode, enveloped } from '../unit/cluster/protobufEncoder.ts';
import { injectedPod } from './injectedPod.ts';

/**
 * A cluster that only answers, for profiles of what reads it: pods as protobuf, Deployments as JSON, and an injector that injects all pods.
 * Its pages are made before it listens, so that next to nothing of the machine goes into it.
 * Writes a kubeconfig, and prints one line when it is ready.
 */
const { values } = parseArgs({
  options: {
    deployments: { type: 'string', default: '500' },
    pods: { type: 'string', default: '10000' },
    kubeconfig: { type: 'string', default: '/tmp/synthetic-kubeconfig.json' },
  },
});
const [DEPLOYMENTS, PODS] = [Number(values.deployments), Number(values.pods)];
const REPLICAS = Math.max(1, Math.round(PODS / DEPLOYMENTS));
const NAMESPACES = 10;

/** In the order of the API server: by namespace, then by name. */
const names = Array.from({ length: DEPLOYMENTS }, (_, index) => ({
  namespace: `bench-${index % NAMESPACES}`,
  name: `web-${index}`,
})).sort((a, b) => (a.namespace + a.name < b.namespace + b.name ? -1 : 1));

const podsOf = names.map(({ namespace, name }, of) =>
  Array.from({ length: REPLICAS }, (_, at) => {
    const pod = injectedPod(name, of * REPLICAS + at) as { 1: object };
    return encode({ 2: encode({ ...pod, 1: { ...pod[1], 3: namespace } }) });
  }),
);
const pods = podsOf.flat();

/** A page of all, from an offset, with the token for the next one. */
function pageOf<T>(
  all: readonly T[],
  from: number,
  limit: number,
): { readonly items: readonly T[]; readonly next: string } {
  const to = from + limit;
  return { items: all.slice(from, to), next: to < all.length ? String(to) : '' };
}

function podPage(all: readonly Buffer[], from: number, limit: number): Buffer {
  const { items, next } = pageOf(all, from, limit);
  return enveloped('PodList', Buffer.concat([encode({ 1: { 2: '1', 3: next } }), ...items]));
}

const managed = (manager: string): object => ({
  manager,
  operation: 'Update',
  apiVersion: 'apps/v1',
  time: '2026-11-20T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: {
    'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
    'f:spec': { 'f:replicas': {}, 'f:x': 'y'.repeat(900) },
  },
});

const deployments = names.map(({ namespace, name }, index) => ({
  metadata: {
    name,
    namespace,
    uid: `uid-${name}`,
    resourceVersion: String(1000 + index),
    generation: 1,
    creationTimestamp: '2026-11-20T00:00:00Z',
    labels: { app: name },
    annotations: { 'deployment.kubernetes.io/revision': '1' },
    managedFields: [managed('kubectl'), managed('kube-controller-manager')],
  },
  spec: {
    replicas: REPLICAS,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name, number: String(index) } },
      spec: {
        containers: [
          {
            name: 'app',
            image: 'docker.io/library/web:1',
            env: [{ name: 'A', value: 'b' }],
            ports: [{ containerPort: 8080, protocol: 'TCP' }],
            resources: {},
            terminationMessagePath: '/dev/termination-log',
            terminationMessagePolicy: 'File',
            imagePullPolicy: 'IfNotPresent',
          },
        ],
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 30,
        dnsPolicy: 'ClusterFirst',
        securityContext: {},
        schedulerName: 'default-scheduler',
      },
    },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10,
    progressDeadlineSeconds: 600,
  },
  status: {
    observedGeneration: 1,
    replicas: REPLICAS,
    updatedReplicas: REPLICAS,
    readyReplicas: REPLICAS,
    availableReplicas: REPLICAS,
    conditions: [{ type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'ok' }],
  },
}));
const deploymentPage = (isHome: boolean, from: number, limit: number, metadataOnly: boolean): string => {
  const { items, next } = isHome ? { items: [istiod], next: '' } : pageOf(deployments, from, limit);
  const shown = metadataOnly ? items.map(({ metadata }) => ({ metadata })) : items;
  return list('apps/v1', 'DeploymentList', shown, next);
};
/** The control plane, which answers for itself under its own address. */
const HOME = 'istio-system';
const istiod = {
  metadata: {
    name: 'istiod',
    namespace: HOME,
    uid: 'istiod',
    resourceVersion: '1',
    generation: 1,
    labels: { app: 'istiod', 'istio.io/rev': 'default' },
  },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'istiod' } },
    template: {
      metadata: { labels: { app: 'istiod' } },
      spec: { containers: [{ name: 'discovery', image: 'docker.io/istio/pilot:1.32.0' }] },
    },
  },
  status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
};
/** What Istio's templates do, in short: they read nothing that tells these workloads apart. */
const TEMPLATE = [
  'metadata:',
  '  labels:',
  '    service.istio.io/canonical-revision: latest',
  'spec:',
  '  containers:',
  '  - name: istio-proxy',
  '    image: {{ .ProxyImage }}',
].join('\n');
const CONFIG_MAPS: Readonly<Record<string, object>> = {
  'istio-sidecar-injector': {
    config: JSON.stringify({ policy: 'enabled', defaultTemplates: ['sidecar'], templates: { sidecar: TEMPLATE } }),
    values: '{}',
  },
  istio: { mesh: '{}' },
};
function configMaps(query: URLSearchParams): string {
  const name = query.get('fieldSelector')?.replace('metadata.name=', '') ?? '';
  const data = CONFIG_MAPS[name];
  return list('v1', 'ConfigMapList', data ? [{ metadata: { name, namespace: HOME, resourceVersion: '1' }, data }] : []);
}

/** Where the workload is that a label selector is about. */
const chosen = (selector: string): number => names.findIndex(({ name }) => selector === `app=${name}`);

function list(apiVersion: string, kind: string, items: readonly object[], next = ''): string {
  return JSON.stringify({
    kind,
    apiVersion,
    metadata: { resourceVersion: '1', ...(next && { continue: next }) },
    items,
  });
}

const proxy = {
  name: 'istio-proxy',
  image: 'docker.io/istio/proxyv2:1.32.0',
  args: ['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc.cluster.local'],
  env: Array.from({ length: 24 }, (_, index) => ({ name: `ISTIO_META_${index}`, value: 'v'.repeat(60) })),
  resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '100m', memory: '128Mi' } },
  volumeMounts: Array.from({ length: 8 }, (_, index) => ({ name: `volume-${index}`, mountPath: `/var/run/${index}` })),
};
const patch = [
  { op: 'add', path: '/metadata/annotations/sidecar.istio.io~1status', value: '{"initContainers":["istio-init"]}' },
  { op: 'add', path: '/metadata/labels/service.istio.io~1canonical-name', value: 'web' },
  { op: 'add', path: '/metadata/annotations/istio.io~1rev', value: 'default' },
  { op: 'add', path: '/spec/initContainers', value: [{ ...proxy, name: 'istio-init' }] },
  { op: 'add', path: '/spec/volumes', value: proxy.volumeMounts.map(({ name }) => ({ name, emptyDir: {} })) },
  { op: 'add', path: '/spec/containers/1', value: proxy },
];
const answer = JSON.stringify({
  kind: 'AdmissionReview',
  apiVersion: 'admission.k8s.io/v1',
  response: {
    uid: 'meltemi',
    allowed: true,
    patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    patchType: 'JSONPatch',
  },
});

const requests = new Map<string, number>();
const server = createServer({ cert: CERTIFICATE, key: PRIVATE_KEY, keepAliveTimeout: 120_000 }, (request, response) =>
  serve(request, response),
);

function serve(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost');
  const isWatch = searchParams.has('watch');
  const count = `${request.method} ${pathname}${isWatch ? ' watch' : ''}`;
  requests.set(count, (requests.get(count) ?? 0) + 1);
  if (isWatch) response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  else
    void text(request).then((body) => {
      if (pathname.includes('/leases')) answerLease(request.method ?? '', body, response);
      else answerTo(pathname, searchParams, String(request.headers.accept).includes('as=Partial'), response);
    });
}

/** The Lease that was written last. */
let lease: { metadata?: object } | undefined;
let leaseVersion = 0;

function answerLease(method: string, body: string, response: ServerResponse): void {
  if (method !== 'GET') {
    leaseVersion += 1;
    const written = JSON.parse(body) as { metadata?: object };
    lease = { ...written, metadata: { ...written.metadata, resourceVersion: String(leaseVersion) } };
  }
  if (lease) send(response, 'application/json', JSON.stringify(lease));
  else notFound(response);
}

const notFound = (response: ServerResponse): void =>
  send(response, 'application/json', '{"kind":"Status","code":404,"reason":"NotFound"}', 404);

function answerTo(pathname: string, query: URLSearchParams, metadataOnly: boolean, response: ServerResponse): void {
  const [from, limit] = [Number(query.get('continue') ?? 0), Number(query.get('limit') ?? PODS)];
  const selector = query.get('labelSelector');
  const [last = '', beforeLast] = pathname.split('/').reverse();
  const other = OTHERS[last];
  if (last === 'pods') {
    const namespace = /\/namespaces\/([^/]+)/.exec(pathname)?.[1];
    const within = selector === null ? podsOf.filter((_, of) => isIn(of, namespace)).flat() : undefined;
    const all = within ?? podsOf[chosen(selector ?? '')] ?? [];
    send(response, 'application/vnd.kubernetes.protobuf', podPage(all, from, limit));
  } else if (last === 'replicasets') send(response, 'application/json', replicaSets(chosen(selector ?? '')));
  else if (last === 'events') send(response, 'application/json', '{}', 201);
  else if (last === 'deployments')
    send(response, 'application/json', deploymentPage(beforeLast === HOME, from, limit, metadataOnly));
  else if (beforeLast === 'deployments')
    send(response, 'application/json', JSON.stringify(deployments.find(({ metadata }) => metadata.name === last)));
  else if (other) send(response, 'application/json', other(query));
  else notFound(response);
}

const isIn = (of: number, namespace: string | undefined): boolean =>
  namespace === undefined || names[of]?.namespace === namespace;

/** The ReplicaSet of one of the Deployments. */
function replicaSets(index: number): string {
  const { name, namespace } = names[index] ?? { name: '', namespace: '' };
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: `uid-${name}`, controller: true };
  const metadata = { name: `${name}-5d4f`, namespace, uid: `rs-${name}`, ownerReferences: [owner] };
  return list('meta.k8s.io/v1', 'PartialObjectMetadataList', [{ metadata }]);
}

const OTHERS: Readonly<Record<string, (query: URLSearchParams) => string>> = {
  configmaps: configMaps,
  inject: () => answer,
  requests: () => {
    const counted = JSON.stringify(Object.fromEntries(requests));
    requests.clear();
    return counted;
  },
  statefulsets: () => list('apps/v1', 'StatefulSetList', []),
  daemonsets: () => list('apps/v1', 'DaemonSetList', []),
  poddisruptionbudgets: () => list('policy/v1', 'PodDisruptionBudgetList', []),
  proxyconfigs: () => list('networking.istio.io/v1beta1', 'ProxyConfigList', []),
  namespaces: () =>
    list(
      'meta.k8s.io/v1',
      'PartialObjectMetadataList',
      Array.from({ length: NAMESPACES }, (_, index) => ({
        metadata: {
          name: `bench-${index}`,
          resourceVersion: '1',
          labels: { 'istio-injection': 'enabled', 'kubernetes.io/metadata.name': `bench-${index}` },
        },
      })),
    ),
  mutatingwebhookconfigurations: () =>
    list('admissionregistration.k8s.io/v1', 'MutatingWebhookConfigurationList', [webhook()]),
};

function send(response: ServerResponse, type: string, body: string | Buffer, status = 200): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

const port = (): number => (server.address() as AddressInfo).port;
const webhook = (): object => ({
  metadata: {
    name: 'istio-sidecar-injector',
    resourceVersion: '1',
    uid: 'w',
    labels: { 'istio.io/rev': 'default' },
    // its address is a URL, so this says where the control plane is
    annotations: { 'meta.helm.sh/release-namespace': HOME },
  },
  webhooks: [
    {
      name: 'namespace.sidecar-injector.istio.io',
      clientConfig: {
        url: `https://127.0.0.1:${port()}/inject`,
        caBundle: Buffer.from(CERTIFICATE).toString('base64'),
      },
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: '*' }],
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: { matchExpressions: [{ key: 'istio-injection', operator: 'In', values: ['enabled'] }] },
      objectSelector: {},
      sideEffects: 'None',
      timeoutSeconds: 10,
      admissionReviewVersions: ['v1'],
      reinvocationPolicy: 'Never',
    },
  ],
});

server.listen(0, '127.0.0.1', () => {
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'synthetic',
    contexts: [{ name: 'synthetic', context: { cluster: 'synthetic', user: 'synthetic' } }],
    clusters: [
      {
        name: 'synthetic',
        cluster: {
          server: `https://127.0.0.1:${port()}`,
          'certificate-authority-data': Buffer.from(CERTIFICATE).toString('base64'),
        },
      },
    ],
    users: [{ name: 'synthetic', user: { token: 'synthetic' } }],
  };
  writeFileSync(values.kubeconfig, JSON.stringify(kubeconfig));
  const bytes = pods.reduce((sum, { length }) => sum + length, 0);
  console.log(`${PODS} pods of ${DEPLOYMENTS} Deployments, ${(bytes / 1e6).toFixed(0)} MB, on ${port()}`);
});
