import { COUNTS_FOR } from '../../src/plan/metricGate.ts';
import { targetsOfRestart } from '../../src/plan/record.ts';
import type { Wave } from '../../src/plan/wave.ts';
import type { Controlled, Pod } from './controlled.ts';
import { sameSidecar } from './controlPlane.ts';
import { driftsUnder } from './drift.ts';
import type { OperatorProcess } from './operatorProcess.ts';
import { isOrWasOptedOut } from './optOuts.ts';
import { isBare } from './orphans.ts';
import type { Attempt, Referee, Restart } from './referee.ts';
import { listOf } from './simulatedCluster.ts';
import type { World } from './world.ts';

/** How long an end may be on its way into the journal, after which a bake counts. */
const END_ON_ITS_WAY = 15_000;
/** What is older than this, every process has seen. */
const SEEN = 60_000;

/** The place of a workload's wave; what no wave matches is in the last. */
export function waveIndexOf(waves: readonly Wave[], { namespace, manifest }: Controlled): number {
  const { name } = manifest.metadata;
  const index = waves.findIndex(({ match }) =>
    match.some(({ namespaces, names }) => (namespaces?.includes(namespace) ?? true) && (names?.includes(name) ?? true)),
  );
  return index < 0 ? waves.length : index;
}

/**
 * Holds the first restart of a later wave to the rules of waves: by then everything in the wave before has been restarted and has ended,
 * and its bake has passed. Failures hold every restart.
 */
export class WaveReferee {
  readonly #world: World;
  readonly #referee: Pick<Referee, 'violated' | 'lastOf' | 'isOpen' | 'readAt'>;
  /** Waves of a run that a restart of a later one has passed. */
  readonly #passed = new Set<string>();

  constructor(world: World, referee: Pick<Referee, 'violated' | 'lastOf' | 'isOpen' | 'readAt'>) {
    this.#world = world;
    this.#referee = referee;
  }

  /** A process has decided to restart a workload. */
  decided(
    { process, key, entry, decidedAt }: Attempt,
    workload: Controlled,
    knows: (process: OperatorProcess, restart: Restart) => boolean,
  ): void {
    const { waves } = process.policies.policy;
    if (!waves || !entry || this.#isJustLabelled(workload)) return;
    const index = waveIndexOf(waves, workload);
    for (const { run } of targetsOfRestart(entry))
      for (const [place, wave] of waves.slice(0, index).entries()) {
        const members = this.#membersOf(waves, place, workload);
        const last = members.flatMap((one) => this.#lastIn(run, one) ?? []);
        const failed = this.failedIn(last).filter((one) => this.#isIn(one.workload, process) && knows(process, one));
        if (failed.length > wave.maxFailures)
          this.#referee.violated('wave-failed', `${key} goes though ${words(failed)} failed in wave ${wave.name}`);
        const name = `${run} ${wave.name}`;
        if (!this.#passed.has(name)) this.#passes(wave, { key, decidedAt, process }, members, last);
        this.#passed.add(name);
      }
  }

  /** A restart is the first of its run that comes after a wave. */
  #passes(
    { name, bake, gates, maxFailures }: Wave,
    { key, decidedAt, process }: Pick<Attempt, 'key' | 'decidedAt' | 'process'>,
    members: readonly Controlled[],
    last: readonly Restart[],
  ): void {
    const all = last.filter(({ workload }) => !this.#mayComeLate(workload));
    const inTime = all.filter(({ workload }) => this.#isIn(workload, process));
    const open = all.filter((one) => this.#referee.isOpen(one));
    if (open.length > 0)
      this.#referee.violated('wave-order', `${key} goes while ${words(open)} of wave ${name} is not over`);
    const skipped = members.filter((one) => this.#isKnown(one, process) && this.#isLeft(one));
    if (skipped.length > 0)
      this.#referee.violated('wave-skipped', `${key} goes before ${skipped[0]?.key} of wave ${name}`);
    // a failure that the wave bears is an end; it need not be repaired
    const endOf = (one: Restart): number => (maxFailures > 0 ? (one.endedAt ?? one.outcomeAt) : repairedAt(one));
    const ended = Math.max(...inTime.map(endOf)) - END_ON_ITS_WAY;
    const { closedFor } = this.#world.prometheus;
    if (gates.length > 0 && closedFor > 0 && decidedAt - closedFor < ended + bake - COUNTS_FOR)
      this.#referee.violated('wave-gate', `${key} goes though the gate of wave ${name} has been closed since its bake`);
    if (decidedAt < ended + bake)
      this.#referee.violated('wave-bake', `${key} goes ${(decidedAt - ended) / 1000} s after the end of wave ${name}`);
  }

  /** Whether a wave can be done without a workload, which may be restarted later: its own window does not hold the wave. */
  #mayComeLate({ key }: Controlled): boolean {
    return this.#world.drafts.get(key)?.window !== undefined;
  }

  /** Those that failed, that no resume has forgiven, and whose workloads have not become well since. */
  failedIn(last: readonly Restart[]): Restart[] {
    const { resumedAt } = this.#world.lease;
    return last.filter(
      ({ outcome, attempt, workload }) =>
        outcome?.startsWith('failed:') &&
        (attempt.entry?.restartedAt ?? 0) > resumedAt &&
        !(workload.isWhole && this.#isCurrent(workload)),
    );
  }

  #isJustLabelled({ namespace }: Controlled): boolean {
    // what joins a wave that is done does not hold those after it
    const known = this.#world.scenario.shifts ? 5 * SEEN : SEEN;
    return this.#world.time.now - (this.#world.plane.labelledAt.get(namespace) ?? 0) < known;
  }

  /** The workloads of a wave that have the same injector. */
  #membersOf(waves: readonly Wave[], place: number, { namespace }: Controlled): Controlled[] {
    const { plane } = this.#world;
    return this.#world
      .existing()
      .filter(
        (one) =>
          waveIndexOf(waves, one) === place &&
          plane.labelOf(one.namespace) === plane.labelOf(namespace) &&
          !this.#isJustLabelled(one),
      );
  }

  #lastIn(run: string, workload: Controlled): Restart | undefined {
    const last = this.#referee.lastOf(workload);
    return last?.run === run ? last : undefined;
  }

  #isCurrent(workload: Controlled): boolean {
    const { plane, scenario, policy } = this.#world;
    if (!plane.injects(workload.namespace)) return isBare(workload);
    const expected = plane.expected(workload);
    return workload.replaceable.every(
      ({ facts }) =>
        sameSidecar(facts.sidecar, expected) ||
        (scenario.shifts !== undefined && driftsUnder(policy, expected, facts.sidecar).length === 0),
    );
  }

  /** Whether a wave still has a workload: its policy has not left it out since, and its namespace is not about to go. */
  #isIn({ kind, namespace }: Controlled, process: OperatorProcess): boolean {
    const {
      policies: { policy },
      view,
    } = process;
    const isLeftOut = !process.manages(namespace) || !policy.kinds.has(kind) || policy.skipNamespaces.has(namespace);
    return !isLeftOut && view.mesh().namespaces.get(namespace)?.deleting !== true;
  }

  /** Whether a process has seen a workload, and its policy has long been the same, and lets it be restarted. */
  #isKnown({ kind, namespace, manifest }: Controlled, process: OperatorProcess): boolean {
    const { ending, scenario, time } = this.#world;
    if (!scenario.shifts) return true;
    const [policy, another] = process.policies.since(time.now - SEEN);
    const made = Date.parse(manifest.metadata.creationTimestamp);
    return (
      another === undefined &&
      process.manages(namespace) &&
      policy?.kinds.has(kind) === true &&
      !policy.skipNamespaces.has(namespace) &&
      !ending.has(namespace) &&
      // who has begun while a kind could not be listed knows of none of them
      [undefined, namespace].some((place) => this.#referee.readAt(process, listOf(kind, place)) > made)
    );
  }

  /** Whether nothing can be in the way of a restart that is due: a plain Deployment whose pods have all been wrong for a while. */
  #isLeft(workload: Controlled): boolean {
    const { drafts, plane, time, flagger, scenario, policy } = this.#world;
    const draft = drafts.get(workload.key);
    const expected = plane.expected(workload);
    const { image, revision } = expected;
    const isOld = ({ facts, editedAt }: Pod): boolean => time.now - Math.max(facts.createdAt, editedAt) > SEEN;
    const isOther = ({ facts: { sidecar } }: Pod): boolean =>
      scenario.shifts ? driftsUnder(policy, expected, sidecar).length > 0 : !sameSidecar(sidecar, expected);
    const isWrong = workload.replaceable.every((pod) => isOld(pod) && isOther(pod));
    const last = this.#referee.lastOf(workload);
    return (
      // a tenant makes what his injector refuses
      !this.#world.isTenants(workload) &&
      plane.injects(workload.namespace) &&
      (draft?.kind === 'Deployment' || draft?.kind === 'Rollout') &&
      draft.strategy === 'RollingUpdate' &&
      // it may lose all of its pods
      !(scenario.policy.recreate === 'hold' && draft.maxUnavailable >= workload.desired) &&
      draft.owner === undefined &&
      draft.window === undefined &&
      draft.reverter === undefined &&
      !draft.paused &&
      !(draft.undisturbed && scenario.policy.doNotDisrupt === 'hold') &&
      workload.manifest.spec.paused !== true &&
      !isOrWasOptedOut(this.#world, workload) &&
      flagger.roleOf(workload.workload) === undefined &&
      workload.replaceable.length > 0 &&
      time.now - plane.changedAt > SEEN &&
      time.now - workload.changedAt > SEEN &&
      isWrong &&
      (last === undefined || last.target !== plane.target({ image, revision }))
    );
  }
}

/** A halt may keep the end of one that failed from being noted, long after its pods have become ready. */
const repairedAt = ({ workload, endedAt, outcomeAt }: Restart): number =>
  Math.min(outcomeAt, Math.max(endedAt ?? outcomeAt, ...workload.live.map(({ readyAt }) => readyAt)));

const words = (restarts: readonly Restart[]): string => restarts.map(({ workload }) => workload.key).join(', ');
