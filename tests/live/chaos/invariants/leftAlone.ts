import { arrival, type Invariant, policiesAt, type UserWrite } from '../history.ts';
import { isAccepted, isOfWorkload, restartsOf } from '../restarts.ts';

/** What is opted out is never written, not even its record. */
export const leftAlone: Invariant = {
  name: 'nothing is written on what is opted out',
  breaches: ({ writes, operators, optedOut }) =>
    writes
      .filter((write) => operators.includes(write.user) && isOfWorkload(write) && optedOut.includes(write.namespace))
      .map((write) => ({ what: `${write.namespace}/${write.name} is opted out and was written`, lines: [write] })),
};

/** While the policy says paused or frozen, nothing begins. While it says paused, no further pod is evicted. */
export const closedTimes: Invariant = {
  name: 'nothing begins while the policy is paused or frozen',
  breaches: (history) => {
    const evictions = history.writes.filter(
      (write) => history.operators.includes(write.user) && write.subresource === 'eviction' && isAccepted(write),
    );
    const closed = (write: UserWrite) => policiesAt(history, arrival(write)).map((policy) => policy.closed);
    const wrong = [
      ...restartsOf(history).flatMap(({ write }) => (closed(write).every(Boolean) ? write : [])),
      ...evictions.filter((write) => closed(write).every((how) => how === 'paused')),
    ];
    return wrong.map((write) => ({
      what: `${write.namespace}/${write.name} was written in a closed time`,
      lines: [write],
    }));
  },
};
