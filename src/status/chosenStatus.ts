import type { ClusterStatus, StatusChoice } from './clusterStatus.ts';
import { type NamespaceCounts, NO_COUNTS, type StatusRow } from './statusDocument.ts';

/** The part of a status that concerns a namespace, a run, or both. Sums of waits are of the workloads that have a row then. */
export function chosenStatus(status: ClusterStatus, { namespace, run }: StatusChoice): ClusterStatus {
  if (namespace === undefined && run === undefined) return status;
  const { document } = status;
  const workloads = document.workloads.filter(
    (row) =>
      (namespace === undefined || row.namespace === namespace) && (run === undefined || row.run?.startsWith(run)),
  );
  const here = document.namespaces.filter((one) => namespace === undefined || one.namespace === namespace);
  const nothing: NamespaceCounts = { ...NO_COUNTS, namespace: namespace ?? '' };
  const { namespace: _, unsupportedPods = 0, ...counts } = here[0] ?? nothing;
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
        if (!first) return [];
        const { reason } = sum;
        return [{ reason, workloads: waiting.length, ...firstEnd(waiting), example: exampleOf(first) }];
      }),
      ...(namespace !== undefined && { namespaces: here, counts, unsupportedPods }),
    },
  };
}

/** The list of namespaces is cut, those with the least to do first. */
const noSums = (namespace: string): string =>
  `the status has no sums of namespace ${namespace}: no workload there is in the mesh, or there was no room for them`;

/** When the first of these waits ends, if any does. */
function firstEnd(waiting: readonly StatusRow[]): { readonly until?: string } {
  const [until] = waiting.flatMap((row) => row.until ?? []).sort((a, b) => Date.parse(a) - Date.parse(b));
  return until === undefined ? {} : { until };
}

const exampleOf = ({ kind, namespace, name, detail }: ClusterStatus['document']['waits'][number]['example']) => ({
  kind,
  namespace,
  name,
  detail,
});
