import { type RawWorkload, workloadOf } from '../cluster/workloads.ts';
import { chartLabels } from '../expect/chartLabels.ts';
import { contentHash } from '../expect/epoch.ts';
import type { Istiod } from '../expect/mesh.ts';

/** Reads a Deployment labelled `app=istiod` as a control plane. A missing label `istio.io/rev` means `default`, as in Istio's own charts. */
export function istiodOf(raw: RawWorkload): Istiod {
  const { namespace, name, generation, rollout, template } = workloadOf('Deployment', raw);
  const containers = Array.isArray(template.spec.containers)
    ? (template.spec.containers as { name?: string; image?: string }[])
    : [];
  return {
    namespace,
    name,
    revision: raw.metadata?.labels?.['istio.io/rev'] ?? 'default',
    generation,
    rollout,
    image: containers.find((container) => container.name === 'discovery')?.image ?? '',
    chart: chartLabels(raw.metadata?.labels),
    templateHash: contentHash(template),
  };
}
