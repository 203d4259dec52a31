import type { ExpectedSidecar } from '../../expect/answer.ts';
import type { Injection, Istiod } from '../../expect/mesh.ts';
import type { WaitReason } from '../wait.ts';

/** The input of the gates: an injection, the expected sidecar, and whether the injector's answers are stable. */
export interface GateFacts {
  readonly injection: Injection;
  readonly expected: ExpectedSidecar;
  /** Why the injector's answer is not confirmed yet; undefined once it is. Used only if no istiod is visible. */
  readonly unconfirmed: string | undefined;
}

/** A condition of the control plane that blocks restarts of its workloads. Pure. */
export interface Gate<Code extends string = string> extends WaitReason<Code> {
  /** Why the gate is closed; undefined if it is open. */
  check(facts: GateFacts): string | undefined;
  /** A note for users while the gate is open; undefined if there is none. */
  warning?(injection: Injection): string | undefined;
  /** The text of `plan --explain` if no istiod is visible. */
  readonly withoutIstiod: string;
}

/** The finding of a gate that looks at istiod. */
export const DOES_NOT_APPLY = 'does not apply, no istiod is visible';

/** An istiod in words. */
export const istiodName = ({ namespace, name }: Istiod): string => `istiod ${namespace}/${name}`;
