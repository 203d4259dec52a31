import { stringify } from 'yaml';
import { PRODUCT } from '../../../src/names.ts';
import type { Rule } from '../../contract/chart/rightsTemplate.ts';
import { DEFAULT_CHANNEL } from './names.ts';
import type { Permissions } from './permissions.ts';

const INSTALLER = `${PRODUCT}-installer`;
const RBAC = 'rbac.authorization.k8s.io';

/**
 * For OLM v1, which installs with the rights of an account of ours: what it needs to make the bundle's objects, and every right that it is
 * to hand on, because nobody may grant what they have not.
 * @param reader the rules of who may scrape
 */
export function clusterExtension({ clusterPermissions, permissions }: Permissions, reader: readonly object[]): string {
  const granted = [...clusterPermissions, ...permissions].flatMap(({ rules }) => rules);
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: PRODUCT } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: INSTALLER, namespace: PRODUCT } },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRole',
      metadata: { name: INSTALLER },
      rules: [...MAKING, ...granted, ...reader],
    },
    {
      apiVersion: `${RBAC}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: INSTALLER },
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: INSTALLER },
      subjects: [{ kind: 'ServiceAccount', name: INSTALLER, namespace: PRODUCT }],
    },
    {
      apiVersion: 'olm.operatorframework.io/v1',
      kind: 'ClusterExtension',
      metadata: { name: PRODUCT },
      spec: {
        namespace: PRODUCT,
        serviceAccount: { name: INSTALLER },
        source: { sourceType: 'Catalog', catalog: { packageName: PRODUCT, channels: [DEFAULT_CHANNEL] } },
      },
    },
  ];
  return `# Made by npm run bundle.\n${objects.map((one) => stringify(one, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')}`;
}

const ALL = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];

const MAKING: readonly Rule[] = [
  { apiGroups: ['apps'], resources: ['deployments'], verbs: ALL },
  { apiGroups: [''], resources: ['serviceaccounts', 'services'], verbs: ALL },
  { apiGroups: [RBAC], resources: ['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'], verbs: ALL },
  {
    apiGroups: ['olm.operatorframework.io'],
    resources: ['clusterextensions/finalizers'],
    resourceNames: [PRODUCT],
    verbs: ['update'],
  },
];
