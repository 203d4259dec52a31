import { fits, type Shape } from '../fieldTypes.ts';
import type { Lease } from '../leader/lease.ts';
import { pauseStateOf } from '../leader/pauseState.ts';
import { LEASE_ANNOTATION, LEASE_NAME, PRODUCT } from '../names.ts';
import type { LeaderFacts } from '../status/clusterStatus.ts';
import type { StatusDocument } from '../status/statusDocument.ts';
import { readStatus } from '../status/statusText.ts';
import type { FoundLease } from './leases.ts';

/** What the Lease alone says. */
export interface LeaseStatus {
  readonly home: string;
  readonly paused?: string;
  readonly leader: LeaderFacts;
  readonly document: StatusDocument;
}

const LEASE: Shape = {
  metadata: { name: 'string', namespace: 'string', annotations: 'labels' },
  spec: { holderIdentity: 'string', renewTime: 'string', leaseDurationSeconds: 'number' },
};

/** How far the clocks of a leader and of a reader may differ, in milliseconds. */
const SKEW = 15_000;
/** Without an election nothing is renewed, but an evaluation is made every minute at least. */
const LONGEST_SILENCE = 150_000;

/** The parts of a Lease that a status rests on; undefined if the API server would not send it so. */
export const foundLease = (lease: Lease): FoundLease | undefined =>
  fits(lease, LEASE)
    ? {
        namespace: lease.metadata?.namespace ?? '',
        annotations: lease.metadata?.annotations ?? {},
        ...(lease.spec && { spec: lease.spec }),
      }
    : undefined;

/**
 * What a Lease says, or why it says nothing.
 * @param now wall clock, milliseconds
 * @param seenAt when this process last saw the Lease change, if it watches: then no clocks are compared
 * @param known the document on it, if it was read before
 */
export function leaseStatus(
  { namespace: home, annotations, spec = {} }: FoundLease,
  now: number,
  seenAt?: number,
  known?: StatusDocument,
): LeaseStatus | { readonly error: string } {
  const text = annotations[LEASE_ANNOTATION.status];
  const where = `Lease ${home}/${LEASE_NAME}`;
  const { holderIdentity: holder = '', renewTime, leaseDurationSeconds = 15 } = spec;
  if (text === undefined)
    return {
      error: `${where} has no status: ${holder === '' ? `no ${PRODUCT} leads` : `${holder} has not finished its first scan`}, or it is an older version`,
    };
  const document = known ?? readStatus(text);
  if ('unreadable' in document) return { error: `the status on ${where} cannot be read: ${document.unreadable}` };
  const elected = holder !== '';
  const last = Date.parse((elected ? renewTime : undefined) ?? document.at);
  const allowed = elected ? leaseDurationSeconds * 1000 + SKEW : LONGEST_SILENCE;
  const isRecent = now - last < allowed || (seenAt !== undefined && now - seenAt < allowed);
  // whoever gives the Lease back leaves its time there; without an election, what is published later is newer
  const released = !elected && renewTime !== undefined && Date.parse(renewTime) >= Date.parse(document.at);
  const { paused } = pauseStateOf(annotations);
  return {
    home,
    ...(paused !== undefined && { paused }),
    leader: { holder, ...(renewTime !== undefined && { renewedAt: renewTime }), isAlive: isRecent && !released },
    document,
  };
}
