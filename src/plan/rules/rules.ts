import type { Outdated } from '../assessed.ts';
import { GATES } from '../gates/gates.ts';
import type { Rule, RuleContext } from '../rule.ts';
import { type Wait, waitFor } from '../wait.ts';
import { answerContradicted } from './answerContradicted.ts';
import { backingOff } from './backingOff.ts';
import { budgets } from './budgets.ts';
import { canaryAnalysis } from './canaryAnalysis.ts';
import { configReadDelay } from './configReadDelay.ts';
import { configRemains } from './configRemains.ts';
import { cooldown } from './cooldown.ts';
import { dailyCap } from './dailyCap.ts';
import { doNotDisrupt } from './doNotDisrupt.ts';
import { excluded } from './excluded.ts';
import { freeze } from './freeze.ts';
import { gateRule } from './gateRule.ts';
import { gaveUp } from './gaveUp.ts';
import { groupMixed } from './groupMixed.ts';
import { groupNotReady } from './groupNotReady.ts';
import { halted } from './halted.ts';
import { metricGate } from './metricGate.ts';
import { notIncluded } from './notIncluded.ts';
import { notOptedIn } from './notOptedIn.ts';
import { operatorPaused } from './operatorPaused.ts';
import { optedOut } from './optedOut.ts';
import { otherSidecar } from './otherSidecar.ts';
import { outage } from './outage.ts';
import { ownerReverts } from './ownerReverts.ts';
import { paused } from './paused.ts';
import { recentlyOrphaned } from './recentlyOrphaned.ts';
import { rolling } from './rolling.ts';
import { rolloutPaused } from './rolloutPaused.ts';
import { unavailable } from './unavailable.ts';
import { updatePending } from './updatePending.ts';
import { watchStale } from './watchStale.ts';
import { wave } from './wave.ts';
import { waveBaking } from './waveBaking.ts';
import { waveFailed } from './waveFailed.ts';

import { window } from './window.ts';
import { windowUnreadable } from './windowUnreadable.ts';

/**
 * The rules in order: users' settings on the objects and then in the policy, conditions that waiting does not change, the waves, the
 * control plane, the times that the policy allows, the workload's own state, and last what is asked only for a workload that nothing else
 * keeps.
 */
export const RULES = [
  operatorPaused,
  optedOut,
  excluded,
  notIncluded,
  notOptedIn,
  windowUnreadable,
  configRemains,
  gaveUp,
  dailyCap,
  halted,
  ownerReverts,
  outage,
  doNotDisrupt,
  waveFailed,
  wave,
  waveBaking,
  watchStale,
  configReadDelay,
  recentlyOrphaned,
  answerContradicted,
  ...GATES.map(gateRule),
  freeze,
  window,
  otherSidecar,
  paused,
  rolloutPaused,
  groupMixed,
  updatePending,
  canaryAnalysis,
  rolling,
  unavailable,
  groupNotReady,
  budgets,
  cooldown,
  backingOff,
  metricGate,
] as const satisfies readonly Rule[];

type RuleCode = (typeof RULES)[number]['code'];

/** The first rule that prevents a restart of this workload now; undefined if none does. Limits are checked elsewhere. */
export const waitOf = (assessed: Outdated, context: RuleContext): Wait<RuleCode> | undefined =>
  firstOf(RULES, assessed, context);

/**
 * The first rule that prevents a restart of this workload now, and until when that stays so, by the steady clock, if nothing but time
 * passes.
 */
export function timedWaitOf(
  assessed: Outdated,
  context: RuleContext,
): { readonly wait: Wait<RuleCode> | undefined; readonly staysUntil: number } {
  let staysUntil = Number.POSITIVE_INFINITY;
  for (const rule of RULES as readonly Rule<RuleCode>[]) {
    const finding = rule.check(assessed, context);
    staysUntil = Math.min(staysUntil, endOfFinding(rule, assessed, context));
    if (finding) return { wait: waitFor(rule, finding), staysUntil };
  }
  return { wait: undefined, staysUntil };
}

/** Until when `isHeldForGood` stays as it is, by the steady clock, if nothing but time passes. */
export const heldForGoodUntil = (assessed: Outdated, context: RuleContext): number =>
  Math.min(...HOLDS_NO_WAVE.map((rule) => endOfFinding(rule, assessed, context)));

function endOfFinding(rule: Rule<RuleCode>, assessed: Outdated, context: RuleContext): number {
  if (!rule.changes) return Number.POSITIVE_INFINITY;
  return rule.staysUntil?.(assessed, context) ?? Number.NEGATIVE_INFINITY;
}

/** The first rule that prevents a restart now, and may not later; undefined if none does. */
export const changingWaitOf = (assessed: Outdated, context: RuleContext): Wait<RuleCode> | undefined =>
  firstOf(CHANGING, assessed, context);

/** The first rule that prevents a restart as long as nobody changes anything; undefined if none does. */
export const lastingWaitOf = (assessed: Outdated, context: RuleContext): Wait<RuleCode> | undefined =>
  firstOf(LASTING, assessed, context);

/** The first rule that keeps the next pod of a restart by evictions from being evicted now; undefined if none does. */
export const waitBetweenPods = (assessed: Outdated, context: RuleContext): Wait<RuleCode> | undefined =>
  firstOf(BETWEEN_PODS, assessed, context);

/**
 * Whether an outdated workload's own people hold it, or no waiting will make it current, so that its wave is done without it. The order of
 * the rules does not matter for that.
 */
export const isHeldForGood = (assessed: Outdated, context: RuleContext): boolean =>
  HOLDS_NO_WAVE.some((rule) => {
    const finding = rule.check(assessed, context);
    return finding !== undefined && (rule.holdsNoWave === true || finding.holdsNoWave === true);
  });

const HOLDS_NO_WAVE = (RULES as readonly Rule<RuleCode>[]).filter(({ holdsNoWave }) => holdsNoWave !== undefined);

const CHANGING = (RULES as readonly Rule<RuleCode>[]).filter(({ changes }) => changes);
const LASTING = (RULES as readonly Rule<RuleCode>[]).filter(({ changes }) => !changes);

const BETWEEN_PODS = (RULES as readonly Rule<RuleCode>[]).filter(({ betweenPods }) => betweenPods);

function firstOf(
  rules: readonly Rule<RuleCode>[],
  assessed: Outdated,
  context: RuleContext,
): Wait<RuleCode> | undefined {
  for (const rule of rules) {
    const finding = rule.check(assessed, context);
    if (finding) return waitFor(rule, finding);
  }
  return undefined;
}
