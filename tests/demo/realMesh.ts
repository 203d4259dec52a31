import type { Testbed } from '../testbed/testbed.ts';
import { type Mesh, NAMESPACES, NEW, OLD, PARTS } from './story.ts';

/** Two revisions and a tag, five namespaces, some twenty workloads of all kinds, a gateway. */
export async function stage(bed: Testbed): Promise<void> {
  await bed.istio.base();
  await bed.istio.install({ revision: 'default', version: OLD });
  await bed.istio.install({ revision: 'canary', version: NEW });
  await bed.istio.setTag('prod', 'default');
  for (const [namespace, { revision, deployments }] of Object.entries(NAMESPACES)) {
    const isInjected = deployments.length > 0;
    await bed.namespace(namespace, isInjected ? injectedBy(revision) : {});
  }
  for (const { kind, namespace, name, replicas, readyAfter } of PARTS)
    await bed.deploy({ kind, namespace, name, replicas, readyAfter: `${readyAfter}s` });
  await bed.istio.gateway({ namespace: 'ingress', name: 'gateway' });
  await Promise.all(Object.keys(NAMESPACES).map((namespace) => bed.waitReady(namespace)));
}

const injectedBy = (revision: string | undefined): Record<string, string> =>
  revision === undefined ? { 'istio-injection': 'enabled' } : { 'istio.io/rev': revision };

/** The testbed's mesh, as the story changes it. */
export const realMesh = (bed: Testbed): Mesh => ({
  upgrade: (revision, version) => bed.istio.upgrade(revision, version),
  setTag: (tag, revision) => bed.istio.setTag(tag, revision),
  setRevision: async (namespace, revision) => {
    await bed.label(namespace, { 'istio-injection': null, 'istio.io/rev': revision });
  },
});
