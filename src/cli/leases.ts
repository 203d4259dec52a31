import type { KubeClient } from '../cluster/client.ts';
import { annotationsOf, type Lease } from '../cluster/lease.ts';
import { wholeList } from '../cluster/list.ts';
import { resourcePath } from '../cluster/resources.ts';
import { type Standing, standingOf } from '../cluster/standing.ts';
import { LEASE_ANNOTATION, LEASE_NAME } from '../names.ts';

/** The Leases of Meltemi that there are in the cluster. @throws {ApiError} where they may not be listed */
export const leases = (client: KubeClient, signal: AbortSignal): Promise<Lease[]> =>
  wholeList<Lease>(client, { path: resourcePath('leases'), fieldSelector: `metadata.name=${LEASE_NAME}`, signal });

/**
 * What people have told the Meltemi of this cluster: the one in the given namespace, or else the only one there is. Nothing, where it
 * cannot be told which or what.
 */
export async function leaseIn(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<{ standing: Standing; journalText?: string }> {
  try {
    const all = await leases(client, signal);
    const here =
      all.find(({ metadata }) => metadata?.namespace === namespace) ?? (all.length === 1 ? all[0] : undefined);
    const journalText = annotationsOf(here)[LEASE_ANNOTATION.journal];
    return { standing: standingOf(annotationsOf(here)), ...(journalText !== undefined && { journalText }) };
  } catch {
    return { standing: {} };
  }
}
