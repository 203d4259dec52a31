import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort } from 'node:worker_threads';

/**
 * An API server of a cluster in which tenants have written the worst that a real one would store: objects near etcd's limit of 1.5 MiB,
 * annotations of 256 KiB in every record, thousands of small ones, webhooks with hundreds of entries, and bursts of changes. It serves its
 * injector, too.
 */
interface Thing {
  readonly metadata: Record<string, unknown> & {
    name: string;
    namespace?: string;
    annotations?: Record<string, string>;
  };
  readonly [field: string]: unknown;
}

const KIB = 1024;
const filled = (bytes: number, with_ = 'x'): string => with_.repeat(Math.ceil(bytes / with_.length)).slice(0, bytes);
const RECORD = ['restarted-for', 'restarted-at', 'attempts', 'writes', 'run', 'retried', 'outcome', 'retry', 'restart'];
/** All annotations of an object together may have 256 KiB. */
const forged = (index: number): Record<string, string> => ({
  [`meltemi.dev/${RECORD[index % RECORD.length]}`]: filled(250 * KIB, ',2026-01-01T00:00:00Z'),
});

let version = 1;
const meta = (namespace: string, name: string, more: object = {}): Thing['metadata'] => ({
  name,
  ...(namespace && { namespace }),
  uid: `uid-${namespace}-${name}`,
  resourceVersion: String(version),
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
  ...more,
});

/** A template of so many bytes: a container with thousands of variables, which is what takes longest to read. */
function environment(bytes: number): object[] {
  const one = { name: 'VARIABLE_NUMBER', value: filled(20) };
  return Array.from({ length: Math.floor(bytes / 64) }, (_, index) => ({ ...one, name: `V${index}` }));
}

const deployment = (
  namespace: string,
  name: string,
  bytes: number,
  annotations: Record<string, string> = {},
): Thing => ({
  metadata: meta(namespace, name, { annotations }),
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'app', image: 'app:1', env: environment(bytes) }] },
    },
  },
  status: { observedGeneration: 1, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
});

const replicaSet = ({ metadata: { namespace = '', name } }: Thing): Thing => ({
  metadata: meta(namespace, `${name}-abc`, {
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: `uid-${namespace}-${name}`, controller: true },
    ],
  }),
});

const pod = ({ metadata: { namespace = '', name } }: Thing): Thing => ({
  metadata: meta(namespace, `${name}-abc-1`, {
    labels: { app: name, 'pod-template-hash': 'abc' },
    annotations: { 'sidecar.istio.io/status': '{}', 'istio.io/rev': 'default' },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: `${name}-abc`,
        uid: `uid-${namespace}-${name}-abc`,
        controller: true,
      },
    ],
  }),
  spec: { containers: [{ name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.30.0' }] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
});

const { huge, forgers, small } = { huge: 40, forgers: 400, small: 3000 };
const deployments = [
  ...Array.from({ length: huge }, (_, i) => deployment('tenant', `huge-${i}`, 1200 * KIB)),
  ...Array.from({ length: forgers }, (_, i) => deployment('tenant', `forger-${i}`, 1000, forged(i))),
  ...Array.from({ length: small }, (_, i) => deployment(`shop-${i % 50}`, `web-${i}`, 1000)),
];

const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
const objects = new Map<string, Thing[]>([
  ['deployments', deployments],
  ['statefulsets', []],
  ['daemonsets', []],
  ['replicasets', deployments.map(replicaSet)],
  ['pods', deployments.map(pod)],
  [
    'poddisruptionbudgets',
    Array.from({ length: 2000 }, (_, i) => ({ metadata: meta('tenant', `budget-${i}`), spec: { selector: {} } })),
  ],
  ['leases', []],
  ['events', []],
  ['services', []],
  ['configmaps', []],
  [
    'proxyconfigs',
    Array.from({ length: 60 }, (_, i) => ({
      metadata: meta('tenant', `proxy-${i}`),
      spec: { environmentVariables: Object.fromEntries(environment(400 * KIB).map((_one, j) => [`V${j}`, 'x'])) },
    })),
  ],
  [
    'namespaces',
    [
      ...Array.from({ length: 50 }, (_, i) => ({
        metadata: meta('', `shop-${i}`, { labels: { 'istio-injection': 'enabled' } }),
      })),
      {
        metadata: meta('', 'tenant', {
          labels: { 'istio-injection': 'enabled' },
          annotations: { junk: filled(250 * KIB) },
        }),
      },
      ...Array.from({ length: 300 }, (_, i) => ({
        metadata: meta('', `tenant-${i}`, { annotations: { junk: filled(250 * KIB) } }),
      })),
    ],
  ],
]);

const configurations = (url: string): Thing[] => [
  {
    metadata: meta('', 'istio-sidecar-injector', { labels: { 'istio.io/rev': 'default' } }),
    webhooks: [
      {
        name: 'namespace.sidecar-injector.istio.io',
        namespaceSelector: { matchLabels: { 'istio-injection': 'enabled' } },
        rules,
        clientConfig: { url },
      },
    ],
  },
];

function listed(
  resource: string,
  namespace: string | undefined,
  query: URLSearchParams,
  response: ServerResponse,
): void {
  const all = (objects.get(resource) ?? []).filter(({ metadata }) => !namespace || metadata.namespace === namespace);
  const selector = query.get('labelSelector');
  const wanted = selector
    ? all.filter(
        ({ metadata }) =>
          `app=${metadata.name}`.startsWith(selector) ||
          `${(metadata as { labels?: { app?: string } }).labels?.app}` === selector.slice(4),
      )
    : all;
  const from = Number(query.get('continue') ?? 0);
  const limit = Number(query.get('limit') ?? 500);
  const items = wanted.slice(from, from + limit);
  const next = from + limit < wanted.length ? String(from + limit) : '';
  reply(response, 200, {
    kind: KINDS[resource] ?? 'List',
    apiVersion: 'v1',
    metadata: { resourceVersion: String(version), continue: next },
    items,
  });
}

const KINDS: Readonly<Record<string, string>> = { pods: 'PodList' };

function reply(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

const watches: { readonly resource: string; readonly response: ServerResponse }[] = [];
let lease: Record<string, unknown> | undefined;

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return pieces.length > 0 ? JSON.parse(Buffer.concat(pieces).toString()) : {};
}

const PATCH = Buffer.from(
  JSON.stringify([
    { op: 'add', path: '/spec/containers/-', value: { name: 'istio-proxy', image: 'docker.io/istio/proxyv2:1.31.0' } },
    { op: 'add', path: '/metadata/annotations/istio.io~1rev', value: 'default' },
  ]),
).toString('base64');

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
  const [, namespace, resource = '', name] =
    /(?:\/namespaces\/([^/]+))?\/([a-z]+)(?:\/([^/]+))?$/.exec(
      pathname.replace(/^\/apis?(\/[a-z0-9.]+)?\/v[0-9a-z]+/, ''),
    ) ?? [];
  if (pathname === '/inject') {
    await bodyOf(request);
    return reply(response, 200, { response: { allowed: true, patchType: 'JSONPatch', patch: PATCH } });
  }
  if (resource === 'leases') return leaseOf(request, response);
  if (request.method === 'POST') {
    await bodyOf(request);
    return reply(response, 201, {});
  }
  if (searchParams.get('watch') === 'true') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    watches.push({ resource, response });
    return;
  }
  if (name === undefined) return listed(resource, namespace, searchParams, response);
  const found = objects
    .get(resource)
    ?.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  if (request.method === 'PATCH') {
    await bodyOf(request);
    parentPort?.postMessage({ patched: name });
  }
  return found ? reply(response, 200, found) : reply(response, 404, { kind: 'Status', code: 404, reason: 'NotFound' });
}

async function leaseOf(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await bodyOf(request);
  if (request.method === 'GET' && !lease)
    return reply(response, 404, { kind: 'Status', code: 404, reason: 'NotFound' });
  if (request.method !== 'GET') {
    version += 1;
    lease = { ...body, metadata: { ...(body.metadata as object), resourceVersion: String(version) } };
  }
  reply(response, 200, lease);
}

const server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()));
server.listen(0, '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  objects.set('mutatingwebhookconfigurations', configurations(`${url}/inject`));
  parentPort?.postMessage({ url });
});

/** Everything that is watched changes at once. */
parentPort?.on('message', () => {
  for (const { resource, response } of watches)
    for (const object of objects.get(resource) ?? []) {
      version += 1;
      const metadata = {
        ...object.metadata,
        resourceVersion: String(version),
        labels: { ...(object.metadata.labels as object), burst: String(version) },
      };
      response.write(`${JSON.stringify({ type: 'MODIFIED', object: { ...object, metadata } })}\n`);
    }
});
