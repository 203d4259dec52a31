import type { Labels, RolloutReport } from '../model.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/** The control plane Deployment of a revision, as far as the gates and the epoch need it. */
export interface Istiod {
  readonly namespace: string;
  readonly name: string;
  readonly revision: string;
  readonly generation: number;
  readonly rollout: RolloutReport;
  /** Image of the container `discovery`. */
  readonly image: string;
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
  /** Absent where the control plane is elsewhere (a remote cluster) or not visible. */
  readonly istiod?: Istiod;
}

/** What the watches know at one moment. */
export interface Mesh {
  readonly injections: readonly Injection[];
  readonly namespaces: ReadonlyMap<string, Labels>;
}
