import type { Labels, Workload, WorkloadRef } from '../model.ts';
import { type ApiError, isForbidden } from './apiError.ts';
import type { Cluster } from './cluster.ts';
import { isLater, KEEPERS, OURS, recordIn } from './recordCopies.ts';

/** A cluster that shows the latest record of each restart, whatever its owner has made of the workload's metadata. */
export interface RememberingCluster extends Cluster {
  /**
   * Takes up the records that former processes wrote, from the copies that controllers keep.
   * @returns the missing rights, each with what it would have told; everything else that fails is thrown
   */
  recall(namespace: string | undefined, signal: AbortSignal): Promise<ApiError[]>;
}

/**
 * The same cluster, with a memory for restart records: where an owner has replaced a workload's metadata and with it the record, the record
 * is shown all the same, so that the restart is neither forgotten nor made again. Kept per UID; who was the last to write
 * is told by the record's own time.
 */
export function remembering(cluster: Cluster): RememberingCluster {
  const known = new Map<string, Labels>();
  const remember = (uid: string, annotations: Labels): void => {
    if (isLater(annotations, known.get(uid))) known.set(uid, recordIn(annotations));
  };
  const recalled = (workload: Workload): Workload => {
    // also what is only read: the answer to the write may have been lost, and an owner may wipe the record next
    remember(workload.uid, workload.annotations);
    const record = known.get(workload.uid);
    if (!record || !isLater(record, workload.annotations)) return workload;
    const others = Object.entries(workload.annotations).filter(([key]) => !OURS.includes(key));
    return { ...workload, annotations: { ...Object.fromEntries(others), ...record } };
  };
  return {
    recall: async (namespace, signal) => {
      const missing: ApiError[] = [];
      for (const keeper of KEEPERS) {
        try {
          for (const [uid, record] of await cluster.recordCopies(keeper, namespace, signal)) remember(uid, record);
        } catch (error) {
          if (!isForbidden(error)) throw error;
          missing.push(error as ApiError);
        }
      }
      return missing;
    },
    workloads: async (kind, namespace, signal) => (await cluster.workloads(kind, namespace, signal)).map(recalled),
    workload: async (ref: WorkloadRef) => {
      const workload = await cluster.workload(ref);
      return workload && recalled(workload);
    },
    podsOf: (workload) => cluster.podsOf(workload),
    pods: (namespace, signal) => cluster.pods(namespace, signal),
    budgets: (namespace, signal) => cluster.budgets(namespace, signal),
    lostNodes: (names) => cluster.lostNodes(names),
    recordCopies: (keeper, namespace, signal) => cluster.recordCopies(keeper, namespace, signal),
    complaint: (workload, since) => cluster.complaint(workload, since),
    service: (namespace, name) => cluster.service(namespace, name),
    patch: async (ref, body) => {
      const written = await cluster.patch(ref, body);
      known.set(written.uid, recordIn(written.annotations));
      return written;
    },
    emit: (event) => cluster.emit(event),
  };
}
