/** The kinds that the testbed and its tests touch, with the place where the API server serves them. */
const RESOURCES = {
  Canary: 'apis/flagger.app/v1beta1/canaries',
  CatalogSource: 'apis/operators.coreos.com/v1alpha1/catalogsources',
  ClusterRole: 'apis/rbac.authorization.k8s.io/v1/clusterroles',
  ClusterRoleBinding: 'apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
  ClusterServiceVersion: 'apis/operators.coreos.com/v1alpha1/clusterserviceversions',
  ConfigMap: 'api/v1/configmaps',
  ControllerRevision: 'apis/apps/v1/controllerrevisions',
  CronJob: 'apis/batch/v1/cronjobs',
  CustomResourceDefinition: 'apis/apiextensions.k8s.io/v1/customresourcedefinitions',
  DaemonSet: 'apis/apps/v1/daemonsets',
  Deployment: 'apis/apps/v1/deployments',
  Event: 'api/v1/events',
  InstallPlan: 'apis/operators.coreos.com/v1alpha1/installplans',
  Job: 'apis/batch/v1/jobs',
  LimitRange: 'api/v1/limitranges',
  Lease: 'apis/coordination.k8s.io/v1/leases',
  MutatingWebhookConfiguration: 'apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
  Namespace: 'api/v1/namespaces',
  Node: 'api/v1/nodes',
  OperatorGroup: 'apis/operators.coreos.com/v1/operatorgroups',
  Pod: 'api/v1/pods',
  PodDisruptionBudget: 'apis/policy/v1/poddisruptionbudgets',
  ReplicaSet: 'apis/apps/v1/replicasets',
  ReplicationController: 'api/v1/replicationcontrollers',
  Role: 'apis/rbac.authorization.k8s.io/v1/roles',
  RoleBinding: 'apis/rbac.authorization.k8s.io/v1/rolebindings',
  Rollout: 'apis/argoproj.io/v1alpha1/rollouts',
  Secret: 'api/v1/secrets',
  Service: 'api/v1/services',
  ServiceAccount: 'api/v1/serviceaccounts',
  StatefulSet: 'apis/apps/v1/statefulsets',
  Subscription: 'apis/operators.coreos.com/v1alpha1/subscriptions',
  ValidatingAdmissionPolicy: 'apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies',
  ValidatingAdmissionPolicyBinding: 'apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings',
} as const;

export type Kind = keyof typeof RESOURCES;

/** The path of a kind: all of it, one namespace of it, or one object. Cluster-wide objects take an empty namespace. */
export function pathOf(kind: Kind, namespace = '', name = ''): string {
  const resource = RESOURCES[kind];
  const slash = resource.lastIndexOf('/');
  const collection = namespace
    ? `${resource.slice(0, slash)}/namespaces/${namespace}${resource.slice(slash)}`
    : resource;
  return `/${collection}${name ? `/${name}` : ''}`;
}

/** The API version of a kind, as objects carry it. */
export function apiVersionOf(kind: Kind): string {
  const resource = RESOURCES[kind];
  return resource.slice(resource.indexOf('/') + 1, resource.lastIndexOf('/'));
}
