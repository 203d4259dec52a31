import type { ExpectedSidecar } from '../../expect/answer.ts';
import type { Injection, Istiod } from '../../expect/mesh.ts';
import type { WaitReason } from '../rule.ts';

/** What the gates look at: an injection, what it expects, and whether its answers were seen to be stable. */
export interface GateFacts {
  readonly injection: Injection;
  readonly expected: ExpectedSidecar;
  /** Why the injector's answer is not confirmed yet; undefined once it is. Asked for only where no istiod is visible. */
  readonly unconfirmed: string | undefined;
}

/** One condition of the control plane under which nothing is restarted towards it. Pure. */
export interface Gate<Code extends string = string> extends WaitReason<Code> {
  /** Why it is closed; undefined: it is open. */
  check(facts: GateFacts): string | undefined;
  /** What a person should know of it while it is open; undefined when there is nothing. */
  warning?(injection: Injection): string | undefined;
  /** What `plan --explain` says of it where no istiod is visible. */
  readonly withoutIstiod: string;
}

/** The finding of a gate that looks at istiod. */
export const DOES_NOT_APPLY = 'does not apply, no istiod is visible';

/** An istiod in words. */
export const istiodName = ({ namespace, name }: Istiod): string => `istiod ${namespace}/${name}`;
