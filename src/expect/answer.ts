import type { Placement, SidecarConfig } from '../model.ts';
import type { Reason } from '../reasons.ts';

/** The sidecar that the injector would give a workload's next pod. */
export interface ExpectedSidecar {
  readonly image: string;
  /** Annotation `istio.io/rev` of the injected pod; empty if the injector sets none. */
  readonly revision: string;
  /** `any` if the source does not say where the container is; `none` if pods should have none. */
  readonly placement: Placement | 'any';
  /** Set if restarts are made for the placement, too. Then it is part of what a restart is for. */
  readonly placementCounts?: true;
  /** How the injector would configure it; absent if that is not read. */
  readonly config?: SidecarConfig;
  /** Set if restarts are made for the configuration, too. */
  readonly configCounts?: true;
  /** The name of the source; absent for Istio's proxy. */
  readonly source?: string;
}

/** An injector's answer about one pod template. */
export type Answer =
  | { readonly kind: 'sidecar'; readonly sidecar: ExpectedSidecar }
  | {
      readonly kind: 'no-sidecar';
      /** Why the injector may decline only the question, and not the pods; absent if nothing suggests it. */
      readonly doubt?: string;
    }
  | { readonly kind: 'unknown'; readonly reason: Reason };

/** Whether two answers are equal. */
export const sameAnswer = (one: Answer, other: Answer): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Whether two answers are equal, whatever they say of the sidecar's configuration. */
export const sameButConfig = (one: Answer, other: Answer): boolean =>
  JSON.stringify(withoutConfig(one)) === JSON.stringify(withoutConfig(other));

function withoutConfig(answer: Answer): Answer {
  if (answer.kind !== 'sidecar') return answer;
  const { config: _config, ...sidecar } = answer.sidecar;
  return { ...answer, sidecar };
}
