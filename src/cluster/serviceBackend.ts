import { fits, type Shape } from '../fieldTypes.ts';
import type { Labels } from '../model.ts';
import type { Api } from './api.ts';
import { wholeList } from './list.ts';
import { resourcePath } from './resources.ts';
import { selectorQuery } from './selectorQuery.ts';

/** A pod that serves a port of a Service, and its own port. */
export interface ServiceBackend {
  readonly pod: string;
  readonly port: number;
}

interface RawService {
  readonly spec?: {
    readonly type?: string;
    readonly selector?: Labels;
    readonly ports?: readonly { readonly port?: number; readonly targetPort?: number | string }[];
  };
}

interface RawPod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly spec?: {
    readonly containers?: readonly {
      readonly ports?: readonly { readonly name?: string; readonly containerPort?: number }[];
    }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type?: string; readonly status?: string }[] };
}

const SERVICE: Shape = {
  spec: { type: 'string', selector: 'labels', ports: [{ port: 'number', targetPort: 'scalar' }] },
};
const POD: Shape = {
  metadata: { name: 'string', deletionTimestamp: 'string' },
  spec: { containers: [{ ports: [{ name: 'string', containerPort: 'number' }] }] },
  status: { conditions: [{ type: 'string', status: 'string' }] },
};

/**
 * The first ready pod behind a port of a Service, as `kubectl port-forward svc/NAME` chooses one (kubectl
 * pkg/polymorphichelpers/attachablepodforobject.go and pkg/util/service_port.go): ports of a Service are not ports of its pods.
 * @throws {Error} with a message for users: there is no such Service, port or pod
 * @throws {ApiError} when Service or pods cannot be read
 */
export async function serviceBackend(
  api: Api,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  port: number,
): Promise<ServiceBackend> {
  const shown = `Service ${namespace}/${name}`;
  const service = await api.request<RawService>({ method: 'GET', path: resourcePath('services', namespace, name) });
  if (!fits(service, SERVICE)) throw new Error(`${shown} cannot be read`);
  const { selector = {}, ports = [] } = service.spec ?? {};
  if (service.spec?.type === 'ExternalName' || Object.keys(selector).length === 0)
    throw new Error(`${shown} selects no pods`);
  const served = ports.find((one) => one.port === port);
  if (!served) throw new Error(`${shown} has no port ${port}`);
  const labelSelector = selectorQuery({ matchLabels: selector });
  const pods = await wholeList<RawPod>(api, { path: resourcePath('pods', namespace), labelSelector });
  const pod = pods.find((one) => fits(one, POD) && isReady(one));
  if (!pod) throw new Error(`none of the ${pods.length} pods of ${shown} is ready`);
  return { pod: pod.metadata.name, port: targetOf(served.targetPort || port, pod, shown) };
}

const isReady = ({ metadata, status }: RawPod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');

function targetOf(target: number | string, { metadata, spec }: RawPod, shown: string): number {
  if (typeof target === 'number') return target;
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const named = ports.find(({ name }) => name === target)?.containerPort;
  if (named === undefined) throw new Error(`pod ${metadata.name} has no port ${target}, which ${shown} leads to`);
  return named;
}
