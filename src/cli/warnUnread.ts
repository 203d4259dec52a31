import type { Cluster } from '../cluster/cluster.ts';
import { messageOf } from '../messageOf.ts';

/**
 * Wraps a cluster so that it reports what could not be read and the observer does without. `plan` must warn that its plan is incomplete.
 * @param onUnread called once for each kind of object, with a description of what is missing; the caller still gets the error
 */
export function warnUnread<C extends Cluster>(cluster: C, onUnread: (words: string) => void): C {
  const said = new Set<string>();
  const told = <A extends unknown[], T>(what: string, read: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      try {
        return await read(...args);
      } catch (error) {
        // an aborted read was given up because of another failure, which is told
        if (args.some((one) => one instanceof AbortSignal && one.aborted)) throw error;
        if (!said.has(what)) onUnread(`${what}: ${messageOf(error)}`);
        said.add(what);
        throw error;
      }
    };
  };
  return {
    ...cluster,
    lostNodes: told('cannot tell which nodes are not ready', (names: readonly string[]) => cluster.lostNodes(names)),
    budgets: told('cannot read PodDisruptionBudgets', (namespace: string | undefined, signal?: AbortSignal) =>
      cluster.budgets(namespace, signal),
    ),
  };
}
