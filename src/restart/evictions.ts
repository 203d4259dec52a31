import { ApiError, isConflict, isNotFound } from '../cluster/apiError.ts';
import { groupOfOne, isLive } from '../compare/podGroups.ts';
import { actuatorOf } from '../kinds/actuatorOf.ts';
import type { PodFacts, Workload } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import { type Assessed, bySidecar, isOutdated, type Outdated, ofSource } from '../plan/assessed.ts';
import { type NextEvictions, nextEvictions, type PodOrigin } from '../plan/evictions.ts';
import type { JournalEntry } from '../plan/journalEntry.ts';
import { isReached } from '../plan/reached.ts';
import { fingerprint, sourceIn, targetsOfRestart } from '../plan/record.ts';
import { waitBetweenPods } from '../plan/rules/rules.ts';
import { type End, isDeletedWithNamespace, type Progress } from './progress.ts';
import type { RestarterOptions } from './restarterOptions.ts';
import { groupOverlap } from './rolloutGroupOverlap.ts';
import { sameInjections } from './sameInjections.ts';

/** How long an eviction that a budget has refused waits for its next try, if the API server names no time. */
const REFUSED_FOR = 10_000;

/** A right that is missing, and what admission answers: 403 unless it says otherwise. */
const REJECTED: ReadonlySet<number> = new Set([400, 403, 422]);

/** What one process remembers of a restart by evictions while it follows it. Times are from the steady clock. */
export interface EvictionProgress {
  /** The least number of outdated pods at any look, and when it last became less. */
  left?: number;
  progressedAt?: number;
  /** When an eviction may be tried again. */
  notBefore?: number;
  /** Why the last look has evicted nothing. */
  held?: string;
  /** UIDs of the pods that were there at the first look. */
  found?: ReadonlySet<string>;
  /** How many pods this process may evict yet: as many as were outdated when it began. */
  allowed?: number;
}

/** What a look at a restart by evictions leads to. */
export type EvictionStep =
  | { readonly kind: 'wait' }
  | { readonly kind: 'end'; readonly assessed: Assessed; readonly end: End }
  /** The pods are judged as those of any other restart. If they are right and not `all`, the restart goes on. */
  | {
      readonly kind: 'judge';
      readonly observed: Observed;
      readonly assessed: Assessed;
      readonly progress: Progress;
      readonly all: boolean;
    };

const WAIT: EvictionStep = { kind: 'wait' };

/** The input of one look besides the workload. */
export interface EvictionLook {
  readonly entry: JournalEntry;
  readonly state: EvictionProgress;
  readonly now: number;
  /** Whether this process wrote the restart, so that it has seen the pods before any was evicted. */
  readonly isOurs: boolean;
  /** Whether no pod has been replaced for the time limit; `progressedAt` is what it counts from. */
  readonly isLate: (since: number | undefined) => boolean;
  /** Asks the injector even if nothing is evicted: pods are missing and nobody says why. */
  readonly ask: boolean;
}

/** A look and what it has shown. */
interface Seen extends Omit<EvictionLook, 'isLate'> {
  readonly workload: Workload;
  readonly observed: Observed;
  readonly assessed: Assessed;
  readonly isLate: boolean;
}

/** Why an eviction is refused, and whether for good. */
interface Refusal {
  readonly isFinal: boolean;
  readonly message: string;
  readonly retryIn: number;
}

/**
 * Replaces the pods of one workload, a few at a time, by evictions. What an earlier process has evicted is seen from the age of the
 * pods. So a crash in between evicts no pod twice.
 */
export class Evictions {
  readonly #options: RestarterOptions;

  constructor(options: RestarterOptions) {
    this.#options = options;
  }

  /** Looks at the pods, and evicts those that are next if nothing is in the way. */
  async step(workload: Workload, look: EvictionLook): Promise<EvictionStep> {
    const { observer, mesh } = this.#options;
    const { entry, state, now } = look;
    const { observed: seen, pods } = await observer.look(workload);
    const observed = { ...seen, groups: pods.filter(isLive).map(groupOfOne) };
    const assessed = await observer.assess(mesh(), observed, look.ask);
    state.found ??= new Set(pods.map(({ uid }) => uid));
    const { found } = state;
    const ofFound = look.isOurs ? () => 'old' as const : byAge(workload, entry);
    const origin = (pod: PodFacts): PodOrigin => (found.has(pod.uid) ? ofFound(pod) : 'brought');
    const { onLostNodes } = observed;
    const next = nextEvictions({ workload, pods, onLostNodes, outdated: outdatedIn(assessed, entry), origin });
    const isUnknown = isUnclear(assessed, entry);
    // what is not known now says nothing of what is left
    if (!isUnknown) note(state, next.left, now);
    const isLate = look.isLate(state.progressedAt);
    if (isDeletedWithNamespace(assessed)) return { kind: 'end', assessed, end: NOT_WANTED };
    if (isMissingAll(workload, observed)) return isLate ? timedOut(assessed, next) : WAIT;
    if (isUnknown) return isLate ? judged({ observed, assessed, isLate }) : WAIT;
    if (!isStillWanted(assessed, entry)) return { kind: 'end', assessed, end: NOT_WANTED };
    if (next.kind === 'done') return judged({ observed, assessed, isLate });
    return this.#carryOut(next, { ...look, workload, observed, assessed, isLate });
  }

  async #carryOut(next: Exclude<NextEvictions, { kind: 'done' }>, seen: Seen): Promise<EvictionStep> {
    const { assessed, isLate, observed, state } = seen;
    switch (next.kind) {
      case 'wrong':
        return this.#judgeOnly(next.pods, observed);
      case 'other-template':
        return interrupted(
          assessed,
          'its owners are rolling out another pod template, which evictions would also roll out',
        );
      case 'wait':
        return isLate ? timedOut(assessed, next) : WAIT;
      case 'evict': {
        const refused = await this.#evict(next.pods, seen);
        if (refused !== undefined) return { kind: 'end', assessed, end: { outcome: 'refused', detail: refused } };
        return isLate && state.held !== undefined ? interrupted(assessed, state.held) : WAIT;
      }
    }
  }

  /** Judges the pods that the restart has brought, without those that are still to be evicted. */
  async #judgeOnly(pods: readonly PodFacts[], all: Observed): Promise<EvictionStep> {
    const { observer, mesh } = this.#options;
    const observed = { ...all, groups: pods.map(groupOfOne) };
    const assessed = await observer.assess(mesh(), observed);
    return { ...judged({ observed, assessed, isLate: false }), all: false };
  }

  /**
   * Evicts these pods unless something is in the way now.
   * @returns why the API server does not allow it at all; undefined otherwise
   */
  async #evict(pods: readonly PodFacts[], seen: Seen): Promise<string | undefined> {
    const { cluster, signal } = this.#options;
    const { state, now, workload } = seen;
    if (state.notBefore !== undefined && now < state.notBefore) return undefined;
    const held = usedUp(state) ?? (await groupOverlap(cluster, workload, signal)) ?? (await this.#held(pods, seen));
    delete state.held;
    if (held !== undefined) state.held = held;
    for (const pod of held === undefined ? pods.slice(0, state.allowed) : []) {
      const refusal = await this.#evictOne(pod, seen);
      if (!refusal) continue;
      if (refusal.isFinal) return refusal.message;
      Object.assign(state, { held: refusal.message, notBefore: now + refusal.retryIn });
      break;
    }
    return undefined;
  }

  /** @returns why the API server does not evict it; undefined if it does */
  async #evictOne(pod: PodFacts, { workload, state }: Seen): Promise<Refusal | undefined> {
    const { cluster, listener } = this.#options;
    try {
      await cluster.evict(pod);
      listener.evicted(workload, pod.name);
      state.allowed = (state.allowed ?? 1) - 1;
      return undefined;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status === undefined) throw error;
      const { status, message, retryAfterMs = REFUSED_FOR } = error;
      // somebody else has deleted it, and another pod may have its name: the next look shows that, unless it stays so
      const retryIn = isNotFound(error) || isConflict(error) ? 0 : retryAfterMs;
      return { isFinal: REJECTED.has(status), message, retryIn };
    }
  }

  /** Why no pod may be evicted now, by a fresh answer of the injector (gate G3) and the rules; undefined if one may. */
  async #held(pods: readonly PodFacts[], { observed, entry }: Seen): Promise<string | undefined> {
    const { observer, mesh, ruleContext } = this.#options;
    const fresh = await observer.assess(mesh(), observed, true);
    const context = ruleContext();
    if (!actuatorOf(observed.workload, context.policy).evicts) return 'its pods are no longer evicted';
    if (!isStillWanted(fresh, entry)) return 'the injector has just changed its answer';
    const outdated = outdatedIn(fresh, entry);
    if (pods.some(({ uid }) => !outdated.has(uid))) return 'some of these pods are no longer outdated';
    for (const assessed of outdatedTargets(fresh, entry)) {
      const wait = waitBetweenPods(assessed, context);
      if (wait) return wait.reason.detail;
      if (!sameInjections(mesh(), assessed)) return 'the mesh has just changed';
    }
    return undefined;
  }
}

/** Only fewer than ever are progress: whoever may edit pods can make one outdated and current again and again. */
function note(state: EvictionProgress, left: number, now: number): void {
  if (left < (state.left ?? Number.POSITIVE_INFINITY)) Object.assign(state, { left, progressedAt: now });
  state.allowed ??= left;
}

/** A policy that was edited, or whoever may edit pods, can make more of them outdated. They must not keep the restart in its slot. */
const usedUp = ({ allowed }: EvictionProgress): string | undefined =>
  allowed === undefined || allowed > 0 ? undefined : 'more pods are outdated now than when Meltemi began to evict them';

/** The largest difference between the clocks of Meltemi and the API server that is reckoned with, in milliseconds. */
const SKEW = 120_000;

/**
 * Tells by its age whether a restart of an earlier process has brought a pod. The API server's clock has the time of the write on the
 * workload, and anyone who may edit the workload can write another time there. So only what is older or younger than both times is clear,
 * and a time far from ours does not count. Times are whole seconds, and evictions begin a second after the write: a pod from the second of
 * the restart was there before.
 */
function byAge({ writtenAt }: Workload, { restartedAt }: JournalEntry): (pod: PodFacts) => PodOrigin {
  const isNear = writtenAt !== undefined && Math.abs(writtenAt - restartedAt) <= SKEW;
  const times = isNear ? [writtenAt, restartedAt] : [restartedAt];
  return ({ createdAt }) => {
    if (createdAt <= Math.min(...times)) return 'old';
    return createdAt > Math.max(...times) ? 'brought' : 'unclear';
  };
}

/** The sidecars of the restart that are outdated. */
const outdatedTargets = (assessed: Assessed, entry: JournalEntry): readonly Outdated[] => {
  const names = new Set(targetsOfRestart(entry).map(({ restartedFor }) => sourceIn(restartedFor)));
  return bySidecar(assessed).filter((one): one is Outdated => names.has(one.source?.name) && isOutdated(one));
};

/** UIDs of the pods that lack a sidecar that the restart is for. */
const outdatedIn = (assessed: Assessed, entry: JournalEntry): ReadonlySet<string> =>
  new Set(
    outdatedTargets(assessed, entry).flatMap(({ verdict }) => verdict.outdatedGroups.flatMap(({ uid }) => uid ?? [])),
  );

/** Whether no pod exists that a verdict could rest on, although there should be some. */
const isMissingAll = ({ rollout }: Workload, { groups }: Observed): boolean =>
  rollout.desired > 0 && groups.length === 0;

/** Whether it is not known now what the sidecar of a target should be. */
const isUnclear = (assessed: Assessed, entry: JournalEntry): boolean =>
  targetsOfRestart(entry).some(({ restartedFor }) => {
    const state = ofSource(assessed, sourceIn(restartedFor))?.verdict.state;
    return state === 'unknown' || state === 'conflict';
  });

/** Whether the sidecars that the restart is for are still the expected ones, for certain. */
const isStillWanted = (assessed: Assessed, entry: JournalEntry): boolean =>
  targetsOfRestart(entry).every((target) => {
    const one = ofSource(assessed, sourceIn(target.restartedFor));
    if (one?.verdict.state === 'skipped') return isReached(one, target);
    if (one?.verdict.state !== 'outdated' && one?.verdict.state !== 'current') return false;
    return fingerprint(one.verdict.expected) === target.restartedFor;
  });

/** All pods show how the restart ended. */
const judged = ({
  observed,
  assessed,
  isLate,
}: Pick<Seen, 'observed' | 'assessed' | 'isLate'>): Extract<EvictionStep, { kind: 'judge' }> => ({
  kind: 'judge',
  observed,
  assessed,
  progress: { kind: 'complete', late: isLate },
  all: true,
});

/** Pods that are right by now are right for another sidecar than that of the restart, so they prove nothing about it. */
const NOT_WANTED: End = { outcome: 'superseded:expectation', detail: 'another sidecar is expected now, or none' };

const interrupted = (assessed: Assessed, detail: string): EvictionStep => ({
  kind: 'end',
  assessed,
  end: { outcome: 'interrupted', detail },
});

/** Pods that the restart has brought and that do not become available are its failure. What else it waits for is not. */
function timedOut(assessed: Assessed, next: NextEvictions): EvictionStep {
  const detail = next.kind === 'wait' ? next.detail : 'no pod exists';
  if (next.kind === 'wait' && !next.isOwn) return interrupted(assessed, detail);
  return { kind: 'end', assessed, end: { outcome: 'failed:timeout', detail } };
}
