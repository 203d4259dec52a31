import { fits, type Shape } from '../fieldTypes.ts';
import { type ApiResource, apiVersionOf } from '../kinds/apiResource.ts';
import { readAt } from '../kinds/unsupportedKinds.ts';
import type { PodOwner } from '../model.ts';
import type { Api } from './api.ts';
import { isNotFound } from './apiError.ts';
import type { OwnerFacts } from './cluster.ts';
import { METADATA_ONLY } from './list.ts';
import { resourcePath } from './resources.ts';

interface RawOwned {
  readonly metadata?: {
    readonly uid?: string;
    readonly ownerReferences?: readonly {
      readonly apiVersion?: string;
      readonly kind?: string;
      readonly name?: string;
      readonly uid?: string;
      readonly controller?: boolean;
    }[];
  };
  readonly spec?: { readonly activeDeadlineSeconds?: number };
  readonly status?: { readonly startTime?: string };
}

const OWNED: Shape = {
  metadata: {
    uid: 'string',
    ownerReferences: [{ apiVersion: 'string', kind: 'string', name: 'string', uid: 'string', controller: 'boolean' }],
  },
};
const DEADLINE: Shape = { spec: { activeDeadlineSeconds: 'number' }, status: { startTime: 'string' } };

/** APIResourceList (apimachinery pkg/apis/meta/v1/types.go) */
interface RawResources {
  readonly resources?: readonly { readonly kind?: string; readonly name?: string; readonly namespaced?: boolean }[];
}

const RESOURCES: Shape = { resources: [{ kind: 'string', name: 'string', namespaced: 'boolean' }] };

interface Served extends ApiResource {
  readonly namespaced: boolean;
}

type Kinds = ReadonlyMap<string, Served>;

/** A group and a version (apiextensions validation). Anything else cannot be part of a path. */
const GROUP_VERSION = /^[a-z0-9][a-z0-9.-]{0,252}\/[a-z0-9]{1,63}$/;

/** Reads the owners of pods, of which only their own owners are of interest. Of custom resources only the metadata is read. */
export class OwnerReader {
  readonly #api: Pick<Api, 'request'>;
  /** What each version of a group serves, as it was asked last. */
  readonly #served = new Map<string, Promise<Kinds>>();

  constructor(api: Pick<Api, 'request'>) {
    this.#api = api;
  }

  /**
   * @returns undefined if the object is gone or is another one, or if its kind is not served
   * @throws {ApiError}
   */
  async read(namespace: string, owner: PodOwner, signal?: AbortSignal): Promise<OwnerFacts | undefined> {
    const place = await this.#placeOf(owner, signal);
    if (!place) return undefined;
    const raw = await this.#find(pathOf(place, namespace, owner.name), place.isWhole, signal);
    return raw && raw.metadata?.uid === owner.uid ? factsOf(raw) : undefined;
  }

  async #placeOf(owner: PodOwner, signal?: AbortSignal): Promise<(Served & { isWhole: boolean }) | undefined> {
    const { apiVersion = '', kind } = owner;
    const known = readAt({ apiVersion, kind });
    if (known !== 'discover') return known && { ...known, namespaced: true, isWhole: true };
    if (!GROUP_VERSION.test(apiVersion)) return undefined;
    const place = (await this.#kinds(apiVersion, signal)).get(kind);
    // it may be served later
    if (!place) this.#served.delete(apiVersion);
    return place && { ...place, isWhole: false };
  }

  /** Owners of one API share the question which kinds it serves. */
  #kinds(apiVersion: string, signal?: AbortSignal): Promise<Kinds> {
    const known = this.#served.get(apiVersion);
    if (known) return known;
    const asked = this.#discover(apiVersion, signal);
    this.#served.set(apiVersion, asked);
    asked.catch(() => this.#served.delete(apiVersion));
    return asked;
  }

  async #discover(apiVersion: string, signal?: AbortSignal): Promise<Kinds> {
    const [group = '', version = ''] = apiVersion.split('/');
    const path = `/apis/${apiVersion}`;
    const raw = await this.#get<RawResources>(path, 'application/json', signal);
    if (!raw || !fits(raw, RESOURCES)) return new Map();
    return new Map(
      (raw.resources ?? []).flatMap(({ kind, name, namespaced = false }) =>
        // a subresource has a slash in its name, and the kind of its parent
        kind && name && !name.includes('/') ? [[kind, { group, version, resource: name, namespaced }] as const] : [],
      ),
    );
  }

  async #find(path: string, isWhole: boolean, signal?: AbortSignal): Promise<RawOwned | undefined> {
    const raw = await this.#get<RawOwned>(path, isWhole ? 'application/json' : METADATA_ONLY.watch, signal);
    return raw && fits(raw, OWNED) ? raw : undefined;
  }

  async #get<T>(path: string, accept: string, signal?: AbortSignal): Promise<T | undefined> {
    try {
      const common = { method: 'GET', path, accept, priority: 'scan' } as const;
      return await this.#api.request<T>({ ...common, ...(signal && { signal }) });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}

function pathOf(place: Served, namespace: string, name: string): string {
  if (place.namespaced) return resourcePath(place, namespace, name);
  return `/apis/${apiVersionOf(place)}/${place.resource}/${encodeURIComponent(name)}`;
}

function factsOf(raw: RawOwned): OwnerFacts {
  const controller = raw.metadata?.ownerReferences?.find((reference) => reference.controller);
  const { apiVersion = '', kind = '', name = '', uid = '' } = controller ?? {};
  const endsAt = fits(raw, DEADLINE) ? endOf(raw) : undefined;
  return { ...(controller && { owner: { apiVersion, kind, name, uid } }), ...(endsAt !== undefined && { endsAt }) };
}

/** kubernetes pkg/controller/job/job_controller.go pastActiveDeadline */
function endOf({ spec, status }: RawOwned): number | undefined {
  const started = Date.parse(status?.startTime ?? '');
  const end = started + (spec?.activeDeadlineSeconds ?? Number.NaN) * 1000;
  return Number.isFinite(end) ? end : undefined;
}
