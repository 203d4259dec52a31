/**
 * The priorities of requests that wait for a connection, the most important first.
 * - `lease`: reads and writes of the Lease, which have their own connections
 * - `write`: patches and all other changes
 * - `follow`: reads of single objects, and reads that follow a restart
 * - `scan`: lists
 * - `event`: Events, which are best effort
 */
export const PRIORITIES = ['lease', 'write', 'follow', 'scan', 'event'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** One Lease, or the collection that a new Lease is posted to. A list of Leases is an ordinary list. */
const LEASE = /^\/apis\/coordination\.k8s\.io\/[^/]+\/namespaces\/[^/]+\/leases(\/|$)/;
const EVENTS = /\/events$/;
/** Reviews of a client's token and permission (TokenReview, SubjectAccessReview). They change nothing. */
const REVIEWS = /^\/apis\/(authentication|authorization)\.k8s\.io\/[^/]+\/\w+reviews$/;

/** What of a request decides its priority. */
interface Call {
  readonly method: string;
  readonly path: string;
  readonly query?: { readonly limit?: unknown } | undefined;
}

/** The default priority of a call. */
export function priorityOf({ method, path, query }: Call): Priority {
  if (method === 'GET' && query?.limit !== undefined) return 'scan';
  if (LEASE.test(path)) return 'lease';
  if (method === 'GET') return 'follow';
  if (method !== 'POST') return 'write';
  if (EVENTS.test(path)) return 'event';
  return REVIEWS.test(path) ? 'scan' : 'write';
}
