import { configMapNames, controlPlaneNamespaces } from '../expect/controlPlaneOf.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import type { WebhookEntry } from '../expect/webhookEntry.ts';
import type { Resolved } from './meshAssembly.ts';
import type { WatchKey } from './namedWatches.ts';

/** All namespaces, or each listed namespace once. */
export const everywhereOr = (namespaces: readonly string[]): (string | undefined)[] =>
  namespaces.length === 0 ? [undefined] : [...new Set(namespaces)];

/**
 * Where Deployments and Services decide which control plane answers an entry, and Deployments whether a source is ready.
 * @param istioNamespaces the only namespaces that may be read; all of them if it is empty
 */
export function controlPlanePlaces(
  entries: readonly WebhookEntry[],
  sources: readonly SidecarSource[],
  istioNamespaces: readonly string[],
): { readonly deployments: readonly WatchKey[]; readonly services: readonly WatchKey[] } {
  const isVisible = (namespace: string): boolean => istioNamespaces.length === 0 || istioNamespaces.includes(namespace);
  const behind = entries.flatMap((entry) => controlPlaneNamespaces(entry, istioNamespaces));
  const needed = sources.flatMap(({ readyFirst = [] }) => readyFirst.map(({ namespace }) => namespace));
  const homes = new Set([...behind, ...needed].filter(isVisible));
  const services = entries.flatMap(({ address }) => ('service' in address ? [address.service] : []));
  return {
    deployments: [...homes].map((namespace) => ({ namespace })),
    services: services.filter(({ namespace }) => isVisible(namespace)),
  };
}

/** The ConfigMaps of the control planes that answer. */
export function configMapPlaces(resolved: readonly Resolved[]): WatchKey[] {
  return resolved
    .filter(({ source }) => source === ISTIO)
    .flatMap(({ home: { namespace }, revision }) =>
      namespace === undefined ? [] : Object.values(configMapNames(revision)).map((name) => ({ namespace, name })),
    );
}
