import { PRODUCT } from '../../../src/names.ts';
import type { Manifest } from '../../chart/chart.ts';
import { plain } from './deployment.ts';

/** The chart's role for who may scrape. Nobody has it until it is bound to somebody. @throws {Error} when the chart has none, or several */
export function metricsReader(manifests: readonly Manifest[]): Manifest {
  const [role, second] = manifests.filter(
    ({ kind, rules }) => kind === 'ClusterRole' && rules.every((rule: object) => 'nonResourceURLs' in rule),
  );
  if (!role || second) throw new Error(`the chart has ${role ? 'several roles' : 'no role'} for who may scrape`);
  const { apiVersion, kind, metadata, rules } = role;
  return { apiVersion, kind, metadata: { name: `${PRODUCT}-metrics-reader`, labels: plain(metadata.labels) }, rules };
}
