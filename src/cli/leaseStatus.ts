import { fits, type Shape } from '../fieldTypes.ts';
import type { Lease } from '../leader/lease.ts';
import { pauseStateOf } from '../leader/pauseState.ts';
import { LEASE_ANNOTATION, LEASE_NAME, PRODUCT } from '../names.ts';
import type { LeaderFacts, NoStatus } from '../status/clusterStatus.ts';
import type { StatusDocument } from '../status/statusDocument.ts';
import { readStatus } from '../status/statusText.ts';
import type { FoundLease } from './leases.ts';

/** What the Lease says of its leader and of users. */
export interface LeaseFacts {
  readonly home: string;
  readonly paused?: string;
  readonly leader: LeaderFacts;
}

/** What the Lease alone says. */
export interface LeaseStatus extends LeaseFacts {
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
  lease: FoundLease,
  now: number,
  seenAt?: number,
  known?: StatusDocument,
): LeaseStatus | NoStatus {
  const { namespace, annotations, spec = {} } = lease;
  const text = annotations[LEASE_ANNOTATION.status];
  const where = `Lease ${namespace}/${LEASE_NAME}`;
  if (text === '') return { error: `${where} has no room for a status beside its other annotations` };
  if (text === undefined) {
    const { holderIdentity: holder } = spec;
    const why = holder ? `${holder} has not finished its first scan` : `no ${PRODUCT} leads`;
    return { error: `${where} has no status: ${why}, or its version is too old to publish one`, isComing: true };
  }
  const document = known ?? readStatus(text);
  if ('unreadable' in document) return { error: `the status on ${where} cannot be read: ${document.unreadable}` };
  return { ...leaseFacts(lease, now, seenAt, document.at), document };
}

/**
 * Who leads, and whether it lives.
 * @param at when the last status was made, if there is one; without an election nothing else tells
 */
export function leaseFacts(
  { namespace: home, annotations, spec = {} }: FoundLease,
  now: number,
  seenAt?: number,
  at?: string,
): LeaseFacts {
  const { holderIdentity: holder = '', renewTime, leaseDurationSeconds = 15 } = spec;
  const elected = holder !== '';
  const last = Date.parse((elected ? renewTime : at) ?? '');
  const allowed = elected ? leaseDurationSeconds * 1000 + SKEW : LONGEST_SILENCE;
  const isRecent = now - last < allowed || (seenAt !== undefined && now - seenAt < allowed);
  // whoever gives the Lease back leaves its time there; without an election, what is published later is newer
  const released = !elected && renewTime !== undefined && !(Date.parse(renewTime) < last);
  const { paused } = pauseStateOf(annotations);
  return {
    home,
    ...(paused !== undefined && { paused }),
    leader: { holder, ...(renewTime !== undefined && { renewedAt: renewTime }), isAlive: isRecent && !released },
  };
}
