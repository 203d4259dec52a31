import type { Release, Values } from './helm.ts';
import { merge } from './merge.ts';

export interface GatewayOptions {
  readonly name: string;
  readonly namespace: string;
  readonly revision?: string;
  readonly replicas?: number;
  readonly kind?: 'Deployment' | 'DaemonSet';
  readonly annotations?: Readonly<Record<string, string>>;
  /** More values for Istio's chart `gateway`. */
  readonly values?: Values;
}

/** The release of a gateway whose proxy is injected (`image: auto`), of Istio's chart for it. */
export function gatewayRelease(options: GatewayOptions, version: string): Release {
  const { name, namespace, revision = '', replicas = 1, kind = 'Deployment', annotations = {} } = options;
  const values = {
    revision,
    kind,
    replicaCount: replicas,
    autoscaling: { enabled: false },
    service: { type: 'ClusterIP' },
    terminationGracePeriodSeconds: 0,
    podAnnotations: annotations,
  };
  return { name, namespace, chart: 'gateway', version, values: merge(values, options.values ?? {}) };
}
