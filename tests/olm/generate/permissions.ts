import { configMapNames } from '../../../src/expect/controlPlaneOf.ts';
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
 * The chart's roles as a CSV has them. A CSV knows no other namespace than its own, so what the chart grants where Istio lives is asked for
 * in the cluster; but of ConfigMaps, which may hold anything, only those by the names that the default revision's have
 * (docs/decisions/0010-olm.md).
 */
export function permissionsOf(manifests: readonly Manifest[], namespace: string): Permissions {
  const bound = manifests.filter(({ kind }) => kind.endsWith('RoleBinding')).map(boundRole);
  const rules = (kind: string, own: boolean): Rule[] =>
    manifests
      .filter((role) => role.kind === kind && bound.includes(idOf(role)))
      .filter(({ metadata }) => (metadata.namespace === namespace) === own)
      .flatMap((role) => role.rules as Rule[]);
  const inCluster = [...rules('ClusterRole', false), ...rules('Role', false).flatMap(namedOnly)];
  return {
    clusterPermissions: [{ serviceAccountName: PRODUCT, rules: inCluster }],
    permissions: [{ serviceAccountName: PRODUCT, rules: rules('Role', true) }],
  };
}

const idOf = ({ kind, metadata: { namespace = '', name } }: Manifest): string => `${kind} ${namespace}/${name}`;

/** Every binding of the chart is for the operator's account; roles without one are there for others. */
const boundRole = ({ metadata: { namespace = '' }, roleRef: { kind, name } }: Manifest): string =>
  `${kind} ${namespace}/${name}`;

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
