import { KubeClient } from '../cluster/client.ts';
import { KubeCluster } from '../cluster/kubeCluster.ts';
import { type Environment, IN_CLUSTER, loadKubeconfig } from '../cluster/kubeconfig.ts';
import { type OwnAccount, ownAccount } from '../cluster/ownAccount.ts';
import { PRODUCT } from '../names.ts';
import { PagedPodSource } from '../pods/podSource.ts';
import { VERSION } from '../version.ts';
import type { Settings } from './settings.ts';

/** A client and the port built on it, from the settings' kubeconfig. */
export interface Connection {
  readonly client: KubeClient;
  readonly cluster: KubeCluster;
  /** The name of the kubeconfig's context; in a pod, the address of the API server. */
  readonly name: string;
  /** The context's namespace; in a pod, the pod's own. */
  readonly namespace: string;
  readonly server: string;
  /** Whether it is a pod's own, so that Services are near. */
  readonly isInCluster: boolean;
  /** The ServiceAccount that the client uses, if it belongs to that namespace. */
  readonly account: () => Promise<OwnAccount | undefined>;
}

/**
 * @param beforeWrite called right before each patch of a workload; if it throws, the patch is not sent
 * @throws {Error} naming the kubeconfig file, what is wrong with it and what to do
 */
export function connect({ kubeconfig, context }: Settings, env: Environment, beforeWrite?: () => void): Connection {
  const {
    config,
    context: name,
    namespace,
    source,
  } = loadKubeconfig({
    env,
    ...(kubeconfig && { path: kubeconfig }),
    ...(context && { context }),
  });
  const client = new KubeClient({ config, userAgent: `${PRODUCT}/${VERSION}` });
  return {
    client,
    cluster: new KubeCluster(client, new PagedPodSource(client), client.serverClock.now, beforeWrite),
    name: source === IN_CLUSTER ? client.origin : name,
    namespace,
    server: client.origin,
    isInCluster: source === IN_CLUSTER,
    account: () => ownAccount(config, namespace),
  };
}
