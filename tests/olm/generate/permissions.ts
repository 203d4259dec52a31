import { configMapNames } from '../../../src/expect/injectorHome.ts';
import { PRODUCT } from '../../../src/names.ts';
import type { Manifest } from '../../chart/chart.ts';
import type { Rule } from '../../contract/chart/rightsTemplate.ts';

/** What a CSV asks for one ServiceAccount. */
export interface Permission {
  readonly serviceAccountName: string;
  readonly rules: readonly Rule[];
}

export interface Permissions {
  readonly clusterPermissions: readonly Permission[];
  readonly permissions: readonly Permission[];
}

/**
 * The chart's roles as a CSV has them. A CSV knows no other namespace than its own, so what the chart grants where Istio lives is asked for in
 * the cluster; but of ConfigMaps, which may hold anything, only those by the names that the default revision's have (docs/decisions/0010-olm.md).
 */
export function permissionsOf(manifests: readonly Manifest[], namespace: string): Permissions {
  const roles = (kind: string, own: boolean): Rule[] =>
    manifests
      .filter((manifest) => manifest.kind === kind && (manifest.metadata.namespace === namespace) === own)
      .flatMap(({ rules }) => rules as Rule[]);
  const elsewhere = roles('Role', false).flatMap(namedOnly);
  return {
    clusterPermissions: [{ serviceAccountName: PRODUCT, rules: [...roles('ClusterRole', false), ...elsewhere] }],
    permissions: [{ serviceAccountName: PRODUCT, rules: roles('Role', true) }],
  };
}

function namedOnly(rule: Rule): Rule[] {
  if (!rule.resources.includes('configmaps')) return [rule];
  const others = rule.resources.filter((resource) => resource !== 'configmaps');
  const { apiGroups, verbs } = rule;
  const named = {
    apiGroups,
    resources: ['configmaps'],
    resourceNames: Object.values(configMapNames('default')),
    verbs,
  };
  return others.length > 0 ? [named, { ...rule, resources: others }] : [named];
}
