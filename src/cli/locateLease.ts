import { LEASE_NAME, PRODUCT } from '../names.ts';
import type { Connection } from './connect.ts';
import { type FoundLease, findLease } from './leases.ts';

/** How long a cluster may take to answer, in milliseconds. */
export const PATIENCE = 15_000;

/** Finds the Lease. @throws {Error} saying what to do, if there is none */
export async function locateLease({ client, namespace }: Connection, signal: AbortSignal): Promise<FoundLease> {
  const late = AbortSignal.timeout(PATIENCE);
  const lookup = await findLease(client, [namespace], AbortSignal.any([late, signal]));
  if (late.aborted && !signal.aborted) throw new Error(`no answer from ${client.origin} within ${PATIENCE / 1000} s`);
  if (lookup.kind === 'found') return lookup.lease;
  if (lookup.kind === 'unknown') throw new Error(`cannot read the Lease of ${PRODUCT}: ${lookup.why}`);
  throw new Error(
    `this cluster has no Lease ${LEASE_NAME}, so ${PRODUCT} never ran here; it creates it at its start. ` +
      'Is this the right cluster (--context)?',
  );
}
