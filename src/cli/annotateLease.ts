import { ApiError, isForbidden, isNotFound } from '../cluster/apiError.ts';
import type { KubeClient } from '../cluster/client.ts';
import type { Environment } from '../cluster/kubeconfig.ts';
import { resourcePath } from '../cluster/resources.ts';
import { FIELD_MANAGER, LEASE_NAME, PRODUCT } from '../names.ts';
import { connect } from './connect.ts';
import { leases } from './leases.ts';
import type { Settings } from './settings.ts';

/** Annotations to set, or with null to remove. */
export type AnnotationChanges = Readonly<Record<string, string | null>>;

/**
 * Changes annotations of the operator's Lease in the namespace of the settings, or else of the context. Returns that namespace.
 * @throws {Error} if that namespace has no Lease; the message names the namespaces that have one
 */
export async function annotateLease(
  settings: Settings,
  environment: Environment,
  annotations: AnnotationChanges,
  signal: AbortSignal,
): Promise<string> {
  const { client, namespace: ofContext } = connect(settings, environment);
  const namespace = settings.namespace || ofContext;
  try {
    await client.request({
      method: 'PATCH',
      path: resourcePath('leases', namespace, LEASE_NAME),
      query: { fieldManager: FIELD_MANAGER },
      contentType: 'application/merge-patch+json',
      body: { metadata: { annotations } },
      signal,
    });
    return namespace;
  } catch (error) {
    throw isNotFound(error) ? new Error(await whereItIs(client, namespace, signal)) : inWords(error, namespace);
  } finally {
    await client.close();
  }
}

async function whereItIs(client: KubeClient, namespace: string, signal: AbortSignal): Promise<string> {
  const missing = `namespace ${namespace} has no Lease ${LEASE_NAME}`;
  const itsOwn = `use -n with the namespace that ${PRODUCT} runs in`;
  try {
    const namespaces = (await leases(client, signal)).map((lease) => lease.metadata?.namespace ?? '').sort();
    const [first, second] = namespaces;
    // anybody may make one in a namespace of their own, and a pause that is written there holds nothing
    const which = second === undefined ? `use -n ${first}` : itsOwn;
    return first !== undefined
      ? `${missing}; there is one in ${namespaces.join(', ')}: ${which}`
      : `${missing}, and no other namespace has one; ${PRODUCT} creates it at its start. Is this the right cluster (--context)?`;
  } catch {
    return `${missing}; ${itsOwn}`;
  }
}

function inWords(error: unknown, namespace: string): unknown {
  if (!isForbidden(error)) return error;
  const right = `missing right: patch leases.coordination.k8s.io in namespace ${namespace}`;
  return new Error(`${right} (${error instanceof ApiError ? error.message : String(error)})`);
}
