import type { StoredEntry } from '../../src/journal/journalText.ts';
import { keyOf } from '../../src/model.ts';
import { doNotDisruptIn, RETRY } from '../../src/names.ts';
import type { ReasonCode } from '../../src/plan/reasonCatalogue.ts';
import { sourceIn, type Target, targetsOf, writesOf } from '../../src/plan/record.ts';
import type { Controlled } from './controlled.ts';
import { sameSidecar } from './controlPlane.ts';
import { driftsUnder } from './drift.ts';
import { mayRestart } from './onDelete.ts';
import type { OperatorProcess } from './operatorProcess.ts';
import { isOptedOut } from './optOuts.ts';
import { isBare, isLeftWithoutWebhook, REMOVAL } from './orphans.ts';
import { covers, hasVault, type Restart } from './referee.ts';
import { areWindowsOver } from './times.ts';
import { VAULT_TARGET } from './vault.ts';
import { waveIndexOf } from './waveReferee.ts';
import type { World } from './world.ts';

type Truth = (world: World, workload: Controlled, source?: string) => boolean;

/** When a reason to hold an outdated workload for good is true, by the cluster itself. What is not here holds nobody for good. */
const TRUE_WHEN: Readonly<Partial<Record<ReasonCode, Truth>>> = {
  'gave-up': gaveUp,
  'config-remains': (world, workload, source) => source === undefined && isProxyCurrent(world, workload),
  'daily-cap': (world, workload) => world.referee.isCapped(workload, unseenWrites(world, workload)),
  halted,
  'wave-failed': hasFailedWave,
  wave: waitsForAWave,
  'owner-reverts': isHeldByReverts,
  'opted-out': isOptedOut,
  window: ({ drafts, scenario, time }, { key, namespace }) =>
    areWindowsOver(scenario.times, { namespace, window: drafts.get(key)?.window }, time.now),
  'window-unreadable': (world, { key }) => world.drafts.get(key)?.window === 'unreadable',
  'do-not-disrupt': (world, { manifest }) =>
    world.scenario.policy.doNotDisrupt === 'hold' &&
    doNotDisruptIn(manifest.spec.template.metadata.annotations) !== undefined,
  outage: (world) => world.scenario.policy.recreate === 'hold',
  'operator-paused': (world) => (world.lease.annotations['meltemi.dev/paused'] ?? 'false') !== 'false',
  excluded: ({ policy }, { namespace }) => policy.skipNamespaces.has(namespace),
  paused: (_world, { manifest }) => manifest.spec.paused === true,
  'update-pending': (_world, workload) =>
    workload.live.some((pod) => pod.template !== workload.template) || !workload.isWhole,
  'group-mixed': (world, workload) => zonesOf(world, workload).some((one) => one.workload.strategy !== 'OnDelete'),
  'group-not-ready': (world, workload) => zonesOf(world, workload).some((one) => one !== workload && !one.isWhole),
  rolling: (_world, workload) => workload.live.some((pod) => pod.template !== workload.template) || !workload.isWhole,
  unavailable: (_world, workload) => !workload.isWhole,
  pdb: (world, { namespace, workload }) =>
    world.budgets(namespace).some((one) => one.allowed < 1 && covers(one, workload)),
};

/** The same for verdicts that leave a workload alone. */
const SKIPPED_WHEN: Readonly<Partial<Record<ReasonCode, Truth>>> = {
  unsupported: ({ policy }, { workload }) => !mayRestart(policy.onDelete, workload),
  orphaned: ({ policy }, workload) => !mayRestart(policy.onDelete, workload.workload) || isLeftWithoutWebhook(workload),
  namespace: ({ policy }, { namespace }) => policy.skipNamespaces.has(namespace),
  deleting: ({ ending }, { namespace, workload }) => ending.has(namespace) || workload.deleting,
  'scaled-to-zero': (_world, { desired }) => desired === 0,
  partitioned: (_world, { workload, desired }) => workload.partition >= desired,
  'canary-target': (world, { workload }) => world.flagger.roleOf(workload) === 'target',
  'no-pods': (_world, { live }) => live.length === 0,
};

/** The StatefulSets of its rollout group, itself among them. */
const zonesOf = (world: World, { namespace, workload }: Controlled): Controlled[] =>
  world
    .existing()
    .filter(
      (one) => one.namespace === namespace && one.workload.rolloutGroup?.name === (workload.rolloutGroup?.name ?? ''),
    );

const ends = (world: World, source?: string): Restart[] => world.referee.endsFor(source);

/** Reasons that do not keep their wave from being done. */
const HOLDS_NO_WAVE: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'opted-out',
  'config-remains',
  'gave-up',
  'owner-reverts',
  'outage',
  'do-not-disrupt',
  'paused',
  'group-mixed',
  'window-unreadable',
]);

/** Workloads of earlier waves that have the same injector. */
function ofEarlierWaves(world: World, workload: Controlled): { readonly one: Controlled; readonly index: number }[] {
  const { waves = [] } = world.policy;
  const own = waveIndexOf(waves, workload);
  return world.existing().flatMap((one) => {
    const index = waveIndexOf(waves, one);
    return index < own && world.plane.labelOf(one.namespace) === world.plane.labelOf(workload.namespace)
      ? { one, index }
      : [];
  });
}

/** More restarts of an earlier wave failed than that one bears. */
function hasFailedWave(world: World, workload: Controlled): boolean {
  const { waves = [] } = world.policy;
  const earlier = ofEarlierWaves(world, workload);
  const failed = new Set(world.referee.waves.failedIn(world.referee.endsFor(undefined)).map((one) => one.workload));
  return waves.some(
    ({ maxFailures }, index) =>
      earlier.filter((other) => other.index === index && (failed.has(other.one) || mayHaveBeen(world, other.one)))
        .length > maxFailures,
  );
}

/** A workload of an earlier wave waits for something that may end. That it truly does is looked at with that workload. */
function waitsForAWave(world: World, workload: Controlled): boolean {
  const leader = world.processes.find(({ isLeading }) => isLeading);
  return ofEarlierWaves(world, workload).some(({ one }) => {
    const step = leader?.planned?.plan.items.find((item) => keyOf(item.workload) === one.key)?.step;
    // one that is answered in its own way may be taken for outdated until its turn to be asked by itself
    const isLeft = !isCurrent(world, one) || one.workload.name === world.plane.unlike;
    return isLeft && step?.action === 'wait' && !HOLDS_NO_WAVE.has(step.reason.code);
  });
}

/** A restart of one that has such an owner was taken back, or may have been: see `unseenOf`. */
function isHeldByReverts(world: World, workload: Controlled, source?: string): boolean {
  const kind = workload.workload.owner?.kind;
  const kin = world.existing().filter((one) => one.workload.owner?.kind === kind);
  const isUnseen = kin.some((one) =>
    unseenOf(world, one).some(
      ({ restartedFor, outcome }) => outcome === 'reverted' && sourceIn(restartedFor) === source,
    ),
  );
  return isUnseen || world.referee.isHeldByReverts(ends(world, source), workload, isAlone(world, workload));
}

/** Whether nobody but this namespace has workloads that its injector is for. */
const isAlone = (world: World, { namespace }: Controlled): boolean =>
  world
    .existing()
    .every(
      (one) =>
        one.namespace === namespace ||
        !world.manages(one.namespace) ||
        world.plane.labelOf(one.namespace) !== world.plane.labelOf(namespace),
    );

function gaveUp(world: World, workload: Controlled, source?: string): boolean {
  const last = world.referee.lastFor(workload, source);
  const { image, revision } = world.plane.expected(workload);
  // a request for one more restart is answered by the next one, whatever that is for
  const answered = workload.manifest.metadata.annotations[RETRY] === world.referee.lastOf(workload)?.retry;
  const proxy = world.plane.injects(workload.namespace) ? world.plane.target({ image, revision }) : REMOVAL;
  const target = source === undefined ? proxy : VAULT_TARGET;
  const isLast = answered && last?.target === target && (last.outcome ?? 'verified') !== 'verified';
  return isLast || unseenOf(world, workload).some((one) => one.restartedFor === target && hasFailed(one));
}

const hasFailed = ({ outcome }: Pick<Target, 'outcome'>): boolean => outcome !== undefined && outcome !== 'verified';

/** Whether a restart may have been written that nobody has seen. */
const mayHaveBeen = (world: World, workload: Controlled): boolean => unseenOf(world, workload).length > 0;

/**
 * Targets that were journalled in a restart that was never seen to land, while others wrote the workload: it may have been taken back at
 * once. The journal keeps such a target after a later restart for another sidecar.
 */
function unseenOf(world: World, workload: Controlled): readonly Target[] {
  const entry = entryOf(world, workload);
  const landed = landedAt(world, workload);
  return entry ? targetsOf(entry).filter(({ restartedAt }) => !landed.has(restartedAt)) : [];
}

/** Writes of such restarts that did not end well. The daily limit counts them, also when the journal has forgotten what they were for. */
function unseenWrites(world: World, workload: Controlled): number {
  const entry = entryOf(world, workload);
  const landed = landedAt(world, workload);
  return entry ? writesOf(entry).filter(({ at, well }) => !well && !landed.has(at)).length : 0;
}

/** What the journal has of this very workload. */
function entryOf(world: World, { key, manifest }: Controlled): StoredEntry | undefined {
  const entry = world.lease.journal.get(key);
  return entry?.uid === manifest.metadata.uid ? entry : undefined;
}

/** The times of its restarts that landed, as the journal had them. */
const landedAt = (world: World, workload: Controlled): ReadonlySet<number | undefined> =>
  new Set(world.referee.restarts.flatMap((one) => (one.workload === workload ? one.attempt.entry?.restartedAt : [])));

function halted(world: World, workload: Controlled, source?: string): boolean {
  const isWrong =
    source !== undefined &&
    (world.referee.isWrongImage(ends(world, source), workload.namespace) ||
      ends(world, source).some(({ outcome }) => outcome === 'failed:wrong-image'));
  return isWrong || world.referee.isHalted(ends(world, source), workload.namespace, isAlone(world, workload));
}

/** Whether a workload's pods are what they should be. */
export const isCurrent = (world: World, workload: Controlled): boolean =>
  isProxyCurrent(world, workload) && isVaultCurrent(world, workload);

/** Whether they have the right proxy, however it is configured. */
function isProxyCurrent(world: World, workload: Controlled): boolean {
  if (!world.plane.injects(workload.namespace)) return !world.policy.restartOn.has('orphaned') || isBare(workload);
  const expected = world.plane.expected(workload);
  if (world.scenario.shifts)
    return workload.replaceable.every(({ facts }) => driftsUnder(world.policy, expected, facts.sidecar).length === 0);
  return workload.replaceable.every(({ facts }) => sameSidecar(facts.sidecar, expected));
}

/** Whether the second sidecar of a workload is what the policy wants, where that is its injector's affair. */
function isVaultCurrent(world: World, workload: Controlled): boolean {
  if (!world.vault || world.drafts.get(workload.key)?.ownVault === true) return true;
  return hasVault(workload);
}

/** What is still to come before a workload is current or held by a reason that is true; undefined when nothing is. */
export function unsettled(world: World, workload: Controlled): string | undefined {
  const leader = world.processes.find(({ isLeading }) => isLeading);
  if (!leader) return 'nobody leads';
  const last = world.referee.lastOf(workload);
  if (last && world.referee.isOpen(last)) return 'its restart has no outcome';
  if (!world.manages(workload.namespace)) return undefined;
  const { kinds, skipNamespaces } = world.policy;
  if (!kinds.has(workload.kind) || skipNamespaces.has(workload.namespace)) return undefined;
  if (isCurrent(world, workload)) return undefined;
  return untrue(world, workload, leader);
}

function untrue(world: World, workload: Controlled, { planned }: OperatorProcess): string | undefined {
  const item = planned?.plan.items.find((one) => keyOf(one.workload) === workload.key);
  const { step, verdict, source } = item ?? {};
  if (verdict?.state === 'skipped')
    return SKIPPED_WHEN[verdict.reason.code]?.(world, workload) ? undefined : `it is skipped: ${verdict.reason.code}`;
  if (step?.action !== 'wait') return `its verdict is ${verdict?.state}, its step ${step?.action}`;
  const waits = [
    { source, wait: step },
    ...(step.alsoWaits ?? []).map(({ assessed, wait }) => ({ source: assessed.source, wait })),
  ];
  for (const one of waits) {
    const { code, detail } = one.wait.reason;
    const truth = TRUE_WHEN[code];
    if (!truth) return `it waits for ${code}: ${detail}`;
    if (!truth(world, workload, one.source?.name)) return `it waits for ${code} (${detail}), which is not so`;
  }
  return undefined;
}

/** Which reasons hold workloads at the end. */
export function heldBy(world: World): string[] {
  const leader = world.processes.find(({ isLeading }) => isLeading);
  return world.existing().flatMap((workload) => {
    const step = leader?.planned?.plan.items.find((one) => keyOf(one.workload) === workload.key)?.step;
    return step?.action === 'wait' ? [step.reason.code] : [];
  });
}
