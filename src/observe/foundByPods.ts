import { isForbidden } from '../cluster/apiError.ts';
import { ConcurrencyLimit } from '../expect/concurrencyLimit.ts';
import { findKind } from '../kinds/kinds.ts';
import { messageOf } from '../messageOf.ts';
import type { WorkloadKind, WorkloadRef } from '../model.ts';
import type { Observed } from './observed.ts';

/** Workloads of kinds that are not listed that one scan looks at. The others stay only listed. */
const FOUND = 500;
const AT_ONCE = 4;

/**
 * Looks at the owners of pods that are of a kind that is not listed and can be restarted. What may not be read, or belongs to an owner that
 * cannot be read, stays only listed. What cannot be read for another reason is kept as unread, so that its wave waits for it.
 * @param kinds the kinds that the policy does not switch off
 * @param observe looks at one workload
 */
export function lookAtFound(
  unsupported: readonly Observed[],
  kinds: ReadonlySet<WorkloadKind>,
  observe: (ref: WorkloadRef) => Promise<Observed | undefined>,
): Promise<Observed[]> {
  const turns = new ConcurrencyLimit(AT_ONCE);
  let left = FOUND;
  return Promise.all(
    unsupported.map((one) => {
      const { kind } = one.workload;
      if (!kinds.has(kind) || !findKind(kind)?.foundByPods || left <= 0) return one;
      left -= 1;
      return turns.take(async () => {
        const found = await observe(one.workload).catch((error: unknown) =>
          isForbidden(error) ? undefined : unread(one, error),
        );
        return found && !found.workload.owner ? found : one;
      });
    }),
  );
}

function unread(one: Observed, error: unknown): Observed {
  const { unsupported: _, ...workload } = one.workload;
  return { ...one, workload, unread: messageOf(error) };
}
