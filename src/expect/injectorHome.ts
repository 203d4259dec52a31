import type { Istiod } from './mesh.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/**
 * The namespace where an entry's control plane lives, or undefined when it cannot be told.
 * A Service names it. A URL does not: then the annotation that Helm left on the configuration counts, and without it
 * a control plane of that revision that is the only one in the cluster.
 * @param istiods every Deployment labelled `app=istiod`
 */
export function homeOf(entry: WebhookEntry, istiods: readonly Istiod[]): string | undefined {
  if ('service' in entry.address) return entry.address.service.namespace;
  if (entry.releaseNamespace) return entry.releaseNamespace;
  const ofRevision = istiods.filter(({ revision }) => revision === entry.revision);
  return ofRevision.length === 1 ? ofRevision[0]?.namespace : undefined;
}

/** Names of the revision's ConfigMaps (istio pilot/pkg/bootstrap: getInjectorConfigMapName, getMeshConfigMapName). */
export function configMapNames(revision: string): { injector: string; mesh: string } {
  const suffix = revision === '' || revision === 'default' ? '' : `-${revision}`;
  return { injector: `istio-sidecar-injector${suffix}`, mesh: `istio${suffix}` };
}
