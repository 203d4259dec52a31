import { type Reason, reason } from '../../reasons.ts';
import { chartMismatch } from './chartMismatch.ts';
import type { Gate, GateFacts } from './gate.ts';
import { istiodRolling } from './istiodRolling.ts';
import { proxyNewerThanIstiod } from './proxyNewerThanIstiod.ts';
import { unconfirmedAnswer } from './unconfirmedAnswer.ts';

/** The gates G1 to G4 in order. */
export const GATES = [
  istiodRolling,
  chartMismatch,
  unconfirmedAnswer,
  proxyNewerThanIstiod,
] as const satisfies readonly Gate[];

/** The reason that a closed gate gives, which is also its name in the policy. */
export type GateCode = (typeof GATES)[number]['code'];

export const GATE_CODES: readonly GateCode[] = GATES.map(({ code }) => code);

/** Whether a reason's code is that of a gate. */
export const isGate = (code: string): code is GateCode => GATE_CODES.some((gate) => gate === code);

/**
 * Whether the control plane is ready for restarts towards it. Undefined: every gate is open.
 * While istiod rolls, or an upgrade has written only half of its objects, its replicas answer differently; and a data plane newer than its
 * control plane is what Istio does not support (istio.io, Supported Releases). What cannot be seen closes no gate but G3.
 */
export function closedGate(facts: GateFacts, ignored: ReadonlySet<GateCode>): Reason | undefined {
  for (const gate of GATES) {
    const finding = ignored.has(gate.code) ? undefined : findingOf(gate, facts);
    if (finding) return reason(gate.code, finding);
  }
  return undefined;
}

/** Why one gate is closed; undefined: it is open. */
export const findingOf = (gate: Gate, facts: GateFacts): string | undefined => gate.check(withoutStranger(facts));

/**
 * Only labels tell which istiod stands behind a URL, and they stay when the URL is changed. An istiod of another revision than the answer
 * names did not give that answer: then none is visible.
 */
function withoutStranger(facts: GateFacts): GateFacts {
  if (!('url' in facts.injection.entry.address)) return facts;
  const { istiod, ...injection } = facts.injection;
  const { revision } = facts.expected;
  return revision !== '' && istiod?.revision !== revision ? { ...facts, injection } : facts;
}
