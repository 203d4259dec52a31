import type { Injection } from '../expect/mesh.ts';
import { keyOf } from '../model.ts';
import { FORTSA_RESTARTED_AT, RESTARTED_AT } from '../names.ts';
import { type ReasonCode, reason } from '../reasons.ts';
import { budgetName, lowersAvailability, meansOutage } from './budget.ts';
import { closedGate } from './gates.ts';
import { ownerKind } from './history.ts';
import type { Judged, Outdated } from './judged.ts';
import { fingerprint, isRetryAsked, parseTime, recordOf, timestamp } from './record.ts';
import { isSettled, rolloutState } from './rollout.ts';
import type { Hold, Rule, Surroundings } from './rule.ts';
import { SELECTION } from './selection.ts';

const DAY = 24 * 60 * 60 * 1000;

/** The rules in order: first what people have said, then what will not change by waiting, then the control plane, then the workload's own state. */
const RULES: readonly Rule[] = [
  operatorPaused,
  ...SELECTION,
  gaveUp,
  dailyCap,
  halted,
  ownerReverts,
  ownedBy,
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
export function holdOf(judged: Outdated, surroundings: Surroundings): Hold | undefined {
  for (const rule of RULES) {
    const hold = rule(judged, surroundings);
    if (hold) return hold;
  }
  return undefined;
}

const hold = (code: ReasonCode, detail: string, until?: number): Hold => ({
  reason: reason(code, detail),
  ...(until !== undefined && { until }),
});

function operatorPaused(_judged: Outdated, { paused: why }: Surroundings): Hold | undefined {
  return why === undefined ? undefined : hold('operator-paused', why);
}

function gaveUp({ workload, verdict }: Outdated, { policy }: Surroundings): Hold | undefined {
  const record = recordOf(workload);
  if (isRetryAsked(workload)) return undefined;
  if (!record?.outcome || record.outcome === 'verified' || record.outcome === 'superseded:expectation')
    return undefined;
  if (record.restartedFor !== fingerprint(verdict.expected)) return undefined;
  const finished = isSettled(workload) && rolloutState(workload).kind === 'complete' && record.outcome !== 'reverted';
  if (record.attempts < policy.maxAttempts && finished) return undefined;
  return hold('gave-up', `restarted for this sidecar at ${timestamp(record.restartedAt)}, outcome ${record.outcome}`);
}

function dailyCap({ workload }: Outdated, { now }: Surroundings): Hold | undefined {
  const recent = (recordOf(workload)?.writes ?? []).filter((time) => time > now - DAY);
  const oldest = Math.min(...recent);
  return recent.length < 3 ? undefined : hold('daily-cap', 'restarted three times within 24 hours', oldest + DAY);
}

function halted({ injection }: Outdated, surroundings: Surroundings): Hold | undefined {
  return haltOf(injection, surroundings);
}

/** Whether the run of an injection is halted, and why. Pure in the records, so it survives whoever leads. */
export function haltOf(
  { run, entry }: Injection,
  { history, policy }: Pick<Surroundings, 'history' | 'policy'>,
): Hold | undefined {
  const open = history.failingOpen.get(run);
  if (open !== undefined)
    return hold('halted', `the webhook fails open: new pods of ${open} are ready without their sidecar`);
  const failed = history.failures.get(run) ?? 0;
  if (failed < policy.failureBudget) return undefined;
  return hold(
    'halted',
    `${failed} restarts towards revision ${entry.revision} failed, the budget is ${policy.failureBudget}`,
  );
}

function ownerReverts({ workload, injection }: Outdated, { history }: Surroundings): Hold | undefined {
  if (!workload.owner) return undefined;
  const kind = ownerKind(workload.owner);
  const reverted = history.reverted.get(`${injection.run} ${kind}`);
  return reverted === undefined
    ? undefined
    : hold('owner-reverts', `the restart of ${reverted}, owned by a ${kind}, was taken back`);
}

function ownedBy({ workload }: Outdated): Hold | undefined {
  const { restartManager } = workload;
  return restartManager === undefined
    ? undefined
    : hold('owned-by', `field manager "${restartManager}" applies ${RESTARTED_AT}`);
}

function outage({ workload }: Outdated, { policy }: Surroundings): Hold | undefined {
  if (policy.recreate === 'restart' || !meansOutage(workload)) return undefined;
  return hold('outage', `${workload.strategy} may take all ${workload.rollout.desired} pods away at once`);
}

/** With a frozen picture of the control plane nobody can say that it is ready. */
function watchStale(_judged: Outdated, { stale }: Surroundings): Hold | undefined {
  return stale === undefined ? undefined : hold('watch-stale', stale);
}

function configReadDelay({ injection }: Outdated, { now, policy, epochSeenAt }: Surroundings): Hold | undefined {
  const until = (epochSeenAt.get(injection.epoch) ?? now) + policy.istiodConfigReadDelay;
  return until > now
    ? hold('config-read-delay', `the injector of ${injection.entry.configuration} is new`, until)
    : undefined;
}

function gate({ injection, verdict }: Outdated, { policy, unconfirmed }: Surroundings): Hold | undefined {
  const facts = { injection, expected: verdict.expected, unconfirmed: unconfirmed(injection) };
  const closed = closedGate(facts, policy.ignoreGate);
  return closed && { reason: closed };
}

function paused({ workload }: Outdated): Hold | undefined {
  return workload.paused ? hold('paused', 'spec.paused is true; a restart would begin only on resume') : undefined;
}

/**
 * Whether the rollout that does not end is the one that our own failed restart began: nobody else's work is in the way, and only another
 * rollout can end it. Whether one is due is the other rules' say; for the same sidecar it is not. One that has ended is in nobody's way.
 */
function isOurFailure(workload: Outdated['workload']): boolean {
  const record = recordOf(workload);
  const template = parseTime(workload.template.annotations[RESTARTED_AT]);
  const failed = record?.outcome?.startsWith('failed:') === true && template === record.restartedAt;
  return failed && rolloutState(workload).kind !== 'complete';
}

function rolling({ workload }: Outdated): Hold | undefined {
  if (isSettled(workload) || isOurFailure(workload)) return undefined;
  const state = rolloutState(workload);
  return hold('rolling', state.kind === 'complete' ? 'a rollout is in progress' : state.detail);
}

/**
 * Recreate spares nobody, so what is not whole is left alone. The DaemonSet controller counts pods on lost nodes as unavailable
 * (pkg/controller/daemon/update.go): where they are as many as may be, it would replace no other.
 */
function unavailable({ workload, stranded }: Outdated): Hold | undefined {
  const { desired, available } = workload.rollout;
  const missing = desired - available;
  const allowed = workload.strategy === 'Recreate' ? 0 : workload.maxUnavailable;
  if (isOurFailure(workload)) return undefined;
  if (stranded > 0 && stranded >= allowed)
    return hold(
      'unavailable',
      `${stranded} of ${desired} pods are on nodes that are not Ready, its strategy allows ${allowed}`,
    );
  return missing > allowed
    ? hold('unavailable', `${missing} of ${desired} pods are unavailable, its strategy allows ${allowed}`)
    : undefined;
}

/** A budget that the workload's own failed rollout has spent can only be restored by another rollout. */
function budgets({ workload, budgets: covering }: Outdated, { policy }: Surroundings): Hold | undefined {
  if (policy.pdb === 'ignore' || !lowersAvailability(workload) || isOurFailure(workload)) return undefined;
  const spent = covering.find(({ allowed }) => allowed < 1);
  return spent && hold('pdb', `${budgetName(spent)} allows no disruption: ${spent.detail}`);
}

function cooldown({ workload }: Outdated, { now, policy }: Surroundings): Hold | undefined {
  const fortsa = parseTime(workload.template.annotations[FORTSA_RESTARTED_AT]) ?? 0;
  const last = Math.max(recordOf(workload)?.restartedAt ?? 0, fortsa);
  const until = last + policy.annotationCooldown;
  return until > now ? hold('cooldown', `restarted at ${timestamp(last)}`, until) : undefined;
}

/** What met an error is tried again a little later, whatever it was. */
export function backingOff(
  { workload }: Judged,
  { now, retryAt }: Pick<Surroundings, 'now' | 'retryAt'>,
): Hold | undefined {
  const retry = retryAt.get(keyOf(workload));
  return retry && retry.until > now ? hold('error', retry.problem, retry.until) : undefined;
}
