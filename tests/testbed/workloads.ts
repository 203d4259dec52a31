import type { Api, ApiObject } from './api.ts';
import { merge } from './merge.ts';
import { apiVersionOf, pathOf } from './paths.ts';
import { BEHAVIOUR } from './stages.ts';
import { until } from './until.ts';

const READY_MS = 60_000;
const NAMESPACE_MS = 60_000;
const SIDECAR_PORT = 8080;

export const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

export interface WorkloadOptions {
  readonly kind?: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  readonly replicas?: number;
  /** Of the container; nothing runs in the testbed's pods, so that by default it is a made-up one. */
  readonly image?: string;
  /** Labels and annotations of the pod template. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Pods become Ready only this long after their start, for example `5s`. */
  readonly readyAfter?: string;
  /** `never`: pods run but are never Ready; `fail`: they end as Failed some seconds later, and are replaced. */
  readonly ready?: 'never' | 'fail';
  /** Pods whose injected proxy has this tag are never Ready. */
  readonly stuckWithProxy?: string;
  /** Annotations of the workload itself. */
  readonly ownAnnotations?: Readonly<Record<string, string>>;
  /** Laid over the workload's spec: strategy, paused, minReadySeconds, template and so on. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** The fields that tell how far a rollout is, of all three kinds. */
export interface Rollout extends ApiObject {
  readonly spec: { readonly replicas?: number };
  readonly status: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly readyReplicas?: number;
    readonly availableReplicas?: number;
    readonly updatedReplicas?: number;
    readonly unavailableReplicas?: number;
    readonly desiredNumberScheduled?: number;
    readonly currentNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberReady?: number;
    readonly numberAvailable?: number;
    readonly currentRevision?: string;
    readonly updateRevision?: string;
  };
}

/** Creates a workload whose pods end at once when they are deleted. */
export async function deploy(api: Api, options: WorkloadOptions): Promise<void> {
  const { kind = 'Deployment', namespace } = options;
  await api.create(pathOf(kind, namespace), workload(kind, options));
}

/** Restarts a workload as `kubectl rollout restart` does, but may do so more than once in a second. */
export async function restart(api: Api, kind: WorkloadKind, namespace: string, name: string): Promise<void> {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() };
  await api.patch(pathOf(kind, namespace, name), { spec: { template: { metadata: { annotations } } } });
}

/** Whether a rollout is complete: every pod is new, Ready and so for long enough, and no old one is left. */
export function isRolledOut({ metadata, spec, status }: Rollout): boolean {
  if (status.observedGeneration !== metadata.generation) return false;
  if (status.desiredNumberScheduled !== undefined) {
    const { desiredNumberScheduled: desired, currentNumberScheduled, updatedNumberScheduled } = status;
    const counts = [currentNumberScheduled, updatedNumberScheduled, status.numberReady, status.numberAvailable];
    return desired > 0 && counts.every((n) => n === desired);
  }
  const { replicas = 0, readyReplicas = 0, availableReplicas = 0, updatedReplicas = 0 } = status;
  const { currentRevision, updateRevision } = status;
  const updated = currentRevision !== undefined && currentRevision === updateRevision ? replicas : updatedReplicas;
  return [replicas, readyReplicas, availableReplicas, updated].every((n) => n === (spec.replicas ?? 1));
}

/** Waits until all workloads of a namespace are rolled out. */
export async function waitReady(api: Api, namespace: string, deadlineMs = READY_MS): Promise<void> {
  const complete = async () => {
    const late = await unfinished(api, namespace);
    return late.length === 0 || new Error(`not yet: ${late.join(', ')}`);
  };
  await until(`all workloads of namespace ${namespace} to be Ready`, deadlineMs, complete);
}

async function unfinished(api: Api, namespace: string): Promise<string[]> {
  const lists = WORKLOAD_KINDS.map(async (kind) => {
    const found = await api.list<Rollout>(pathOf(kind, namespace));
    return found.filter((one) => !isRolledOut(one)).map(({ metadata }) => `${kind}/${metadata.name}`);
  });
  return (await Promise.all(lists)).flat();
}

/** Creates a namespace, and waits until pods can be made in it. */
export async function createNamespace(api: Api, name: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await api.create(pathOf('Namespace'), { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  const account = () => api.find(pathOf('ServiceAccount', name, 'default'));
  await until(`the default ServiceAccount of namespace ${name}`, NAMESPACE_MS, account, 20);
}

/** Deletes a namespace and waits until it is gone. */
export async function deleteNamespace(api: Api, name: string): Promise<void> {
  await api.delete(pathOf('Namespace', '', name));
  const gone = async () => !(await api.find(pathOf('Namespace', '', name)));
  await until(`namespace ${name} to be gone`, NAMESPACE_MS, gone);
}

function workload(kind: WorkloadKind, options: WorkloadOptions): Record<string, unknown> {
  const { namespace, name, replicas = 1, image = 'testbed/app:1', ownAnnotations = {} } = options;
  const app = { app: `${name}-${kind.toLowerCase()}` };
  const spec = {
    ...(kind !== 'DaemonSet' && { replicas }),
    ...(kind === 'StatefulSet' && { serviceName: name }),
    selector: { matchLabels: app },
    template: {
      metadata: {
        labels: { ...app, ...options.labels },
        annotations: { ...behaviour(options), ...options.annotations },
      },
      spec: {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'app', image, ports: [{ containerPort: SIDECAR_PORT }] }],
      },
    },
  };
  return {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: { namespace, name, labels: app, annotations: ownAnnotations },
    spec: merge(spec, options.spec ?? {}),
  };
}

function behaviour({ ready, readyAfter, stuckWithProxy }: WorkloadOptions): Record<string, string> {
  return {
    ...(ready && { [BEHAVIOUR.ready]: ready }),
    ...(readyAfter && { [BEHAVIOUR.readyAfter]: readyAfter }),
    ...(stuckWithProxy && { [BEHAVIOUR.stuckWithProxy]: stuckWithProxy }),
  };
}
