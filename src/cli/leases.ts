import type { Api } from '../cluster/api.ts';
import { isForbidden } from '../cluster/apiError.ts';
import { wholeList } from '../cluster/list.ts';
import { resourcePath } from '../cluster/resources.ts';
import { annotationsOf, type Lease, LeaseObject, type LeaseSpec } from '../leader/lease.ts';
import { messageOf } from '../messageOf.ts';
import type { Labels } from '../model.ts';
import { LEASE_NAME, PRODUCT } from '../names.ts';

/** Milliseconds for one read of a Lease. */
const TIMEOUT = 10_000;

/** All Leases of Meltemi in the cluster. @throws {ApiError} if it may not list them */
export const leases = (client: Api, signal: AbortSignal): Promise<Lease[]> =>
  wholeList<Lease>(client, { path: resourcePath('leases'), fieldSelector: `metadata.name=${LEASE_NAME}`, signal });

/** Where Meltemi's Lease is, with the annotations that users and the leader have written on it. */
export interface FoundLease {
  readonly namespace: string;
  readonly annotations: Labels;
  readonly spec?: LeaseSpec;
}

/** Meltemi's Lease; or that the cluster certainly has none, so Meltemi never ran there; or why this is unknown. */
export type LeaseLookup =
  | { readonly kind: 'found'; readonly lease: FoundLease }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Looks for Meltemi's Lease in the whole cluster or, without permission for that, in the likely namespaces.
 * It never throws: the result says what could not be read.
 * @param likely namespaces in which Meltemi may run, the likeliest first; `meltemi`, where the documentation has it, comes after them
 */
export async function findLease(client: Api, likely: readonly string[], signal: AbortSignal): Promise<LeaseLookup> {
  const namespaces = [...new Set([...likely.filter(Boolean), PRODUCT])];
  try {
    return chosenOf(await leases(client, signal), namespaces);
  } catch (error) {
    return isForbidden(error) ? oneByOne(client, namespaces, signal) : { kind: 'unknown', why: messageOf(error) };
  }
}

/** Of several Leases, the one in the likeliest namespace. Any user can create a Lease with this name in a namespace of their own. */
function chosenOf(all: readonly Lease[], namespaces: readonly string[]): LeaseLookup {
  if (all.length === 0) return { kind: 'none' };
  const likeliest = namespaces.flatMap((name) => all.find(({ metadata }) => metadata?.namespace === name) ?? [])[0];
  const chosen = likeliest ?? (all.length === 1 ? all[0] : undefined);
  if (chosen) return found(chosen.metadata?.namespace ?? '', chosen);
  const homes = all.map(({ metadata }) => metadata?.namespace).sort();
  const why = `there is a Lease ${LEASE_NAME} in each of ${homes.join(', ')}; use a context whose namespace has the right one`;
  return { kind: 'unknown', why };
}

async function oneByOne(client: Api, namespaces: readonly string[], signal: AbortSignal): Promise<LeaseLookup> {
  const unread: string[] = [];
  const empty: string[] = [];
  for (const namespace of namespaces) {
    try {
      const lease = await new LeaseObject(client, namespace).read({ timeoutMs: TIMEOUT, signal });
      if (lease) return found(namespace, lease);
      empty.push(namespace);
    } catch (error) {
      unread.push(isForbidden(error) ? namespace : `${namespace} (${messageOf(error)})`);
    }
  }
  const right = 'missing right: list leases.coordination.k8s.io in the whole cluster';
  return {
    kind: 'unknown',
    why: [
      unread.length > 0 ? `${right}, or get them in namespace ${unread.join(' or ')}` : right,
      empty.length > 0 ? `there is no Lease ${LEASE_NAME} in namespace ${empty.join(', ')}` : '',
    ]
      .filter(Boolean)
      .join('; '),
  };
}

const found = (namespace: string, lease: Lease): LeaseLookup => ({
  kind: 'found',
  lease: { namespace, annotations: annotationsOf(lease), ...(lease.spec && { spec: lease.spec }) },
});
