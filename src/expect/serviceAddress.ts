import type { ServiceFacts } from '../cluster/cluster.ts';

/**
 * The address that the API server dials for a webhook's Service (apiserver pkg/util/proxy/proxy.go ResolveCluster): the ClusterIP with the
 * Service's own port, or an ExternalName with the given port. It does not use DNS to find the Service.
 * @throws {Error} with a message for users, if the Service cannot be routed to
 */
export function dialTarget(
  service: ServiceFacts | undefined,
  name: string,
  port: number,
): { host: string; port: number } {
  if (!service) throw new Error(`Service ${name} does not exist`);
  if (service.type === 'ExternalName') return { host: service.externalName, port };
  if (!service.clusterIP || service.clusterIP === 'None')
    throw new Error(`Service ${name} is headless; the API server does not route to it`);
  if (!service.ports.includes(port)) throw new Error(`Service ${name} has no port ${port}`);
  return { host: service.clusterIP, port };
}
