/** An API object as a test writes it. */
export interface Written {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly generation?: number;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly [field: string]: unknown;
}

const RULES = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
const SELECTOR = { matchLabels: { 'istio-injection': 'enabled' } };

/** A webhook configuration with one entry of Istio's; `revision` is its label, and without it there is none. */
export const webhook = (clientConfig: object, metadata: Partial<Written['metadata']> = {}): Written => ({
  metadata: { name: 'istio-sidecar-injector', ...metadata },
  webhooks: [{ name: 'namespace.sidecar-injector.istio.io', namespaceSelector: SELECTOR, rules: RULES, clientConfig }],
});

export const byService = (name = 'istiod', namespace = 'istio-system') => ({
  service: { name, namespace, path: '/inject', port: 443 },
});

export const service = (name: string, spec: object, namespace = 'istio-system'): Written => ({
  metadata: { name, namespace },
  spec,
});

interface DeploymentGiven {
  readonly namespace?: string;
  readonly revision?: string;
  readonly image?: string;
  readonly generation?: number;
  readonly ready?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly podLabels?: Readonly<Record<string, string>>;
  readonly env?: readonly object[];
}

/** A complete istiod of one replica. */
export function deployment(name: string, given: DeploymentGiven = {}): Written {
  const { namespace = 'istio-system', revision = 'default', image = 'docker.io/istio/pilot:1.31.0' } = given;
  const { generation = 1, ready = 1, env = [] } = given;
  const labels = { app: 'istiod', 'istio.io/rev': revision };
  return {
    metadata: { name, namespace, generation, labels: given.labels ?? labels },
    spec: {
      replicas: 1,
      template: {
        metadata: { labels: given.podLabels ?? labels },
        spec: { containers: [{ name: 'discovery', image, env }] },
      },
    },
    status: {
      observedGeneration: generation,
      replicas: 1,
      updatedReplicas: 1,
      readyReplicas: ready,
      availableReplicas: ready,
    },
  };
}

export const namespace = (name: string, labels: Readonly<Record<string, string>> = {}): Written => ({
  metadata: { name, labels },
});

export const configMap = (name: string, data: object, inNamespace = 'istio-system'): Written => ({
  metadata: { name, namespace: inNamespace },
  data,
});

export const proxyConfig = (inNamespace: string, imageType: string): Written => ({
  metadata: { name: 'image', namespace: inNamespace },
  spec: { image: { imageType } },
});
