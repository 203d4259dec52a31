import { pathOf } from '../testbed/paths.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';
import type { Rollout } from '../testbed/workloads.ts';

/** Over how many namespaces the Deployments are spread. */
export const NAMESPACES = 10;
const OLD = '1.30.2';
const NEW = '1.31.0';

/** How large the mesh is. */
export interface MeshSize {
  readonly deployments: number;
  readonly pods: number;
}

/** Makes a mesh whose pods are all ready and outdated, and stops the controllers. */
export async function fillMesh(bed: Testbed, size: MeshSize): Promise<void> {
  await bed.istio.base();
  await bed.istio.install({ revision: 'default', version: OLD });
  // istiod first: its rollout would take long once ten thousand pods keep the controllers busy
  await bed.istio.setIstiodVersion('default', NEW);
  await bed.istio.setInjectorVersion('default', OLD);
  const replicas = Math.round(size.pods / size.deployments);
  const namespaces = Array.from({ length: NAMESPACES }, (_, index) => `bench-${index}`);
  for (const namespace of namespaces) await bed.namespace(namespace, { 'istio-injection': 'enabled' });
  for (let index = 0; index < size.deployments; index++) {
    const namespace = namespaces[index % NAMESPACES] ?? '';
    await bed.deploy({
      kind: 'Deployment',
      namespace,
      name: `web-${index}`,
      replicas,
      labels: { number: String(index) },
    });
  }
  const began = Date.now();
  await until(
    `${size.pods} pods to be ready`,
    20 * 60_000,
    async () => {
      const ready = await readyReplicas(bed, namespaces);
      process.stdout.write(`\r  ${ready}/${size.pods} pods ready after ${((Date.now() - began) / 1000).toFixed(0)} s `);
      return ready >= size.pods;
    },
    3000,
  );
  process.stdout.write('\n');
  await bed.istio.setInjectorVersion('default', NEW);
  await bed.stopControllers();
}

/** Counted from the Deployments' status: listing ten thousand pods takes seconds. */
async function readyReplicas(bed: Testbed, namespaces: readonly string[]): Promise<number> {
  const lists = await Promise.all(
    namespaces.map((namespace) => bed.api.list<Rollout>(pathOf('Deployment', namespace))),
  );
  return lists.flat().reduce((sum, { status }) => sum + (status.readyReplicas ?? 0), 0);
}
