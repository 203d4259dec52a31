import type { Labels } from '../model.ts';
import type { Istiod } from './mesh.ts';
import { selects } from './selector.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/** The fields of a Service that determine its pods. */
export interface ServiceBackend {
  readonly type: string;
  readonly selector: Labels;
}

/** The Deployments of one namespace that may be a control plane. */
export type Candidates = (namespace: string) => readonly Istiod[];

/** The control plane behind an entry. */
export interface Home {
  /** The namespace with its ConfigMaps; undefined when it is not known. */
  readonly namespace: string | undefined;
  /** Undefined if the control plane is not visible. */
  readonly istiod: Istiod | undefined;
}

/**
 * The namespaces in which an entry's control plane may be: the one of its Service. For a URL, it is the one in Helm's annotation on the
 * configuration, or else those in `--istio-namespaces`. Deployments in other namespaces are ignored.
 * @param trusted the namespaces of `--istio-namespaces`
 */
export function controlPlaneNamespaces(entry: WebhookEntry, trusted: readonly string[]): readonly string[] {
  const said = namespaceOf(entry);
  return said === undefined ? trusted : [said];
}

function namespaceOf({ address, releaseNamespace }: WebhookEntry): string | undefined {
  return 'service' in address ? address.service.namespace : releaseNamespace || undefined;
}

/**
 * The control plane that answers an entry. `clientConfig` decides: the istiod is the Deployment whose pods the entry's Service selects. If
 * a Service selects none (ExternalName, manual endpoints, or no permission to read it) or `clientConfig` has a URL, it is the Deployment
 * labelled `app=istiod` whose revision equals the configuration's label. Without that label, it is the only such Deployment.
 * @param service the entry's Service; undefined if there is none, or if it cannot be read
 * @param candidates the Deployments of a namespace
 * @param trusted the namespaces of `--istio-namespaces`
 */
export function homeOf(
  entry: WebhookEntry,
  service: ServiceBackend | undefined,
  candidates: Candidates,
  trusted: readonly string[] = [],
): Home {
  const said = namespaceOf(entry);
  if (said !== undefined && service && leadsToPods(service))
    return { namespace: said, istiod: behind(service, candidates(said)) };
  const labelled = controlPlaneNamespaces(entry, trusted)
    .flatMap((namespace) => candidates(namespace))
    .filter(({ isLabelled }) => isLabelled);
  const istiod = single(hinted(service, labelled)) ?? single(ofRevision(labelled, entry.revision));
  return { namespace: said ?? istiod?.namespace, istiod };
}

const leadsToPods = ({ type, selector }: ServiceBackend): boolean =>
  type !== 'ExternalName' && Object.keys(selector).length > 0;

/** If several Deployments are behind one Service, any of them may answer, so none of them is the control plane. */
function behind({ selector }: ServiceBackend, candidates: readonly Istiod[]): Istiod | undefined {
  const selected = candidates.filter(({ podLabels }) => selects({ matchLabels: selector }, podLabels));
  return single(selected.length > 1 ? selected.filter(hasPods) : selected);
}

const hasPods = ({ rollout }: Istiod): boolean => rollout.desired > 0 || rollout.existing > 0;

/** A Service of type ExternalName ignores its selector. A selector that is left on it still shows which istiod it was written for. */
function hinted(service: ServiceBackend | undefined, labelled: readonly Istiod[]): readonly Istiod[] {
  const matchLabels = service?.selector ?? {};
  if (Object.keys(matchLabels).length === 0) return [];
  return labelled.filter(({ podLabels }) => selects({ matchLabels }, podLabels));
}

const ofRevision = (istiods: readonly Istiod[], revision: string): readonly Istiod[] =>
  revision === '' ? istiods : istiods.filter((istiod) => istiod.revision === revision);

const single = <T>(list: readonly T[]): T | undefined => (list.length === 1 ? list[0] : undefined);

/** Names of the revision's ConfigMaps (istio pilot/pkg/bootstrap: getInjectorConfigMapName, getMeshConfigMapName). */
export function configMapNames(revision: string): { injector: string; mesh: string } {
  const suffix = revision === '' || revision === 'default' ? '' : `-${revision}`;
  return { injector: `istio-sidecar-injector${suffix}`, mesh: `istio${suffix}` };
}
