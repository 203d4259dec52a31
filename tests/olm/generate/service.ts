import { type Manifest, only } from '../../chart/chart.ts';
import { plain } from './deployment.ts';

/** The chart's Service for the metrics; OLM says in which namespace it lies. */
export function serviceOf(manifests: readonly Manifest[]): Record<string, unknown> {
  const { apiVersion, kind, metadata, spec } = only(manifests, 'Service');
  return { apiVersion, kind, metadata: { name: metadata.name, labels: plain(metadata.labels) }, spec };
}
