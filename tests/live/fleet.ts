import type { Testbed } from '../testbed/testbed.ts';
import type { WorkloadOptions } from '../testbed/workloads.ts';

export type FleetOptions = Omit<WorkloadOptions, 'namespace' | 'name'>;

/**
 * Makes namespaces `NAME-00`, `NAME-01` and so on, each with one workload `web`, and waits until all are ready.
 * @param labels of the namespaces
 */
export async function fleet(
  bed: Testbed,
  name: string,
  count: number,
  labels: Readonly<Record<string, string>>,
  options: FleetOptions = {},
): Promise<string[]> {
  const namespaces = Array.from({ length: count }, (_, number) => `${name}-${String(number).padStart(2, '0')}`);
  await Promise.all(
    namespaces.map(async (namespace) => {
      await bed.namespace(namespace, labels);
      await bed.deploy({ namespace, name: 'web', ...options });
      await bed.waitReady(namespace);
    }),
  );
  return namespaces;
}

/** What `restartCounts` says of a fleet whose workloads were each restarted so often. */
export const each = (namespaces: readonly string[], times = 1): Record<string, number> =>
  Object.fromEntries(namespaces.map((namespace) => [`deployments/${namespace}/web`, times]));
