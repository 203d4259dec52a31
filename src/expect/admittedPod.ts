import { ownerKind } from '../kinds/kinds.ts';
import type { Labels, Workload } from '../model.ts';
import { FORTSA_RESTARTED_AT, RESTARTED_AT } from '../names.ts';
import { nextPodLabels } from './admission.ts';
import { type Known, KnownObject } from './knownObject.ts';

/** The variables of `matchConditions` that are known before the pod is created. */
export interface AdmissionVariables {
  readonly object: KnownObject;
  readonly oldObject: null;
  readonly request: KnownObject;
}

/**
 * What the API server's expressions see when a workload's next pod is created: the pod as its controller makes it from the template, and
 * the request (apiserver admission/plugin/cel: CreateAdmissionRequest). Unknown are the fields that controllers and the API server's own
 * admission plugins set before webhooks are called (kube-apiserver pkg/kubeapiserver/options/plugins.go): names, hashes, priorities,
 * tolerations, volumes of tokens, and resources from a LimitRange. The user is unknown too: it is the controller, and its name depends on
 * the cluster.
 */
export function admissionVariables(workload: Workload): AdmissionVariables {
  return { object: podOf(workload), oldObject: null, request: requestOf(workload.namespace) };
}

function requestOf(namespace: string): KnownObject {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  const resource = { group: '', version: 'v1', resource: 'pods' };
  const fields = {
    kind,
    resource,
    requestKind: kind,
    requestResource: resource,
    namespace,
    operation: 'CREATE',
    dryRun: false,
  };
  return new KnownObject({ fields, restOpen: true }, 'request');
}

function podOf(workload: Workload): KnownObject {
  const fields = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: new KnownObject(metadataOf(workload), 'object.metadata'),
    spec: new KnownObject(specOf(workload.template.spec), 'object.spec'),
  };
  return new KnownObject({ fields, restOpen: true }, 'object');
}

/** Up to this length, the generateName of a controller's pods begins with its whole name (kubernetes pkg/controller getPodsPrefix). */
const LONGEST_PREFIX = 252;

function metadataOf(workload: Workload): Known {
  const { kind, name, namespace, template } = workload;
  // a Deployment's pods are named after its ReplicaSet, with a hash
  const isPrefix = !ownerKind(kind).through && name.length <= LONGEST_PREFIX;
  return {
    fields: {
      namespace,
      ...(isPrefix && { generateName: `${name}-` }),
      labels: labelsOf(workload),
      annotations: annotationsOf(template.annotations),
    },
    restOpen: true,
  };
}

function labelsOf(workload: Workload): KnownObject {
  const { labels } = workload.template;
  const added = Object.keys(nextPodLabels(workload)).filter((key) => !Object.hasOwn(labels, key));
  return new KnownObject({ fields: labels, open: new Set(added) }, 'object.metadata.labels');
}

/** A restart writes its time here, and a LimitRange writes what it has set (kubernetes plugin/pkg/admission/limitranger). */
const WRITTEN_LATER: ReadonlySet<string> = new Set([RESTARTED_AT, FORTSA_RESTARTED_AT, 'kubernetes.io/limit-ranger']);

/** A restart can add the first annotation to a pod. In that case, the whole field is unknown. */
function annotationsOf(annotations: Labels): KnownObject | undefined {
  if (Object.keys(annotations).length === 0) return undefined;
  return new KnownObject({ fields: annotations, open: WRITTEN_LATER }, 'object.metadata.annotations');
}

/** Fields of a pod's spec that always equal the template's, present or absent. */
const OF_TEMPLATE = [
  'activeDeadlineSeconds',
  'automountServiceAccountToken',
  'dnsConfig',
  'dnsPolicy',
  'enableServiceLinks',
  'hostAliases',
  'hostIPC',
  'hostNetwork',
  'hostPID',
  'hostUsers',
  'os',
  'readinessGates',
  'restartPolicy',
  'runtimeClassName',
  'schedulerName',
  'securityContext',
  'setHostnameAsFQDN',
  'shareProcessNamespace',
  'terminationGracePeriodSeconds',
  'topologySpreadConstraints',
];
/** Fields that a plugin sets only if the template does not. */
const WHERE_GIVEN = ['imagePullSecrets', 'priorityClassName'];
const CONTAINER_LISTS = ['containers', 'initContainers'];
/** Fields of a container that plugins add to. */
const OF_CONTAINER: ReadonlySet<string> = new Set(['imagePullPolicy', 'resources', 'volumeMounts']);

function specOf(spec: Workload['template']['spec']): Known {
  const mine = new Set([...OF_TEMPLATE, ...CONTAINER_LISTS, 'serviceAccountName']);
  const given = Object.entries(spec).filter(([key]) => mine.has(key) || WHERE_GIVEN.includes(key));
  const account =
    typeof spec.serviceAccountName === 'string' && spec.serviceAccountName !== ''
      ? {}
      : { serviceAccountName: 'default' };
  const lists = CONTAINER_LISTS.flatMap((key) =>
    Array.isArray(spec[key]) ? [[key, containersOf(spec[key], key)] as const] : [],
  );
  return {
    fields: { ...Object.fromEntries(given), ...Object.fromEntries(lists), ...account },
    closed: mine,
    restOpen: true,
  };
}

const containersOf = (containers: readonly unknown[], list: string): unknown[] =>
  containers.map((container, index) =>
    typeof container === 'object' && container !== null
      ? new KnownObject({ fields: container as Known['fields'], open: OF_CONTAINER }, `object.spec.${list}[${index}]`)
      : container,
  );
