import type { ApiRequest } from './client.ts';

/**
 * Who goes first when requests wait for a connection, the most important first.
 * - `lease`: reads and writes of the Lease; they have connections of their own
 * - `write`: patches, and every other change
 * - `follow`: reads of single objects, and those that follow a restart
 * - `scan`: lists
 * - `event`: Events, which are a courtesy
 */
export const PRIORITIES = ['lease', 'write', 'follow', 'scan', 'event'] as const;
export type Priority = (typeof PRIORITIES)[number];

/** One Lease, or the collection that a new one is posted to; a list of Leases is a list like any other. */
const LEASE = /^\/apis\/coordination\.k8s\.io\/[^/]+\/namespaces\/[^/]+\/leases(\/|$)/;
const EVENTS = /\/events$/;
/** Reviews of a client's token and permission (TokenReview, SubjectAccessReview). They change nothing. */
const REVIEWS = /^\/apis\/(authentication|authorization)\.k8s\.io\/[^/]+\/\w+reviews$/;

/** The priority of a call that does not say its own. */
export function priorityOf({ method, path, query }: Pick<ApiRequest, 'method' | 'path' | 'query'>): Priority {
  if (method === 'GET' && query?.limit !== undefined) return 'scan';
  if (LEASE.test(path)) return 'lease';
  if (method === 'GET') return 'follow';
  if (method !== 'POST') return 'write';
  if (EVENTS.test(path)) return 'event';
  return REVIEWS.test(path) ? 'scan' : 'write';
}
