import type { Placement } from '../model.ts';
import type { Reason } from '../reasons.ts';

/** The sidecar that the injector would give a workload's next pod. */
export interface ExpectedSidecar {
  readonly image: string;
  /** Annotation `istio.io/rev` of the injected pod; empty if the injector sets none. */
  readonly revision: string;
  /** `any` if the source does not say where the container is. */
  readonly placement: Exclude<Placement, 'none'> | 'any';
  /** Set if restarts are made for the placement, too. Then it is part of what a restart is for. */
  readonly placementCounts?: true;
  /** The name of the source; absent for Istio's proxy. */
  readonly source?: string;
}

/** An injector's answer about one pod template. */
export type Answer =
  | { readonly kind: 'sidecar'; readonly sidecar: ExpectedSidecar }
  | { readonly kind: 'no-sidecar' }
  | { readonly kind: 'unknown'; readonly reason: Reason };
