import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Labels } from '../../../src/model.ts';
import { LEASE_NAME } from '../../../src/names.ts';
import { ApiServer, bodyOf, json, status } from '../cluster/apiServer.ts';

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
}

/** What the injector of this mesh gives every pod. */
const SIDECAR = [
  { op: 'add', path: '/spec/containers/-', value: { name: 'istio-proxy', image: 'istio/proxyv2:1.31.0' } },
];

const meta = (namespace: string, name: string, more: object = {}) => ({
  namespace,
  name,
  uid: `${namespace}-${name}`,
  resourceVersion: '1',
  generation: 1,
  creationTimestamp: '2026-01-01T00:00:00Z',
  ...more,
});

const workload = (namespace: string, name: string, annotations: Labels) => ({
  metadata: meta(namespace, name, { annotations }),
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: name } },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
  },
  status: {
    observedGeneration: 1,
    replicas: 1,
    updatedReplicas: 1,
    readyReplicas: 1,
    availableReplicas: 1,
    desiredNumberScheduled: 1,
    currentNumberScheduled: 1,
    updatedNumberScheduled: 1,
    numberReady: 1,
    numberAvailable: 1,
  },
});

function podOf(kind: string, { metadata: { namespace = '', name } }: Named, ready: boolean) {
  const owner = { apiVersion: 'apps/v1', kind, name, uid: `${namespace}-${name}`, controller: true };
  const replicaSet = { ...owner, kind: 'ReplicaSet', name: `${name}-abc`, uid: `rs-${namespace}-${name}` };
  return {
    metadata: meta(namespace, `${name}-abc-1`, {
      labels: { app: name, 'pod-template-hash': 'abc' },
      annotations: { 'sidecar.istio.io/status': '{}' },
      ownerReferences: [kind === 'Deployment' ? replicaSet : owner],
    }),
    spec: {
      nodeName: 'node-1',
      containers: [
        { name: 'app', image: 'app:1' },
        { name: 'istio-proxy', image: 'istio/proxyv2:1.30.2' },
      ],
    },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

/**
 * An API server with a small mesh, and its injector, for commands that run as processes of their own. It knows no writes. Disposing of it
 * ends its connections and removes its kubeconfig.
 */
export class MeshServer extends ApiServer {
  /** Whether a call is refused: by method and path. */
  forbidden: (path: string) => boolean = () => false;
  /** What the server says to that. */
  refusal = 'not allowed';
  /** Calls that were made, as `GET /path`. */
  readonly calls: string[] = [];
  readonly #objects = new Map<string, Named[]>([
    ['namespaces', [{ metadata: { ...meta('', 'shop'), labels: { 'istio-injection': 'enabled' } } }]],
  ]);
  readonly #watching: { readonly resource: string; readonly response: ServerResponse }[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'meltemi-mesh-'));

  constructor() {
    super((request, response) => void this.#serve(request, response));
  }

  /** An outdated workload with a pod, in a namespace of the mesh. */
  add(name: string, annotations: Labels = {}, kind: 'Deployment' | 'DaemonSet' = 'Deployment', ready = true): void {
    const made = workload('shop', name, annotations);
    this.put(`${kind.toLowerCase()}s`, made);
    this.put('pods', podOf(kind, made, ready));
    const ownerReferences = [{ kind, name, uid: `shop-${name}`, controller: true }];
    if (kind === 'Deployment')
      this.put('replicasets', { metadata: meta('shop', `${name}-abc`, { uid: `rs-shop-${name}`, ownerReferences }) });
  }

  /** The resources of which watches were opened. */
  watched(): readonly string[] {
    return this.#watching.map(({ resource }) => resource);
  }

  /** Tells those who watch Leases of a change. @returns how many they are */
  change(event: { readonly type: string; readonly object: object }): number {
    const leases = this.#watching.filter(({ resource }) => resource === 'leases');
    for (const { response } of leases) response.write(`${JSON.stringify(event)}\n`);
    return leases.length;
  }

  /** Meltemi's Lease, in a namespace. */
  lease(namespace: string, annotations: Labels): void {
    this.put('leases', { metadata: meta(namespace, LEASE_NAME, { annotations }) });
  }

  /** Any object, by the plural of its kind. */
  put(resource: string, object: Named): void {
    this.#objects.set(resource, [...(this.#objects.get(resource) ?? []), object]);
  }

  /** The path of a kubeconfig whose context is in the namespace. */
  kubeconfig(namespace = 'default'): string {
    const path = join(this.#folder, `config-${namespace}`);
    const context = { cluster: 'c', user: 'u', namespace };
    writeFileSync(
      path,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: this.url } }],
        users: [{ name: 'u', user: { token: 't' } }],
        contexts: [{ name: 'x', context }],
        'current-context': 'x',
      }),
    );
    return path;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    this.calls.push(`${request.method} ${pathname}`);
    if (pathname === '/inject') return inject(request, response);
    if (this.forbidden(pathname)) return json(response, 403, status(403, 'Forbidden', this.refusal));
    const [, namespace, resource = '', name] =
      /^\/apis?(?:\/[^/]+)*?\/v[^/]+(?:\/namespaces\/([^/]+)(?=\/))?\/([a-z]+)(?:\/([^/]+))?$/.exec(pathname) ?? [];
    const here = this.#listed(resource).filter(({ metadata }) => !namespace || metadata.namespace === namespace);
    if (name) {
      const found = here.find(({ metadata }) => metadata.name === name);
      return found ? json(response, 200, found) : json(response, 404, status(404, 'NotFound', `${name} not found`));
    }
    if (searchParams.get('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
      this.#watching.push({ resource, response });
      return;
    }
    const items = here.filter((object) => selects(searchParams.get('labelSelector') ?? '', object));
    json(response, 200, { kind: resource === 'pods' ? 'PodList' : 'List', metadata: { resourceVersion: '1' }, items });
  }

  #listed(resource: string): readonly Named[] {
    const put = this.#objects.get(resource) ?? [];
    if (resource !== 'mutatingwebhookconfigurations') return put;
    const rules = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
    const entry = {
      name: 'namespace.sidecar-injector.istio.io',
      namespaceSelector: { matchLabels: { 'istio-injection': 'enabled' } },
      rules,
      clientConfig: { url: `${this.url}/inject` },
    };
    const metadata = { ...meta('', 'istio-sidecar-injector'), labels: { 'istio.io/rev': 'default' } };
    return [{ metadata, webhooks: [entry] } as Named, ...put];
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#folder, { recursive: true });
    await super[Symbol.asyncDispose]();
  }
}

/** Whether a selector of equal labels selects an object. */
const selects = (selector: string, { metadata: { labels = {} } }: Named): boolean =>
  selector
    .split(',')
    .filter(Boolean)
    .every((word) => labels[word.split('=')[0] ?? ''] === word.split('=')[1]);

async function inject(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { request: asked } = (await bodyOf(request)) as { request: { uid: string } };
  const patch = Buffer.from(JSON.stringify(SIDECAR)).toString('base64');
  const answer = { uid: asked.uid, allowed: true, patchType: 'JSONPatch', patch };
  json(response, 200, { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer });
}
