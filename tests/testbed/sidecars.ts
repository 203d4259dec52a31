import type { Api, ApiObject } from './api.ts';
import { pathOf } from './paths.ts';

const PROXY = 'istio-proxy';

/** A pod that is not being deleted, with the proxy it carries. */
export interface PodSidecar {
  readonly pod: string;
  /** `Kind/name` of the workload; of a ReplicaSet that belongs to a Deployment, the Deployment. */
  readonly owner: string;
  readonly placement: 'container' | 'initContainer' | 'none';
  /** Empty where there is no proxy. */
  readonly image: string;
  /** The pod's annotation `istio.io/rev`, which the injector sets; empty where it is absent. */
  readonly revision: string;
  readonly phase: string;
  readonly ready: boolean;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

interface Container {
  readonly name: string;
  readonly image: string;
}

interface Pod extends ApiObject {
  readonly spec: { readonly containers: readonly Container[]; readonly initContainers?: readonly Container[] };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** The pods of a namespace that are not being deleted, and what proxy each of them carries. */
export async function sidecars(api: Api, namespace: string): Promise<PodSidecar[]> {
  const pods = await api.list<Pod>(pathOf('Pod', namespace));
  return pods.filter(({ metadata }) => !metadata.deletionTimestamp).map(sidecar);
}

function sidecar({ metadata, spec, status }: Pod): PodSidecar {
  const among = (containers: readonly Container[] = []) => containers.find(({ name }) => name === PROXY)?.image;
  const ordinary = among(spec.containers);
  const native = among(spec.initContainers);
  return {
    pod: metadata.name,
    owner: owner(metadata),
    placement: ordinary !== undefined ? 'container' : native !== undefined ? 'initContainer' : 'none',
    image: ordinary ?? native ?? '',
    revision: metadata.annotations?.['istio.io/rev'] ?? '',
    phase: status.phase ?? 'Pending',
    ready: status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
    created: Date.parse(metadata.creationTimestamp),
  };
}

function owner({ ownerReferences = [], labels }: ApiObject['metadata']): string {
  const controller = ownerReferences.find((reference) => reference.controller);
  if (!controller) return '';
  const hash = labels?.['pod-template-hash'];
  if (controller.kind === 'ReplicaSet' && hash && controller.name.endsWith(`-${hash}`)) {
    return `Deployment/${controller.name.slice(0, -hash.length - 1)}`;
  }
  return `${controller.kind}/${controller.name}`;
}
