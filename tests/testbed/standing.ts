import type { Api } from './api.ts';
import { apiVersionOf, pathOf } from './paths.ts';

const AT_A_TIME = 32;
const HASH = 'standing';

export interface Standing {
  readonly namespace: string;
  readonly name: string;
  /** Of the sidecar that its pod has, and that an injector seems to have made. */
  readonly image: string;
  readonly revision: string;
}

/**
 * Makes StatefulSets with one ready pod each, as they stand after their controllers are done: for thousands that is a question of seconds,
 * where controllers and kubelets take minutes. The controllers must not run, and the namespaces must not be injected yet.
 */
export async function createStanding(api: Api, all: readonly Standing[]): Promise<void> {
  const left = [...all];
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next; next = left.pop()) await createOne(api, next);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
}

async function createOne(api: Api, { namespace, name, image, revision }: Standing): Promise<void> {
  const kind = 'StatefulSet';
  const labels = { app: name };
  // a template of its own each, so that none is asked about for another
  const spec = { containers: [{ name: 'app', image: 'testbed/app:1', env: [{ name: 'NAME', value: name }] }] };
  const template = { metadata: { labels }, spec };
  const { metadata } = await api.create(pathOf(kind, namespace), {
    apiVersion: apiVersionOf(kind),
    kind,
    metadata: { namespace, name, labels },
    spec: { replicas: 1, serviceName: name, selector: { matchLabels: labels }, template },
  });
  const counts = { replicas: 1, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1, currentReplicas: 1 };
  const status = { ...counts, observedGeneration: 1, currentRevision: HASH, updateRevision: HASH };
  await api.patch(`${pathOf(kind, namespace, name)}/status`, { status });
  const pod = `${name}-0`;
  await api.create(pathOf('Pod', namespace), {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace,
      name: pod,
      labels: { ...labels, 'controller-revision-hash': HASH },
      annotations: { 'istio.io/rev': revision, 'sidecar.istio.io/status': '{"containers":["istio-proxy"]}' },
      ownerReferences: [{ apiVersion: apiVersionOf(kind), kind, name, uid: metadata.uid, controller: true }],
    },
    spec: { ...spec, nodeName: 'node-0', initContainers: [{ name: 'istio-proxy', image, restartPolicy: 'Always' }] },
  });
  const ready = [{ type: 'Ready', status: 'True' }];
  await api.patch(`${pathOf('Pod', namespace, pod)}/status`, { status: { phase: 'Running', conditions: ready } });
}
