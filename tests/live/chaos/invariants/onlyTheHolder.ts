import { arrival, type Breach, type Invariant, type UserWrite } from '../history.ts';
import { isAccepted, isOfWorkload } from '../restarts.ts';

/** What was sent in time may arrive late: its way may be slow, and the API server may have stood still. */
const ON_ITS_WAY = 4000;

const holderIn = ({ body }: UserWrite): string =>
  (body as { spec?: { holderIdentity?: string } } | undefined)?.spec?.holderIdentity ?? '';

/** Who holds the Lease is who has last written himself into it. Nobody else asks for a write of a workload, granted or not. */
export const onlyTheHolder: Invariant = {
  name: 'nothing is written by a replica that does not hold the Lease',
  breaches: ({ writes, operators }) => {
    let lease: UserWrite | undefined;
    const breaches: Breach[] = [];
    for (const write of writes.filter(({ user }) => operators.includes(user))) {
      if (write.resource === 'leases' && isAccepted(write) && holderIn(write)) lease = write;
      if (!isOfWorkload(write)) continue;
      if (!lease) breaches.push({ what: `${write.user} wrote without a Lease`, lines: [write] });
      else if (lease.user !== write.user && arrival(write) - takenAt(lease, writes) > ON_ITS_WAY)
        breaches.push({ what: `${write.user} wrote while ${lease.user} held the Lease`, lines: [lease, write] });
    }
    return breaches;
  },
};

/** When the holder's term began: its first write of the Lease after the last one of somebody else. */
function takenAt(lease: UserWrite, writes: readonly UserWrite[]): number {
  let first = lease;
  for (const write of writes.slice(0, writes.indexOf(lease)).reverse()) {
    if (write.resource !== 'leases' || !isAccepted(write) || !holderIn(write)) continue;
    if (write.user !== lease.user) break;
    first = write;
  }
  return first.time;
}
