import type { Environment } from '../cluster/kubeconfig.ts';
import { deployment } from '../kinds/deployment.ts';
import { keyOf, type WorkloadKey } from '../model.ts';

/** A Deployment's pod has the name of its ReplicaSet and five random characters. A pod's host name is its name. */
const POD_OF_DEPLOYMENT = /^(.+)-[a-z0-9]{1,10}-[a-z0-9]{5}$/;

/**
 * The Deployment that this process seems to run in; undefined outside a cluster.
 * @param namespace the pod's own
 */
export function ownWorkload(environment: Environment, hostname: string, namespace: string): WorkloadKey | undefined {
  const name = POD_OF_DEPLOYMENT.exec(hostname)?.[1];
  if (!environment.KUBERNETES_SERVICE_HOST || name === undefined) return undefined;
  return keyOf({ kind: deployment.kind, namespace, name });
}
