import { workloadOf } from '../cluster/workloads.ts';
import { chartLabels } from '../expect/chartLabels.ts';
import { contentHash } from '../expect/epoch.ts';
import type { Istiod } from '../expect/mesh.ts';
import { fits, type Shape } from '../fieldTypes.ts';
import { deployment } from '../kinds/deployment.ts';
import type { RawWorkload } from '../kinds/rawWorkload.ts';
import type { Labels } from '../model.ts';

interface Container {
  readonly name?: string;
  readonly image?: string;
  readonly env?: readonly unknown[];
}

/** Checks variables one at a time, because a template may have thousands. */
const CONTAINERS: Shape = [{ name: 'string', image: 'string' }];
const CONDITIONS: Shape = { conditions: [{ type: 'string', status: 'string' }] };

/**
 * Reads a Deployment as a control plane. istiod serves the revision in its environment variable `REVISION` (istio
 * pilot/cmd/pilot-discovery). The charts also set it as the label `istio.io/rev`. Without either it is `default`, as in Istio's own
 * charts. The template's hash is computed on first use, because few Deployments of a namespace are control planes.
 */
export function istiodOf(raw: RawWorkload): Istiod {
  const { namespace, name, generation, rollout, template, maxUnavailable } = workloadOf(deployment.kind, raw);
  const containers = fits(template.spec.containers, CONTAINERS)
    ? ((template.spec.containers ?? []) as readonly Container[])
    : [];
  const discovery = containers.find((container) => container.name === 'discovery');
  const labels = labelsOf(raw);
  let templateHash: string | undefined;
  return {
    namespace,
    name,
    revision: revisionOf(discovery) ?? labels['istio.io/rev'] ?? 'default',
    isLabelled: isLabelledIstiod(raw),
    podLabels: template.labels,
    generation,
    rollout,
    maxUnavailable,
    isAvailable: isAvailable(raw),
    image: discovery?.image ?? '',
    chart: chartLabels(labels),
    get templateHash() {
      templateHash ??= contentHash(template);
      return templateHash;
    },
  };
}

/** Whether a Deployment carries the label that Istio's charts give to istiod. */
export const isLabelledIstiod = (raw: RawWorkload): boolean => labelsOf(raw).app === 'istiod';

/** Labels of a Deployment's pods; none where they are malformed. */
export function podLabelsOf(raw: RawWorkload): Labels {
  const metadata = raw?.spec?.template?.metadata;
  return (fits(metadata, { labels: 'labels' }) && metadata?.labels) || {};
}

function labelsOf(raw: RawWorkload): Labels {
  return (fits(raw?.metadata, { labels: 'labels' }) && raw?.metadata?.labels) || {};
}

function revisionOf(discovery: Container | undefined): string | undefined {
  const variables = Array.isArray(discovery?.env) ? (discovery.env as readonly unknown[]) : [];
  const found = variables.find((one) => (one as { name?: unknown } | null)?.name === 'REVISION');
  const value = (found as { value?: unknown } | undefined)?.value;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isAvailable(raw: RawWorkload): boolean {
  if (!fits(raw?.status, CONDITIONS)) return false;
  return raw?.status?.conditions?.some(({ type, status }) => type === 'Available' && status === 'True') ?? false;
}
