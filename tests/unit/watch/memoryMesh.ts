import type { ApiRequest, StreamRequest } from '../../../src/cluster/api.ts';
import { statusError } from '../../../src/cluster/apiError.ts';
import type { KubeClient } from '../../../src/cluster/client.ts';
import { FakeWatch } from '../cluster/fakeApi.ts';
import type { Written } from './meshObjects.ts';

/** An object as the API server gives it out. */
type Stored = Written & {
  readonly metadata: { readonly uid: string; readonly resourceVersion: string };
};

interface Watching {
  readonly watch: FakeWatch;
  readonly resource: string;
  readonly wants: (object: Written) => boolean;
}

/** An API server without a network: what a test puts there is listed, and told to watches at once. Every answer is a copy. */
export class MemoryMesh {
  readonly #objects = new Map<string, Map<string, Stored>>();
  readonly #watching = new Set<Watching>();
  #version = 0;
  /** Paths that were listed. */
  readonly listed: string[] = [];
  /** Whether a list of this path is refused. */
  forbids: (path: string) => boolean = () => false;

  /** This API as a client: `MeshWatch` only lists and watches. */
  client(): KubeClient {
    const api = {
      request: async (request: ApiRequest) => this.#list(request),
      stream: (request: StreamRequest) => Promise.resolve(this.#watch(request)),
    };
    return api as unknown as KubeClient;
  }

  put(resource: string, object: Written): void {
    const objects = this.#objects.get(resource) ?? new Map<string, Stored>();
    this.#objects.set(resource, objects);
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    const type = objects.has(key) ? 'MODIFIED' : 'ADDED';
    const metadata = { ...object.metadata, uid: `${resource}/${key}`, resourceVersion: String(++this.#version) };
    const stored = { ...object, metadata };
    objects.set(key, stored);
    this.#tell(resource, type, stored);
  }

  get(resource: string, namespace: string | undefined, name: string): Written | undefined {
    return this.#objects.get(resource)?.get(`${namespace}/${name}`);
  }

  remove(resource: string, namespace: string | undefined, name: string): void {
    const objects = this.#objects.get(resource);
    const object = objects?.get(`${namespace}/${name}`);
    if (!object) throw new Error(`there is no ${resource} ${namespace}/${name}`);
    objects?.delete(`${namespace}/${name}`);
    this.#version += 1;
    this.#tell(resource, 'DELETED', object);
  }

  #tell(resource: string, type: string, object: Stored): void {
    for (const one of this.#watching) if (one.resource === resource && one.wants(object)) one.watch.send(type, object);
  }

  #list({ path, query }: ApiRequest): unknown {
    if (this.forbids(path)) {
      const message = `${path} is forbidden`;
      throw statusError({ method: 'GET', path }, { code: 403, reason: 'Forbidden', message });
    }
    this.listed.push(path);
    const { resource, wants } = wanted(path, query);
    const items = [...(this.#objects.get(resource)?.values() ?? [])].filter(wants);
    return structuredClone({ items, metadata: { resourceVersion: String(this.#version) } });
  }

  #watch(request: StreamRequest): FakeWatch {
    const watch = new FakeWatch(request);
    const one = { watch, ...wanted(request.path, request.query) };
    this.#watching.add(one);
    request.signal.addEventListener('abort', () => this.#watching.delete(one));
    return watch;
  }
}

function wanted(path: string, query: ApiRequest['query'] = {}) {
  const [, namespace, resource = ''] = /(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path) ?? [];
  const name = String(query.fieldSelector ?? '').replace('metadata.name=', '');
  const wants = ({ metadata }: Written): boolean =>
    (namespace === undefined || metadata.namespace === namespace) && (name === '' || metadata.name === name);
  return { resource, wants };
}
