import { arrival, type Breach, type History, type Invariant, type PolicyMark, policiesAt } from '../history.ts';
import { isAccepted, type Restart, restartsOf } from '../restarts.ts';

/** Recorded times are whole seconds. */
const CUT = 1000;

/** A restart of a later wave finds all restarts of the same run in earlier waves begun, ended and baked. */
export const waveOrder: Invariant = {
  name: 'a wave begins when the waves before it have ended and baked',
  breaches: (history) => {
    const restarts = restartsOf(history);
    // what comes while later waves are under way is restarted at once
    const settled = restarts.filter((one) => !isNewcomer(history, restarts, one));
    return restarts.flatMap((restart) => {
      const wrongs = policiesAt(history, restart.at).map((policy) => wrongIn(settled, restart, policy));
      // one policy that allows it is enough: the operator may not have read the newest yet
      return wrongs.every((wrong) => wrong !== undefined) ? wrongs.slice(0, 1) : [];
    });
  },
};

function wrongIn(restarts: readonly Restart[], restart: Restart, policy: PolicyMark): Breach | undefined {
  const wave = waveOf(policy, restart.namespace);
  const earlier = restarts.filter((one) => one.run === restart.run && waveOf(policy, one.namespace) < wave);
  const breach = (how: string, other: Restart | undefined): Breach[] =>
    other
      ? [{ what: `${restart.workload} was restarted ${how} ${other.workload}`, lines: [restart.write, other.write] }]
      : [];
  const before = earlier.filter(({ at }) => at < restart.at);
  const isOpen = ({ end }: Restart): boolean => end === undefined || end > restart.at;
  const isBaking = ({ end = 0 }: Restart): boolean => end + policy.bake - CUT > restart.at;
  return [
    ...breach(
      'before one of an earlier wave,',
      earlier.find(({ at }) => at > restart.at),
    ),
    ...breach('while one of an earlier wave was under way,', before.find(isOpen)),
    ...breach('before an earlier wave had baked, that of', before.find(isBaking)),
  ][0];
}

/** The place of a namespace in the order of waves. */
function waveOf({ waves }: PolicyMark, namespace: string): number {
  const found = waves.findIndex((wave) => namespace.startsWith(`${wave}-`));
  return found < 0 ? waves.length : found;
}

/** The first restart of a workload whose namespace was deleted and made again. */
function isNewcomer({ writes }: History, restarts: readonly Restart[], restart: Restart): boolean {
  const isFirst = restarts.every((one) => one.uid !== restart.uid || one.at >= restart.at);
  const wasDeleted = (name: string): boolean =>
    writes.some(
      (write) =>
        write.verb === 'delete' &&
        write.resource === 'namespaces' &&
        write.name === name &&
        isAccepted(write) &&
        arrival(write) < restart.at,
    );
  return isFirst && wasDeleted(restart.namespace);
}
