import { arrival, type Breach, type Invariant, type UserWrite } from '../history.ts';
import { isAccepted, restartsOf } from '../restarts.ts';

interface Eviction {
  readonly deleteOptions?: { readonly preconditions?: { readonly uid?: string } };
}

/** No pod is evicted twice, and no pod that has just taken the place of an evicted one, within one restart. */
export const evictedOnce: Invariant = {
  name: 'no pod is evicted twice for one restart',
  breaches: (history) => {
    const last = new Map<string, UserWrite>();
    const restarts = restartsOf(history);
    const breaches: Breach[] = [];
    const evictions = history.writes.filter(
      (write) => write.subresource === 'eviction' && history.operators.includes(write.user) && isAccepted(write),
    );
    for (const write of evictions) {
      const { namespace, name } = write;
      // an ordinal or a random suffix follows the workload's name
      const isOfPod = (workload: string): boolean =>
        name.startsWith(`${workload.split('/')[2]}-`) && workload.split('/')[1] === namespace;
      const restart = restarts.findLast(({ at, workload }) => at <= arrival(write) && isOfPod(workload));
      const key = `${namespace}/${name} ${restart?.uid} ${restart?.target}`;
      const before = last.get(key);
      if (before)
        breaches.push({
          what: `${namespace}/${name} was evicted twice (${uidIn(before)}, ${uidIn(write)})`,
          lines: [before, write],
        });
      last.set(key, write);
    }
    return breaches;
  },
};

const uidIn = ({ body }: UserWrite): string =>
  (body as Eviction | undefined)?.deleteOptions?.preconditions?.uid ?? 'no uid';
