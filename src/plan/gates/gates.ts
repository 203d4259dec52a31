import { type Reason, reason } from '../../reasons.ts';
import { chartMismatch } from './chartMismatch.ts';
import type { Gate, GateFacts } from './gate.ts';
import { istiodRolling } from './istiodRolling.ts';
import { proxyNewerThanIstiod } from './proxyNewerThanIstiod.ts';
import { readyFirst } from './readyFirst.ts';
import { unconfirmedAnswer } from './unconfirmedAnswer.ts';

/** The gates in order: Istio's G1 to G4, then those of all sidecars. */
export const GATES = [
  istiodRolling,
  chartMismatch,
  unconfirmedAnswer,
  proxyNewerThanIstiod,
  readyFirst,
] as const satisfies readonly Gate[];

/** The reason that a closed gate gives, which is also its name in the policy. */
export type GateCode = (typeof GATES)[number]['code'];

export const GATE_CODES: readonly GateCode[] = GATES.map(({ code }) => code);

/** Whether a reason's code is that of a gate. */
export const isGate = (code: string): code is GateCode => GATE_CODES.some((gate) => gate === code);

/**
 * The first closed gate of a control plane; undefined if every gate is open.
 * During a rollout of istiod or a half-finished upgrade, its replicas answer differently. Istio does not support a data plane that is newer
 * than its control plane (istio.io, Supported Releases). Facts that are not visible close only gate G3.
 */
export function closedGate(facts: GateFacts, ignored: ReadonlySet<GateCode>): Reason<GateCode> | undefined {
  for (const gate of GATES) {
    const finding = ignored.has(gate.code) ? undefined : findingOf(gate, facts);
    if (finding) return reason(gate.code, finding);
  }
  return undefined;
}

/** Why a gate is closed; undefined if it is open. */
export const findingOf = (gate: Gate, facts: GateFacts): string | undefined => gate.check(withoutStranger(facts));

/**
 * For a URL, only labels show which istiod answers, and they may be wrong after the URL was changed. An istiod whose revision differs from
 * the answer's did not give that answer. Then no istiod is visible.
 */
function withoutStranger(facts: GateFacts): GateFacts {
  const { entry, istiod } = facts.injection;
  const { revision } = facts.expected;
  const isByUrl = entry !== undefined && 'url' in entry.address;
  if (!isByUrl || revision === '' || istiod?.revision === revision) return facts;
  const { istiod: _, ...injection } = facts.injection;
  return { ...facts, injection };
}
