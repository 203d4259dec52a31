import type { ClusterStatus, StatusChoice } from './clusterStatus.ts';
import { NO_COUNTS } from './statusDocument.ts';

/** The part of a status that concerns a namespace, a run, or both. Sums of waits are of the workloads that have a row then. */
export function chosenStatus(status: ClusterStatus, { namespace, run }: StatusChoice): ClusterStatus {
  if (namespace === undefined && run === undefined) return status;
  const { document } = status;
  const workloads = document.workloads.filter(
    (row) =>
      (namespace === undefined || row.namespace === namespace) && (run === undefined || row.run?.startsWith(run)),
  );
  const here = document.namespaces.filter((one) => namespace === undefined || one.namespace === namespace);
  const { namespace: _, ...counts } = here[0] ?? { ...NO_COUNTS, namespace };
  return {
    ...status,
    document: {
      ...document,
      workloads,
      runs: document.runs.filter(({ id }) => run === undefined || id.startsWith(run)),
      waits: document.waits.flatMap((sum) => {
        const waiting = workloads.filter(({ action, reason }) => action === 'wait' && reason === sum.reason);
        const [first] = waiting;
        return first ? [{ ...sum, workloads: waiting.length, example: exampleOf(first) }] : [];
      }),
      ...(namespace !== undefined && { namespaces: here, counts }),
    },
  };
}

const exampleOf = ({ kind, namespace, name, detail }: ClusterStatus['document']['waits'][number]['example']) => ({
  kind,
  namespace,
  name,
  detail,
});
