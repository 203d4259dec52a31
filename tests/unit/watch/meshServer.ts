import type { ServerResponse } from 'node:http';
import { KubeClient } from '../../../src/cluster/client.ts';
import { ApiServer, configFor, json, status } from '../cluster/apiServer.ts';

/** An API object as a test writes it. */
export interface Written {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly [field: string]: unknown;
}

interface Told {
  readonly version: number;
  readonly resource: string;
  readonly type: string;
  readonly object: Written;
}

interface Watching {
  readonly response: ServerResponse;
  readonly wants: (object: Written) => boolean;
}

/** An API server that lists and watches what a test puts there, by collection, namespace and name. */
export class MeshServer implements AsyncDisposable {
  readonly #server: ApiServer;
  readonly #objects = new Map<string, Map<string, Written>>();
  readonly #watching = new Map<string, Set<Watching>>();
  /** A watch begins after its list, so it is told what happened between them. */
  readonly #log: Told[] = [];
  #version = 1;
  /** Paths that were listed. */
  readonly listed: string[] = [];
  /** Whether a list of this path is refused. */
  forbids: (path: string) => boolean = () => false;

  constructor() {
    this.#server = new ApiServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://x');
      this.#answer(pathname, searchParams, response);
    });
  }

  static async listen(): Promise<MeshServer> {
    const server = new MeshServer();
    await server.#server.listen();
    return server;
  }

  client(): KubeClient {
    return new KubeClient({ config: configFor(this.#server.url), userAgent: 'test' });
  }

  /** Writes an object, which makes or changes it. */
  put(resource: string, object: Written): void {
    const objects = this.#objects.get(resource) ?? new Map<string, Written>();
    this.#objects.set(resource, objects);
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    const type = objects.has(key) ? 'MODIFIED' : 'ADDED';
    const uid = `${resource}/${key}`;
    const written = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(++this.#version) } };
    objects.set(key, written);
    this.#tell(resource, type, written);
  }

  remove(resource: string, namespace: string, name: string): void {
    const objects = this.#objects.get(resource);
    const object = objects?.get(`${namespace}/${name}`);
    if (!object) throw new Error(`there is no ${resource} ${namespace}/${name}`);
    objects?.delete(`${namespace}/${name}`);
    this.#version += 1;
    this.#tell(resource, 'DELETED', object);
  }

  #tell(resource: string, type: string, object: Written): void {
    this.#log.push({ version: this.#version, resource, type, object });
    for (const { response, wants } of this.#watching.get(resource) ?? [])
      if (wants(object)) response.write(`${JSON.stringify({ type, object })}\n`);
  }

  #replay(resource: string, from: number, { response, wants }: Watching): void {
    for (const { version, resource: of, type, object } of this.#log)
      if (version > from && of === resource && wants(object)) response.write(`${JSON.stringify({ type, object })}\n`);
  }

  #answer(path: string, query: URLSearchParams, response: ServerResponse): void {
    const [, namespace, resource = ''] = /(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path) ?? [];
    if (this.forbids(path)) {
      json(response, 403, status(403, 'Forbidden', `${path} is forbidden`));
      return;
    }
    const name = query.get('fieldSelector')?.replace('metadata.name=', '');
    const wants = ({ metadata }: Written): boolean =>
      (namespace === undefined || metadata.namespace === namespace) && (name === undefined || metadata.name === name);
    if (query.get('watch')) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.flushHeaders();
      const watching = this.#watching.get(resource) ?? new Set();
      this.#watching.set(resource, watching.add({ response, wants }));
      this.#replay(resource, Number(query.get('resourceVersion')), { response, wants });
      return;
    }
    this.listed.push(path);
    const items = [...(this.#objects.get(resource)?.values() ?? [])].filter(wants);
    json(response, 200, { items, metadata: { resourceVersion: String(this.#version) } });
  }

  /** How many watches of a collection are open. */
  watches(resource: string): number {
    return this.#watching.get(resource)?.size ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}

const RULES = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
const SELECTOR = { matchLabels: { 'istio-injection': 'enabled' } };

/** A webhook configuration with one entry of Istio's; `revision` is its label, and without it there is none. */
export const webhook = (clientConfig: object, metadata: Partial<Written['metadata']> = {}): Written => ({
  metadata: { name: 'istio-sidecar-injector', ...metadata },
  webhooks: [{ name: 'namespace.sidecar-injector.istio.io', namespaceSelector: SELECTOR, rules: RULES, clientConfig }],
});

export const byService = (name = 'istiod', namespace = 'istio-system') => ({
  service: { name, namespace, path: '/inject', port: 443 },
});

export const service = (name: string, spec: object, namespace = 'istio-system'): Written => ({
  metadata: { name, namespace },
  spec,
});

interface DeploymentGiven {
  readonly namespace?: string;
  readonly revision?: string;
  readonly image?: string;
  readonly generation?: number;
  readonly ready?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly env?: readonly object[];
}

/** A complete istiod of one replica. */
export function deployment(name: string, given: DeploymentGiven = {}): Written {
  const { namespace = 'istio-system', revision = 'default', image = 'docker.io/istio/pilot:1.31.0' } = given;
  const { generation = 1, ready = 1, env = [] } = given;
  const labels = { app: 'istiod', 'istio.io/rev': revision };
  return {
    metadata: { name, namespace, generation, labels: given.labels ?? labels },
    spec: {
      replicas: 1,
      template: {
        metadata: { labels: given.podLabels ?? labels },
        spec: { containers: [{ name: 'discovery', image, env }] },
      },
    },
    status: {
      observedGeneration: generation,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: ready,
      availableReplicas: ready,
    },
  };
}

export const namespace = (name: string, labels: Readonly<Record<string, string>> = {}): Written => ({
  metadata: { name, labels },
});

export const configMap = (name: string, data: object, inNamespace = 'istio-system'): Written => ({
  metadata: { name, namespace: inNamespace },
  data,
});

export const proxyConfig = (inNamespace: string, imageType: string): Written => ({
  metadata: { name: 'image', namespace: inNamespace },
  spec: { image: { imageType } },
});
