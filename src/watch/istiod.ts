import { fits, type Shape } from '../cluster/shape.ts';
import { type RawWorkload, workloadOf } from '../cluster/workloads.ts';
import { chartLabels } from '../expect/chartLabels.ts';
import { contentHash } from '../expect/epoch.ts';
import type { Istiod } from '../expect/mesh.ts';

const CONTAINERS: Shape = [{ name: 'string', image: 'string' }];

/** Reads a Deployment labelled `app=istiod` as a control plane. A missing label `istio.io/rev` means `default`, as in Istio's own charts. */
export function istiodOf(raw: RawWorkload): Istiod {
  const { namespace, name, generation, rollout, template } = workloadOf('Deployment', raw);
  const containers = fits(template.spec.containers, CONTAINERS)
    ? ((template.spec.containers ?? []) as { name?: string; image?: string }[])
    : [];
  const labels = fits(raw?.metadata, { labels: 'labels' }) ? raw?.metadata?.labels : undefined;
  return {
    namespace,
    name,
    revision: labels?.['istio.io/rev'] ?? 'default',
    generation,
    rollout,
    image: containers.find((container) => container.name === 'discovery')?.image ?? '',
    chart: chartLabels(labels),
    templateHash: contentHash(template),
  };
}
