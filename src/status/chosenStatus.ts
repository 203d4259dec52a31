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
  const runs = document.runs.filter(({ id }) => run === undefined || id.startsWith(run));
  const missing = [
    namespace !== undefined && here.length === 0 ? noSums(namespace) : '',
    run !== undefined && runs.length === 0 ? `the status has no run that begins with ${run}` : '',
  ].filter(Boolean);
  return {
    ...status,
    warnings: [...status.warnings, ...missing],
    document: {
      ...document,
      workloads,
      runs,
      waits: document.waits.flatMap((sum) => {
        const waiting = workloads.filter(({ action, reason }) => action === 'wait' && reason === sum.reason);
        const [first] = waiting;
        return first ? [{ ...sum, workloads: waiting.length, example: exampleOf(first) }] : [];
      }),
      ...(namespace !== undefined && { namespaces: here, counts }),
    },
  };
}

/** The list of namespaces is cut, those with the least to do first. */
const noSums = (namespace: string): string =>
  `the status has no sums of namespace ${namespace}: no workload there is in the mesh, or there was no room for them`;

const exampleOf = ({ kind, namespace, name, detail }: ClusterStatus['document']['waits'][number]['example']) => ({
  kind,
  namespace,
  name,
  detail,
});
