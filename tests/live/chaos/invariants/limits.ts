import { type Breach, type History, type Invariant, policiesAt, widest } from '../history.ts';
import { type Restart, restartsOf } from '../restarts.ts';

/** A write may be held up for so long after its place in the minute was given to it, and the one before it may not. */
const HELD_UP = 10_000;
const MINUTE = 60_000;

/** Calls back for every restart with those that are under way right after it, itself included. */
function following(history: History, judge: (restart: Restart, underWay: readonly Restart[]) => Breach[]): Breach[] {
  const restarts = restartsOf(history);
  return restarts.flatMap((restart, index) => {
    const open = new Map<string, Restart>();
    for (const one of restarts.slice(0, index + 1)) {
      // the next restart of a workload takes the place of the one before
      if (one.end === undefined || one.end > restart.at) open.set(one.workload, one);
      else open.delete(one.workload);
    }
    return judge(restart, [...open.values()]);
  });
}

const linesOf = (restarts: readonly Restart[]) => restarts.map(({ write }) => write);

/** Never more restarts under way than the policy allows. */
export const inFlight: Invariant = {
  name: 'no more restarts are under way than maxInFlight',
  breaches: (history) =>
    following(history, (restart, underWay) => {
      const most = widest(policiesAt(history, restart.at).map(({ maxInFlight }) => maxInFlight));
      if (underWay.length <= most) return [];
      return [{ what: `${underWay.length} restarts under way, of at most ${most}`, lines: linesOf(underWay) }];
    }),
};

/** Never more in one namespace. */
export const inFlightPerNamespace: Invariant = {
  name: 'no more restarts are under way in a namespace than maxInFlightPerNamespace',
  breaches: (history) =>
    following(history, (restart, underWay) => {
      const most = widest(policiesAt(history, restart.at).map((policy) => policy.maxInFlightPerNamespace));
      const here = underWay.filter(({ namespace }) => namespace === restart.namespace);
      if (here.length <= most) return [];
      return [
        { what: `${here.length} restarts under way in ${restart.namespace}, of at most ${most}`, lines: linesOf(here) },
      ];
    }),
};

/** Never more within a minute. */
export const perMinute: Invariant = {
  name: 'no more restarts begin within a minute than maxRestartsPerMinute',
  breaches: (history) => {
    const restarts = restartsOf(history);
    return restarts.flatMap((restart, index) => {
      const most = widest(policiesAt(history, restart.at).map((policy) => policy.maxRestartsPerMinute));
      const since = restart.at - MINUTE + HELD_UP;
      const within = restarts.slice(0, index + 1).filter(({ at }) => at > since);
      if (within.length <= most) return [];
      return [{ what: `${within.length} restarts within 50 s, of at most ${most} a minute`, lines: linesOf(within) }];
    });
  },
};
