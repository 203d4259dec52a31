import { type ApiResource, apiVersionOf } from '../kinds/apiResource.ts';

const CORE = '/api/v1';

/** Resources that are read or written besides workloads and their intermediate objects, by plural name. */
const RESOURCES = {
  configmaps: { base: CORE, namespaced: true },
  events: { base: CORE, namespaced: true },
  namespaces: { base: CORE, namespaced: false },
  pods: { base: CORE, namespaced: true },
  serviceaccounts: { base: CORE, namespaced: true },
  services: { base: CORE, namespaced: true },
  nodes: { base: CORE, namespaced: false },
  poddisruptionbudgets: { base: '/apis/policy/v1', namespaced: true },
  leases: { base: '/apis/coordination.k8s.io/v1', namespaced: true },
  mutatingwebhookconfigurations: { base: '/apis/admissionregistration.k8s.io/v1', namespaced: false },
  tokenreviews: { base: '/apis/authentication.k8s.io/v1', namespaced: false },
  subjectaccessreviews: { base: '/apis/authorization.k8s.io/v1', namespaced: false },
  proxyconfigs: { base: '/apis/networking.istio.io/v1beta1', namespaced: true },
  canaries: { base: '/apis/flagger.app/v1beta1', namespaced: true },
} as const;

/** Flagger's Canaries, which are not served where there is no Flagger. */
export const CANARIES: ApiResource = { group: 'flagger.app', version: 'v1beta1', resource: 'canaries' };

export type Resource = keyof typeof RESOURCES;

/**
 * The API path of a kind in the whole cluster or in a namespace, or of one object.
 * @throws RangeError for an object of a namespaced kind without its namespace, or for a namespace given to a cluster-wide kind
 */
export function resourcePath(of: Resource | ApiResource, namespace?: string, name?: string): string {
  const { base, resource, namespaced } = servedAt(of);
  if (namespace !== undefined && !namespaced) throw new RangeError(`${resource} have no namespace`);
  if (name !== undefined && namespaced && namespace === undefined)
    throw new RangeError(`${resource}/${name} needs a namespace`);
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${base}${scope}/${resource}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

/** An owner kind states where it is served. All owner kinds are namespaced. */
const servedAt = (of: Resource | ApiResource) =>
  typeof of === 'string'
    ? { ...RESOURCES[of], resource: of }
    : { base: `${of.group === '' ? '/api' : '/apis'}/${apiVersionOf(of)}`, resource: of.resource, namespaced: true };

/** Describes the permission that a call to a collection's path needs: `list pods in namespace shop`. */
export function rightFor(verb: string, path: string): string {
  const [, namespace, resource = ''] = /(?:\/namespaces\/([^/]+))?\/([^/]+)$/.exec(path) ?? [];
  const group = /^\/apis\/([^/]+)/.exec(path)?.[1];
  return `${verb} ${resource}${group ? `.${group}` : ''}${namespace ? ` in namespace ${decodeURIComponent(namespace)}` : ''}`;
}

/** The API group of a kind; empty for the core group. */
export const groupOf = (resource: Resource): string => /^\/apis\/([^/]+)/.exec(RESOURCES[resource].base)?.[1] ?? '';
