import { createHash } from 'node:crypto';
import { fleet as kind } from '../kinds/fleet.ts';
import type { Api, ApiObject } from '../testbed/api.ts';
import { pathOf } from '../testbed/paths.ts';
import { until } from '../testbed/until.ts';

const API = `/apis/${kind.group}/${kind.version}`;
const [HASH = ''] = Object.keys(kind.addedLabels);
const SHIP = { labels: { app: 'ship' } };

interface Fleet extends ApiObject {
  readonly spec: { readonly replicas: number; readonly template: { readonly metadata: object } };
}

interface Pod extends ApiObject {
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Has the API server serve the example kind, by a CustomResourceDefinition with a status of its own. */
export async function serveFleets(api: Api): Promise<void> {
  const any = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const openAPIV3Schema = { type: 'object', properties: { spec: any, status: any } };
  const served = { name: kind.version, served: true, storage: true, subresources: { status: {} } };
  await api.create(pathOf('CustomResourceDefinition'), {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.resource}.${kind.group}` },
    spec: {
      group: kind.group,
      scope: 'Namespaced',
      names: { kind: kind.kind, plural: kind.resource, singular: 'fleet', listKind: `${kind.kind}List` },
      versions: [{ ...served, schema: { openAPIV3Schema } }],
    },
  });
  await until('fleets to be served', 30_000, () => api.find(`${API}/${kind.resource}`));
}

const fleetsOf = (namespace: string): string => `${API}/namespaces/${namespace}/${kind.resource}`;

/** Creates a fleet of so many pods. */
export async function launch(api: Api, namespace: string, name: string, replicas: number): Promise<void> {
  const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: 'testbed/app:1' }] };
  await api.create(fleetsOf(namespace), {
    apiVersion: `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata: { namespace, name },
    spec: {
      replicas,
      strategy: { type: 'RollingUpdate' },
      selector: { matchLabels: SHIP.labels },
      template: { metadata: SHIP, spec },
    },
  });
}

/** One turn of a fleet's controller: makes a pod that is missing, or replaces one of an old template, and reports. */
export async function steer(api: Api, namespace: string, name: string): Promise<void> {
  const path = `${fleetsOf(namespace)}/${name}`;
  const { metadata, spec } = await api.get<Fleet>(path);
  const { template, replicas } = spec;
  const hash = createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
  const owner = { apiVersion: `${kind.group}/${kind.version}`, kind: kind.kind, name, uid: metadata.uid };
  const all = await api.list<Pod>(pathOf('Pod', namespace));
  const pods = all.filter(({ metadata: { deletionTimestamp } }) => !deletionTimestamp);
  const updated = pods.filter((pod) => pod.metadata.labels?.[HASH] === hash);
  const ready = pods.filter(({ status }) =>
    status.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'),
  );
  const old = pods.find((pod) => !updated.includes(pod));
  const counts = { replicas: pods.length, updatedReplicas: updated.length };
  const able = { readyReplicas: ready.length, availableReplicas: ready.length };
  const status = { observedGeneration: metadata.generation, ...counts, ...able };
  await api.patch(`${path}/status`, { status });
  if (pods.length < replicas)
    await api.create(pathOf('Pod', namespace), {
      ...template,
      metadata: {
        ...template.metadata,
        labels: { ...SHIP.labels, [HASH]: hash },
        generateName: `${name}-`,
        ownerReferences: [{ ...owner, controller: true }],
      },
    });
  else if (old && ready.length === replicas) await api.delete(pathOf('Pod', namespace, old.metadata.name));
}
