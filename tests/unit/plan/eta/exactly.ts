import { atOnce } from '../../../../src/atOnce.ts';
import { keyOf, type WorkloadKey } from '../../../../src/model.ts';
import type { Assessed } from '../../../../src/plan/assessed.ts';
import { courseOf } from '../../../../src/plan/eta/forecast.ts';
import { play } from '../../../../src/plan/eta/play.ts';
import { plan } from '../../../../src/plan/plan.ts';
import { context } from '../../../builders/policy.ts';
import type { RandomCluster } from './randomCluster.ts';

/**
 * When each workload is done, by the estimate's own way through the queue, if each restart takes just as long as it does. NaN for those
 * that never are.
 */
export function exactly({ assessed, policy, durations }: RandomCluster, own?: WorkloadKey): Map<WorkloadKey, number> {
  const at = context({ policy, own });
  const { items } = plan(assessed, at);
  const of = ({ workload }: Pick<Assessed, 'workload'>) => {
    const base = durations.get(keyOf(workload)) as number;
    return { base, deviation: { centre: 0, spread: 0, doubt: 0 } };
  };
  const { course } = atOnce(courseOf({ items, context: at }, { of }));
  const { doneAt } = atOnce(play(course, 0));
  return new Map(course.candidates.map(({ key }, place) => [key, doneAt[place] as number]));
}
