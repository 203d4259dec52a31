import { ANNOTATION } from '../../../../src/names.ts';
import type { Breach, Invariant } from '../history.ts';
import { annotationsOf, isRestart, keyOf, type Restart, restartsOf } from '../restarts.ts';

/** Ends that prove nothing about the target, so that another restart for it may follow. */
const PROVES_NOTHING: ReadonlySet<string | undefined> = new Set(['superseded:expectation', 'interrupted']);

/** No workload is restarted twice for one target, by whomever, as the audit log has it. */
export const onceForOneTarget: Invariant = {
  name: 'no workload is restarted twice for one target',
  breaches: (history) => {
    const last = new Map<string, Restart>();
    const breaches: Breach[] = [];
    for (const restart of restartsOf(history)) {
      const key = `${restart.workload} ${restart.uid} ${restart.target}`;
      const before = last.get(key);
      if (before && !PROVES_NOTHING.has(before.outcome))
        breaches.push({
          what: `${restart.workload} was restarted twice for ${restart.target}; the first had the outcome ${before.outcome}`,
          lines: [before.write, restart.write],
        });
      last.set(key, restart);
    }
    return breaches;
  },
};

/**
 * The same, as the pod templates have it: a write whose answer was lost has no line of success in the log, but its template stands. Two
 * templates of one workload must not be of restarts for one target.
 */
export const oneTemplateForOneTarget: Invariant = {
  name: 'no workload has two templates of restarts for one target',
  breaches: (history) => {
    const asked = history.writes.filter((write) => history.operators.includes(write.user) && isRestart(write));
    const proved = restartsOf(history).filter(({ outcome }) => PROVES_NOTHING.has(outcome));
    const again = new Set(proved.map(({ workload, target }) => `${workload} ${target}`));
    const seen = new Map<string, string>();
    return history.revisions.flatMap(({ workload, uid, restartedAt }): Breach[] => {
      const isIts = (write: (typeof asked)[number]): boolean =>
        keyOf(write) === workload && annotationsOf(write)[ANNOTATION.restartedAt] === restartedAt;
      const write = asked.find(isIts);
      if (!write) return [];
      const target = annotationsOf(write)[ANNOTATION.restartedFor] ?? '';
      const key = `${workload} ${uid} ${target}`;
      const other = seen.get(key);
      seen.set(key, restartedAt);
      if (other === undefined || other === restartedAt || again.has(`${workload} ${target}`)) return [];
      return [{ what: `${workload} has templates of ${other} and ${restartedAt}, both for ${target}`, lines: [write] }];
    });
  },
};
