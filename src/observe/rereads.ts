import { keyOf, type WorkloadKey, type WorkloadRef } from '../model.ts';
import type { ItemNews } from '../plan/followedItems.ts';
import { isToRecover, type Planned, waitsOf } from '../plan/plan.ts';
import { groupKeyOf, membersInTheWay, type RolloutGroups, rolloutGroupsOf } from '../plan/rolloutGroups.ts';
import { lookAgainAfter } from '../plan/waitReasons.ts';
import type { Report } from '../report/report.ts';
import { missingLender } from './borrowedTemplate.ts';
import type { Observations } from './observations.ts';
import type { Observer } from './observer.ts';
import { Requeue } from './requeue.ts';

export interface RereadsOptions {
  readonly observer: Pick<Observer, 'observe' | 'unchanged'>;
  readonly observations: Pick<Observations, 'of' | 'all' | 'size' | 'observed'>;
  /** Workloads that are being restarted. */
  readonly busy: { has(key: WorkloadKey): boolean };
  /** The namespaces to watch; empty means the whole cluster. */
  readonly namespaces: readonly string[];
  /** Milliseconds between periodic scans; 0 disables them. */
  readonly reconcilePeriod: number;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  readonly report: Pick<Report, 'trouble'>;
}

/** After how many milliseconds a workload is read again that nothing else tells of, and that waits for no reason which says more. */
const LOOK_AGAIN = 30_000;
/** Others of a rollout group that are looked at with one that waits for them. */
const GROUP_LOOKS = 3;

/** Reads workloads again whose wait nothing else ends. */
export class Rereads {
  readonly #options: RereadsOptions;
  readonly #requeue: Requeue;

  constructor(options: RereadsOptions) {
    this.#options = options;
    this.#requeue = new Requeue(options.reconcilePeriod);
  }

  /** Notes which of the workloads of an evaluation are to be read again, and when. */
  note({ added, isAnew }: Pick<ItemNews, 'added' | 'isAnew'>): void {
    this.#requeue.note(new Map(added.map(intervalOf)), this.#options.now(), isAnew);
  }

  /** When the next read is due; infinite if none is. */
  dueAt(): number {
    return this.#requeue.dueAt();
  }

  /** Reads what is due. */
  async run(signal: AbortSignal): Promise<void> {
    const { now, busy, observations } = this.#options;
    const { looks, survey } = this.#requeue.take(now(), busy, observations.size);
    if (survey.length > 0) this.#requeue.surveyed(survey, await this.#unchanged(survey, signal), now());
    const groups = this.#groupsOf(looks);
    for (const key of new Set(looks.flatMap((one) => [one, ...this.#inTheWayOf(one, groups)]))) {
      const workload = observations.of(key)?.workload;
      if (workload && !signal.aborted) await this.read(key, workload);
    }
  }

  /** Reads a workload now. An error is only said. */
  async read(key: WorkloadKey, ref: WorkloadRef): Promise<void> {
    const { observer, observations, now, report } = this.#options;
    try {
      observations.observed(key, await observer.observe(ref), now());
    } catch (error) {
      report.trouble(key, error);
    }
  }

  /** All rollout groups, if one of these workloads is in any. */
  #groupsOf(keys: readonly WorkloadKey[]): RolloutGroups {
    const { observations } = this.#options;
    const areAny = keys.some((key) => observations.of(key)?.workload.rolloutGroup);
    return rolloutGroupsOf(areAny ? observations.all().map(({ workload }) => workload) : []);
  }

  /** Those of its rollout group that a workload waits for, and that wait for nothing themselves: a few of them at a time. */
  #inTheWayOf(key: WorkloadKey, groups: RolloutGroups): readonly WorkloadKey[] {
    const { observations, busy } = this.#options;
    const workload = observations.of(key)?.workload;
    const members = workload && groups.get(groupKeyOf(workload) ?? '');
    if (!members) return [];
    const keys = membersInTheWay(workload, members).map(keyOf);
    return keys.filter((one) => !this.#requeue.has(one) && !busy.has(one)).slice(0, GROUP_LOOKS);
  }

  /** Which of these workloads lists show as they were seen; none where the lists fail, so that looks tell what is wrong. */
  async #unchanged(keys: readonly WorkloadKey[], signal: AbortSignal): Promise<ReadonlySet<WorkloadKey>> {
    const { observer, observations, namespaces } = this.#options;
    const unchanged = new Set<WorkloadKey>();
    const seen = keys.flatMap((key) => observations.of(key) ?? []);
    for (const place of namespaces.length === 0 ? [undefined] : new Set(namespaces)) {
      const here = seen.filter(({ workload }) => place === undefined || workload.namespace === place);
      if (here.length === 0 || signal.aborted) continue;
      const some = await observer.unchanged(here, place, signal).catch(() => []);
      for (const key of some) unchanged.add(key);
    }
    return unchanged;
  }
}

/** After how long a planned workload is read again; undefined if something else tells. */
function intervalOf(one: Planned): [WorkloadKey, number | undefined] {
  const intervals = waitsOf(one.step).flatMap(({ reason }) => lookAgainAfter(reason.code) ?? []);
  if (isToRecover(one) || missingLender(one.workload) !== undefined) intervals.push(LOOK_AGAIN);
  return [keyOf(one.workload), intervals.length > 0 ? Math.min(...intervals) : undefined];
}
