import { type NamespaceFacts, NO_NAMESPACE, type Workload } from '../model.ts';
import { nextPodLabels } from './admission.ts';
import { type Match, match } from './match.ts';
import type { Injection, Mesh } from './mesh.ts';

/** The injection that the API server would call for the workload's next pod. */
export function matchOf(mesh: Mesh, workload: Workload): Match<Injection> {
  return match(mesh.injections, mesh.namespaces.get(workload.namespace)?.labels, nextPodLabels(workload), workload);
}

/** The namespace of a workload. If it has not been seen, it has no labels or annotations. */
export const namespaceOf = (mesh: Mesh, { namespace }: Pick<Workload, 'namespace'>): NamespaceFacts =>
  mesh.namespaces.get(namespace) ?? NO_NAMESPACE;
