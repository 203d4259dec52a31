import type { Labels, NamespaceFacts, RolloutReport } from '../model.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/** `helm.sh/chart` and `app.kubernetes.io/version`, where an object carries them; Istio's charts do since 1.24. */
export type ChartLabels = readonly [chart: string | undefined, version: string | undefined];

/** A Deployment that may be a control plane, as far as the gates and the epoch need it. */
export interface Istiod {
  readonly namespace: string;
  readonly name: string;
  /** Its environment variable `REVISION`, else its label `istio.io/rev`, else `default`. */
  readonly revision: string;
  /** Whether it is labelled `app=istiod`, as Istio's charts do. */
  readonly isLabelled: boolean;
  /** Labels of its pod template: Services select by them. */
  readonly podLabels: Labels;
  readonly generation: number;
  readonly rollout: RolloutReport;
  /** How many of its replicas its strategy lets be unavailable. */
  readonly maxUnavailable: number;
  /** The Deployment's condition Available is True. */
  readonly isAvailable: boolean;
  /** Image of the container `discovery`. */
  readonly image: string;
  /** Labels that say which chart version the Deployment comes from. */
  readonly chart: ChartLabels;
  /** Hash of the pod template: a change of it is a change of the injector, a change of replicas is not. */
  readonly templateHash: string;
}

/** An injector entry with all that decides its answers. */
export interface Injection {
  readonly entry: WebhookEntry;
  /** Content hash of the entry and of its injector; the CA bundle is no part of it, because every istiod keeps rewriting that. */
  readonly epoch: string;
  /** Content hash of the injector alone (address, configuration, control plane): restarts towards it form one run. */
  readonly run: string;
  /** Chart labels of the injector ConfigMap; absent where it is not visible. */
  readonly configChart?: ChartLabels;
  /** Absent where the control plane is elsewhere (a remote cluster) or not visible. */
  readonly istiod?: Istiod;
}

/** A snapshot of the watched objects. */
export interface Mesh {
  readonly injections: readonly Injection[];
  readonly namespaces: ReadonlyMap<string, NamespaceFacts>;
}
