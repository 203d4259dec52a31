import type { Gate } from '../gates/gate.ts';
import { findingOf, type GateCode } from '../gates/gates.ts';
import type { Rule } from '../rule.ts';

/** A gate as a rule: unless the policy ignores it, all workloads of its injection wait. */
export const gateRule = (gate: Gate<GateCode>): Rule<GateCode> => ({
  ...gate,
  betweenPods: true,
  check({ injection, verdict }, { policy, unconfirmed }) {
    if (policy.ignoreGate.has(gate.code)) return undefined;
    const detail = findingOf(gate, { injection, expected: verdict.expected, unconfirmed: unconfirmed(injection) });
    return detail === undefined ? undefined : { detail };
  },
});
