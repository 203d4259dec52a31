import type { Mesh } from '../../src/expect/mesh.ts';
import { SnapshotMap } from '../../src/journal/snapshotMap.ts';
import { keyOf, NO_NAMESPACE, type Workload, type WorkloadKey } from '../../src/model.ts';
import type { Observed } from '../../src/observe/observed.ts';
import type { Answered } from '../../src/plan/assess.ts';
import type { EvaluationInputs } from '../../src/plan/evaluate.ts';
import type { JournalEntry } from '../../src/plan/journalEntry.ts';
import { restarted } from '../builders/journal.ts';
import { context } from '../builders/policy.ts';
import { expected, group, injection, MINUTE, NOW, workload } from '../builders/workload.ts';

/** Workloads of one namespace, as a large cluster has them. */
const IN_A_NAMESPACE = 50;
const HOUR = 60 * MINUTE;

/** A mesh of so many workloads in the middle of an upgrade: some are done, the others wait for their turn. Nothing of it is real. */
export class ObservedWorkloads {
  readonly mesh: Mesh;
  readonly observed: Observed[];
  readonly journal = new SnapshotMap<WorkloadKey, JournalEntry>();
  readonly #answer = { kind: 'sidecar', sidecar: expected() } as const;
  readonly #answered: Answered[];
  now = NOW;

  constructor(size: number, done = 0.4) {
    const names = Array.from({ length: Math.ceil(size / IN_A_NAMESPACE) }, (_, index) => `ns-${index}`);
    this.mesh = { injections: [injection()], namespaces: new Map(names.map((name) => [name, NO_NAMESPACE])) };
    const one = (index: number): Workload =>
      workload({
        namespace: `ns-${Math.floor(index / IN_A_NAMESPACE)}`,
        name: `app-${index}`,
        uid: `uid-${index}`,
        template: { labels: { app: `app-${index}` }, annotations: {}, spec: {} },
      });
    this.observed = Array.from({ length: size }, (_, index) => this.#observed(one(index), index < size * done));
    for (const [index, { workload: of }] of this.observed.slice(0, size * done).entries())
      this.journal.set(keyOf(of), restarted(2 * HOUR + index, 'verified', { uid: of.uid, endedAt: NOW - 2 * HOUR }));
    this.#answered = this.observed.map((each) => this.#answeredOf(each));
  }

  #observed(of: Workload, isDone: boolean): Observed {
    const groups = [group(isDone ? { image: expected().image } : {})];
    return { workload: of, templateHash: 'h', groups, onLostNodes: 0, budgets: [] };
  }

  #answeredOf(one: Observed): Answered {
    const [entry] = this.mesh.injections;
    return {
      ...one,
      match: { kind: 'entry', entry: entry as (typeof this.mesh.injections)[number] },
      answer: this.#answer,
    };
  }

  /** The restart of a workload is written. */
  begins(key: WorkloadKey): void {
    const one = this.observed[this.#indexOf(key)] as Observed;
    this.journal.set(key, restarted(0, undefined, { uid: one.workload.uid, since: this.now, restartedAt: this.now }));
  }

  /** Its restart ends well. */
  ends(key: WorkloadKey): void {
    const index = this.#indexOf(key);
    const entry = this.journal.get(key) as JournalEntry;
    const one = this.#observed((this.observed[index] as Observed).workload, true);
    this.journal.set(key, { ...entry, outcome: 'verified', endedAt: this.now });
    this.observed[index] = one;
    this.#answered[index] = this.#answeredOf(one);
  }

  readonly #indices = new Map<WorkloadKey, number>();

  #indexOf(key: WorkloadKey): number {
    if (this.#indices.size === 0)
      for (const [index, { workload: of }] of this.observed.entries()) this.#indices.set(keyOf(of), index);
    return this.#indices.get(key) as number;
  }

  readonly #policy = context().policy;
  readonly #epochs = new Map([['epoch', NOW - 24 * HOUR]]);
  readonly #learnt = () => [];

  inputs(): EvaluationInputs {
    const given = { now: this.now, wall: this.now, journal: this.journal.snapshot(), epochSeenAt: this.#epochs };
    return {
      mesh: this.mesh,
      learnt: this.#learnt,
      observations: [...this.#answered],
      context: { ...context(), policy: this.#policy, ...given },
    };
  }
}
