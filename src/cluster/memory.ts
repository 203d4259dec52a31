import type { Labels, Workload, WorkloadRef } from '../model.ts';
import { ANNOTATION } from '../names.ts';
import type { Cluster } from './cluster.ts';

const OURS: readonly string[] = Object.values(ANNOTATION);

/**
 * The same cluster, with a memory for the records that this process wrote: where an owner has replaced a workload's metadata and with it the
 * record, the record is shown all the same, so that the restart is neither forgotten nor made again. Kept per UID; a process that
 * starts anew begins with none.
 */
export function remembering(cluster: Cluster): Cluster {
  const written = new Map<string, Labels>();
  const recall = (workload: Workload): Workload => {
    const record = written.get(workload.uid);
    if (!record || workload.annotations[ANNOTATION.restartedFor] !== undefined) return workload;
    return { ...workload, annotations: { ...workload.annotations, ...record } };
  };
  const remember = (workload: Workload): Workload => {
    const ours = Object.entries(workload.annotations).filter(([key]) => OURS.includes(key));
    written.set(workload.uid, { ...written.get(workload.uid), ...Object.fromEntries(ours) });
    return workload;
  };
  return {
    workloads: async (kind, namespace, signal) => (await cluster.workloads(kind, namespace, signal)).map(recall),
    workload: async (ref: WorkloadRef) => {
      const workload = await cluster.workload(ref);
      return workload && recall(workload);
    },
    podsOf: (workload) => cluster.podsOf(workload),
    pods: (namespace, signal) => cluster.pods(namespace, signal),
    service: (namespace, name) => cluster.service(namespace, name),
    patch: async (ref, body) => recall(remember(await cluster.patch(ref, body))),
    emit: (event) => cluster.emit(event),
  };
}
