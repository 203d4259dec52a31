import type { Cluster } from './cluster.ts';

/** The same cluster without write access, for the dry run and `plan`. Events are dropped. A patch is a programming error. */
export function readOnly(cluster: Cluster): Cluster {
  return {
    workloads: (kind, namespace, signal) => cluster.workloads(kind, namespace, signal),
    workload: (ref) => cluster.workload(ref),
    versions: (kind, namespace, signal) => cluster.versions(kind, namespace, signal),
    podsOf: (workload, fields) => cluster.podsOf(workload, fields),
    pods: (namespace, signal, fields, kinds) => cluster.pods(namespace, signal, fields, kinds),
    budgets: (namespace, signal) => cluster.budgets(namespace, signal),
    canaries: (namespace, signal) => cluster.canaries(namespace, signal),
    serves: (what) => cluster.serves(what),
    owner: (namespace, owner, signal) => cluster.owner(namespace, owner, signal),
    lostNodes: (names) => cluster.lostNodes(names),
    rejection: (workload, since) => cluster.rejection(workload, since),
    service: (namespace, name) => cluster.service(namespace, name),
    accountUid: (namespace, name) => cluster.accountUid(namespace, name),
    patch: (ref) => Promise.reject(new Error(`a dry run does not write (${ref.kind} ${ref.namespace}/${ref.name})`)),
    evict: ({ namespace, name }) => Promise.reject(new Error(`a dry run does not evict (Pod ${namespace}/${name})`)),
    emit: () => Promise.resolve(),
  };
}
