import type { WatchApi } from '../cluster/api.ts';
import type { Clock } from '../cluster/clock.ts';
import type { KubeCluster } from '../cluster/kubeCluster.ts';
import { Reflector } from '../cluster/reflector.ts';
import { resourcePath } from '../cluster/resources.ts';
import { workloadOf } from '../cluster/workloads.ts';
import { findKind } from '../kinds/kinds.ts';
import type { RawWorkload } from '../kinds/rawWorkload.ts';
import type { Workload } from '../model.ts';
import type { RolloutFacts } from '../status/clusterStatus.ts';
import { rolloutFacts } from '../status/rolloutFacts.ts';
import type { StatusRow } from '../status/statusDocument.ts';
import { rowKey } from '../status/statusOf.ts';
import { problemOf, rowsInFlight, SLOW, unreadWords } from './rollouts.ts';

export interface RolloutWatchOptions {
  readonly client: WatchApi;
  readonly cluster: Pick<KubeCluster, 'rejection'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onChange: () => void;
  readonly warn: (words: string) => void;
}

/**
 * Between two looks for what explains a slow rollout, and between two beginnings of a watch, in milliseconds. A look is up to five requests
 * and a beginning two, so that there are at most two a second.
 */
const LOOK_EVERY = 8000;
const BEGIN_EVERY = 1500;
/** Between two looks at the same one. */
const SAME_EVERY = 30_000;

/** One workload in flight. */
interface Followed {
  readonly row: StatusRow;
  readonly end: AbortController;
  workload?: Workload;
  /** When its rollout last changed, and its Events were last read, by the clock. */
  changedAt: number;
  lookedAt: number;
  problem?: string | undefined;
}

/**
 * Watches the workloads in flight, each by itself: a watch of all would bring every workload of the cluster. Few at a time are watched,
 * and they begin one after the other, so that there are few requests however much is in flight.
 */
export class RolloutWatch {
  readonly #options: RolloutWatchOptions;
  readonly #followed = new Map<string, Followed>();
  #wanted: readonly StatusRow[] = [];

  constructor(options: RolloutWatchOptions) {
    this.#options = options;
    void this.#beginNext();
    void this.#lookForProblems();
  }

  /** Ends the watches of what is not in flight any more. The others begin by and by. */
  follow(rows: readonly StatusRow[]): void {
    this.#wanted = rowsInFlight(rows);
    const keys = new Set(this.#wanted.map(idOf));
    for (const [id, { end }] of this.#followed) {
      if (keys.has(id)) continue;
      end.abort();
      this.#followed.delete(id);
    }
  }

  facts(): Map<string, RolloutFacts> {
    return new Map(
      [...this.#followed.values()].flatMap(({ row, workload, problem }) =>
        workload ? [[rowKey(row), rolloutFacts(workload, problem)] as const] : [],
      ),
    );
  }

  async #beginNext(): Promise<void> {
    const { clock, signal } = this.#options;
    while (!signal.aborted) {
      const next = this.#wanted.find((row) => !this.#followed.has(idOf(row)));
      if (next) this.#begin(next);
      await clock.sleep(BEGIN_EVERY, signal).catch(() => undefined);
    }
  }

  #begin(row: StatusRow): void {
    const { client, clock, signal, onChange, warn } = this.#options;
    const kind = findKind(row.kind);
    if (!kind) return;
    const followed: Followed = { row, end: new AbortController(), changedAt: clock.now(), lookedAt: clock.now() };
    this.#followed.set(idOf(row), followed);
    const reflector = new Reflector<RawWorkload>({
      client,
      path: resourcePath(kind, row.namespace),
      fieldSelector: `metadata.name=${row.name}`,
      signal: AbortSignal.any([followed.end.signal, signal]),
      onError: (error) => warn(unreadWords(error, 'the rollouts of workloads in flight')),
    });
    reflector.onChange(({ after }) => {
      if (!after) return;
      const workload = workloadOf(row.kind, after);
      const before = JSON.stringify(followed.workload?.rollout);
      followed.workload = workload;
      if (JSON.stringify(workload.rollout) !== before) followed.changedAt = clock.now();
      onChange();
    });
    reflector.start();
  }

  async #lookForProblems(): Promise<void> {
    const { clock, signal, cluster, onChange, warn } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
      const slow = this.#slowest();
      if (!slow?.workload || signal.aborted) continue;
      slow.lookedAt = clock.now();
      const problem = await problemOf(cluster, slow.workload, Date.parse(slow.row.startedAt ?? ''), warn);
      if (problem === slow.problem) continue;
      slow.problem = problem;
      onChange();
    }
  }

  /** Of those without progress, the one whose Events were not read for the longest time. */
  #slowest(): Followed | undefined {
    const now = this.#options.clock.now();
    return [...this.#followed.values()]
      .filter(({ workload, changedAt }) => workload && now - changedAt > SLOW)
      .filter(({ workload }) => workload && rolloutFacts(workload).state !== 'complete')
      .filter(({ lookedAt, problem }) => now - lookedAt > (problem === undefined ? SLOW : SAME_EVERY))
      .toSorted((a, b) => a.lookedAt - b.lookedAt)[0];
  }
}

/** A workload that is restarted again is another restart. */
const idOf = (row: StatusRow): string => `${rowKey(row)} ${row.startedAt}`;
