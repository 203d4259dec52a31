import { keyOf } from '../model.ts';
import { FORTSA_RESTARTED_AT, RESTARTED_AT } from '../names.ts';
import { type ReasonCode, reason } from '../reasons.ts';
import type { Assessed, Outdated } from './assessed.ts';
import { budgetName, isAllDown, lowersAvailability, meansOutage } from './budget.ts';
import { closedGate } from './gates.ts';
import { everywhereOrHere, haltOf } from './halts.ts';
import { ownerKind } from './history.ts';
import { isRetryAsked, knownRestarts, LONGEST_SKEW, lastRestart } from './journalEntry.ts';
import { fingerprint, parseTime, recordOf, timestamp, writesOf } from './record.ts';
import { isSettled, rolloutState } from './rollout.ts';
import type { Rule, RuleContext, Wait } from './rule.ts';
import { SELECTION } from './selection.ts';

const DAY = 24 * 60 * 60 * 1000;

/**
 * The rules in order: first what people have said, then what will not change by waiting, then the control plane, then the workload's own
 * state.
 */
const RULES: readonly Rule[] = [
  operatorPaused,
  ...SELECTION,
  gaveUp,
  dailyCap,
  halted,
  ownerReverts,
  outage,
  watchStale,
  configReadDelay,
  gate,
  paused,
  rolling,
  unavailable,
  budgets,
  cooldown,
  backingOff,
];

/** The first rule that keeps this workload from being restarted now; undefined: nothing does. Throttles are counted elsewhere. */
export function waitOf(assessed: Outdated, ruleContext: RuleContext): Wait | undefined {
  for (const rule of RULES) {
    const hold = rule(assessed, ruleContext);
    if (hold) return hold;
  }
  return undefined;
}

const hold = (code: ReasonCode, detail: string, until?: number): Wait => ({
  reason: reason(code, detail),
  ...(until !== undefined && { until }),
});

function operatorPaused(_judged: Outdated, { paused: why }: RuleContext): Wait | undefined {
  return why === undefined ? undefined : hold('operator-paused', why);
}

function gaveUp(assessed: Outdated, { policy }: RuleContext): Wait | undefined {
  const { workload, verdict } = assessed;
  if (isRetryAsked(assessed)) return undefined;
  const wanted = fingerprint(verdict.expected);
  const finished = isSettled(workload) && rolloutState(workload).kind === 'complete';
  const last = knownRestarts(assessed).find(({ restartedFor, outcome, attempts }) => {
    if (restartedFor !== wanted || outcome === 'verified' || outcome === 'superseded:expectation') return false;
    return attempts >= policy.maxAttempts || !finished || outcome === 'reverted';
  });
  if (!last) return undefined;
  const end = last.outcome ? `outcome ${last.outcome}` : 'how that ended is not known';
  return hold('gave-up', `restarted for this sidecar at ${timestamp(last.restartedAt)}, ${end}`);
}

/** Restarts within a day that ended well: more than an upgrade and its corrections need, fewer than an injector that flaps would cause. */
const WELL_PER_DAY = 10;

function dailyCap({ workload, entry }: Outdated, { wall, policy }: RuleContext): Wait | undefined {
  // the record on the workload can add restarts that the journal does not know, and changes none that it knows
  const writes = new Map(
    [recordOf(workload), entry].flatMap((one) => (one ? writesOf(one) : [])).map(({ at, well }) => [at, well]),
  );
  const recent = [...writes].filter(([at]) => at > wall - DAY && at <= wall + LONGEST_SKEW);
  const times = (well: boolean): number[] => recent.flatMap(([at, was]) => (was === well ? at : []));
  const { maxRestartsPerDay } = policy;
  return capped(times(false), maxRestartsPerDay, 'did not end well') ?? capped(times(true), WELL_PER_DAY, 'ended well');
}

function capped(times: readonly number[], most: number, how: string): Wait | undefined {
  const first = times.toSorted((a, b) => b - a)[most - 1];
  const words = `${times.length} restarts within 24 hours ${how}, the limit is ${most}`;
  return first === undefined ? undefined : hold('daily-cap', words, first + DAY);
}

function halted({ injection, workload }: Outdated, ruleContext: RuleContext): Wait | undefined {
  return haltOf(injection, workload.namespace, ruleContext);
}

function ownerReverts({ workload, injection }: Outdated, ruleContext: RuleContext): Wait | undefined {
  if (!workload.owner) return undefined;
  const kind = ownerKind(workload.owner);
  const { reverted } = ruleContext.history;
  const one = everywhereOrHere(reverted, `${injection.run} ${kind}`, injection.run, workload.namespace, ruleContext);
  return one === undefined
    ? undefined
    : hold('owner-reverts', `the restart of ${one}, owned by a ${kind}, was taken back`);
}

function outage(assessed: Outdated, { policy }: RuleContext): Wait | undefined {
  const { workload } = assessed;
  if (policy.recreate === 'restart' || !meansOutage(workload) || isAllDown(assessed)) return undefined;
  return hold('outage', `${workload.strategy} may take all ${workload.rollout.desired} pods away at once`);
}

/** With a frozen picture of the control plane nobody can say that it is ready. */
function watchStale(_judged: Outdated, { stale }: RuleContext): Wait | undefined {
  return stale === undefined ? undefined : hold('watch-stale', stale);
}

function configReadDelay({ injection }: Outdated, { now, policy, epochSeenAt }: RuleContext): Wait | undefined {
  const until = (epochSeenAt.get(injection.epoch) ?? now) + policy.istiodConfigReadDelay;
  return until > now
    ? hold('config-read-delay', `the injector of ${injection.entry.configuration} is new`, until)
    : undefined;
}

function gate({ injection, verdict }: Outdated, { policy, unconfirmed }: RuleContext): Wait | undefined {
  const facts = { injection, expected: verdict.expected, unconfirmed: unconfirmed(injection) };
  const closed = closedGate(facts, policy.ignoreGate);
  return closed && { reason: closed };
}

function paused({ workload }: Outdated): Wait | undefined {
  return workload.paused ? hold('paused', 'spec.paused is true; a restart would begin only on resume') : undefined;
}

/**
 * Whether the rollout that does not end is the one that our own failed restart began: nobody else's work is in the way, and only another
 * rollout can end it. Whether one is due is the other rules' say; for the same sidecar it is not. One that has ended is in nobody's way.
 */
function isOurFailure(assessed: Assessed): boolean {
  const { workload } = assessed;
  const last = lastRestart(assessed);
  const template = parseTime(workload.template.annotations[RESTARTED_AT]);
  const failed = last?.outcome?.startsWith('failed:') === true && template === last.restartedAt;
  return failed && rolloutState(workload).kind !== 'complete';
}

function rolling(assessed: Outdated): Wait | undefined {
  const { workload } = assessed;
  if (isSettled(workload) || isOurFailure(assessed)) return undefined;
  const state = rolloutState(workload);
  return hold('rolling', state.kind === 'complete' ? 'a rollout is in progress' : state.detail);
}

/**
 * Recreate spares nobody, so what is not whole is left alone. The DaemonSet controller counts pods on lost nodes as unavailable
 * (pkg/controller/daemon/update.go): where they are as many as may be, it would replace no other. Where every pod is outdated and none is
 * Ready there is nothing left to take away, and a restart is the cure.
 */
function unavailable(assessed: Outdated): Wait | undefined {
  const { workload, onLostNodes } = assessed;
  const { desired, available } = workload.rollout;
  const missing = desired - available;
  const allowed = workload.strategy === 'Recreate' ? 0 : workload.maxUnavailable;
  if (isOurFailure(assessed) || isAllDown(assessed)) return undefined;
  if (onLostNodes > 0 && onLostNodes >= allowed)
    return hold(
      'unavailable',
      `${onLostNodes} of ${desired} pods are on nodes that are not Ready, its strategy allows ${allowed}`,
    );
  return missing > allowed
    ? hold('unavailable', `${missing} of ${desired} pods are unavailable, its strategy allows ${allowed}`)
    : undefined;
}

/** If the workload's own pods have spent a budget, by a failed restart or because none is Ready, only another rollout can restore it. */
function budgets(assessed: Outdated, { policy }: RuleContext): Wait | undefined {
  const { workload, budgets: covering } = assessed;
  if (policy.pdb === 'ignore' || !lowersAvailability(workload)) return undefined;
  if (isOurFailure(assessed) || isAllDown(assessed)) return undefined;
  const spent = covering.find(({ allowed }) => allowed < 1);
  return spent && hold('pdb', `${budgetName(spent)} allows no disruption: ${spent.detail}`);
}

/** After anyone's restart: our own by the steady clock, others' by the wall clock. A time in the future does not count. */
function cooldown({ workload, entry }: Outdated, { now, wall, policy }: RuleContext): Wait | undefined {
  const { annotations } = workload.template;
  const written = [
    recordOf(workload)?.restartedAt,
    ...[FORTSA_RESTARTED_AT, RESTARTED_AT].map((key) => parseTime(annotations[key])),
  ];
  const others = written.flatMap((time) => (time !== undefined && time <= wall ? time : []));
  const last = Math.max(entry?.since ?? Number.NEGATIVE_INFINITY, ...others.map((time) => time - wall + now));
  const until = last + policy.annotationCooldown;
  return until > now ? hold('cooldown', `restarted at ${timestamp(last - now + wall)}`, until) : undefined;
}

/** What met an error is tried again a little later, whatever it was. */
export function backingOff(
  { workload }: Assessed,
  { now, retryAt }: Pick<RuleContext, 'now' | 'retryAt'>,
): Wait | undefined {
  const retry = retryAt.get(keyOf(workload));
  return retry && retry.until > now ? hold('error', retry.problem, retry.until) : undefined;
}
