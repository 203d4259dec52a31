import { isForbidden } from '../cluster/apiError.ts';
import { portForward, type UpgradingApi } from '../cluster/portForward.ts';
import { type ServiceBackend, serviceBackend } from '../cluster/serviceBackend.ts';
import type { ServicePort, Tunnel } from '../expect/injectorRoutes.ts';
import { messageOf } from '../messageOf.ts';
import { PRODUCT } from '../names.ts';

/** What the tunnel tells its user, once for each Service. */
export interface TunnelListener {
  /** A port-forward to a pod of the Service was opened. */
  opened(service: ServicePort, backend: ServiceBackend): void;
  /** None can be opened; the words say why, and what a person can do instead. */
  failed(words: string): void;
}

/** A port-forward to a ready pod of a Service, with the rights of the kubeconfig, as `kubectl port-forward svc/NAME` opens one. */
export function serviceTunnel(api: UpgradingApi, listener: TunnelListener): Tunnel {
  const said = new Set<string>();
  const once = (key: string, say: () => void): void => {
    if (!said.has(key)) say();
    said.add(key);
  };
  return async (service) => {
    const { namespace, name, port } = service;
    const key = `${namespace}/${name}:${port}`;
    try {
      const backend = await serviceBackend(api, service, port);
      const stream = await portForward(api, { namespace, ...backend });
      once(key, () => listener.opened(service, backend));
      return stream;
    } catch (error) {
      once(key, () => listener.failed(`${whyNot(service, error)}. ${byHand(service)}`));
      throw error;
    }
  };
}

const whyNot = ({ namespace, name }: ServicePort, error: unknown): string => {
  const right = isForbidden(error) ? '; it needs the rights get and create on pods/portforward, and list on pods' : '';
  return `cannot forward a port to Service ${namespace}/${name}: ${messageOf(error)}${right}`;
};

/** Any free port will do; the one of istiod's pods is easy to recognize. */
const LOCAL = 15017;

const byHand = ({ namespace, name, port }: ServicePort): string =>
  `Forward it yourself, with "kubectl -n ${namespace} port-forward svc/${name} ${LOCAL}:${port}", ` +
  `and run "${PRODUCT} plan --injector-address localhost:${LOCAL}"`;
