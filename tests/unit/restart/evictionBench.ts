import { setImmediate } from 'node:timers/promises';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import type { Answer } from '../../../src/expect/answer.ts';
import type { Mesh } from '../../../src/expect/mesh.ts';
import { Journal } from '../../../src/journal/journal.ts';
import {
  type Labels,
  NO_NAMESPACE,
  type OtherSidecars,
  type PodFacts,
  type Sidecar,
  type Workload,
} from '../../../src/model.ts';
import { Observer } from '../../../src/observe/observer.ts';
import { bySidecar, isOutdated } from '../../../src/plan/assessed.ts';
import { historyOf } from '../../../src/plan/history.ts';
import type { Policy } from '../../../src/plan/policy.ts';
import { Restarter } from '../../../src/restart/restarter.ts';
import { askedBy } from '../../builders/injectors.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { context, policy } from '../../builders/policy.ts';
import { expected, injection, NOW, pod, sidecar, workload } from '../../builders/workload.ts';

const NEW = sidecar({ image: expected().image });
const meshOf = (deleting: boolean): Mesh => ({
  injections: [injection()],
  namespaces: new Map([['shop', { ...NO_NAMESPACE, ...(deleting && { deleting }) }]]),
});
const REPLICAS = 3;
const LOST = 'lost-node';

/**
 * A StatefulSet or DaemonSet of three pods with the strategy OnDelete, its controller and a restarter, in time that only passes while
 * somebody sleeps.
 */
export class EvictionBench {
  /** UIDs of the pods that were evicted, and those whose eviction was refused or got lost. */
  readonly evicted: string[] = [];
  readonly tries: string[] = [];
  readonly told: string[] = [];
  elapsed = 0;
  policy: Policy = policy({ restartTimeout: 60_000 });
  /** What new pods get, and whether they become Ready. */
  next: Sidecar | undefined = NEW;
  isReady = true;
  /** The node of this pod is lost: the pod is not Ready, and terminates for ever once it is evicted. */
  stranded: string | undefined;
  /** Its namespace is being deleted: all pods go, and none can be made. */
  isNamespaceDeleted = false;
  /** The mesh as it is besides. */
  mesh: Partial<Mesh> = {};
  /** The sidecars of other sources that new pods get. */
  others: OtherSidecars | undefined;
  answer: Answer = { kind: 'sidecar', sidecar: expected() };
  /** Called when the injector is asked afresh: before the write, and before each eviction. */
  asking: () => void = () => undefined;
  /** Called when the workload is read. */
  reading: () => void = () => undefined;
  /** Called when a write of the workload arrives; what it throws is the answer, and nothing is written until it lands. */
  writing: (land: () => void) => void = () => undefined;
  /** Called when the workload is written; what it throws is the answer all the same. */
  written: () => void = () => undefined;
  /** Called when an eviction arrives; what it throws is the answer, and nothing is evicted. */
  arriving: (pod: PodFacts) => void = () => undefined;
  /** Called when a pod is evicted; what it throws is the answer all the same. */
  done: (pod: PodFacts) => void = () => undefined;
  /** Called with every second that passes. */
  ticked: () => void = () => undefined;
  pods: PodFacts[];
  workload: Workload;
  /** The other StatefulSets of its namespace, whose pods are all Ready if their controllers say so. */
  zones: Workload[] = [];
  readonly #store = new FakeStore();
  #journal = this.#newJournal();
  #version = 1;
  #stop = new AbortController();

  constructor() {
    this.workload = workload({
      kind: 'StatefulSet',
      name: 'db',
      strategy: 'OnDelete',
      maxUnavailable: 1,
      rollout: this.#rollout(REPLICAS, REPLICAS),
    });
    this.pods = Array.from({ length: REPLICAS }, (_, ordinal) => this.#pod(ordinal, sidecar(), NOW - 60_000, true));
  }

  /** Restarts it, and follows the restart to its end. @returns the outcome in the journal, `nothing` or the error */
  async restart(): Promise<string> {
    const observer = this.#observer();
    const observed = await observer.observe(this.workload);
    const assessed = observed && (await observer.assess(this.#mesh(), observed));
    if (!assessed || !isOutdated(assessed)) return `not outdated: ${assessed?.verdict.state}`;
    const [, ...together] = bySidecar(assessed).filter(isOutdated);
    return this.#outcome(this.#restarter(observer).restart(assessed, together));
  }

  /** The process ends at the next second, and another follows what the journal has. */
  async crashAndFollow(): Promise<string> {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#journal = this.#newJournal();
    this.#journal.load();
    return this.#outcome(this.#restarter(this.#observer()).follow(this.workload));
  }

  async #outcome(running: Promise<unknown>): Promise<string> {
    try {
      await running;
    } catch (error) {
      return `${error}`;
    }
    const entry = this.#journal.get(this.workload);
    return entry ? (entry.outcome ?? 'in flight') : 'nothing';
  }

  change(given: Partial<Workload>): void {
    this.#version += 1;
    this.workload = { ...this.workload, ...given, resourceVersion: String(this.#version) };
  }

  #mesh(): Mesh {
    return { ...meshOf(this.isNamespaceDeleted), ...this.mesh };
  }

  #observer(): Observer {
    const ask = async () => this.answer;
    const askAfresh = async () => {
      this.asking();
      return this.answer;
    };
    return new Observer({
      cluster: this.#cluster,
      injectors: askedBy({ ask, askAfresh }),
      journal: { of: (one) => this.#journal.of(one), learnt: (run, namespace) => this.#journal.learnt(run, namespace) },
      policy: () => this.policy,
    });
  }

  #restarter(observer: Observer): Restarter {
    const { signal } = this.#stop;
    return new Restarter({
      cluster: this.#cluster,
      observer,
      journal: this.#journal,
      mesh: () => this.#mesh(),
      ruleContext: () => {
        const now = NOW + this.elapsed;
        const { entries } = this.#journal;
        return {
          ...context({ now, wall: now, policy: this.policy }),
          history: historyOf(entries, [], now),
          rolloutGroups: new Map(),
        };
      },
      moment: () => ({ ...context({ now: NOW + this.elapsed }), policy: this.policy }),
      listener: {
        sending: () => undefined,
        restarted: () => undefined,
        evicted: () => undefined,
        ended: (_assessed, outcome, detail) => void this.told.push(`${outcome}: ${detail}`),
        lost: () => undefined,
        recordRefused: () => undefined,
        learnt: () => undefined,
        trouble: (_ref, error) => void this.told.push(`trouble: ${error}`),
      },
      signal,
      sleep: async (milliseconds) => {
        await setImmediate();
        signal.throwIfAborted();
        this.elapsed += milliseconds;
        this.#control();
        this.ticked();
        if (this.elapsed > 4 * 60 * 60_000) this.#stop.abort();
      },
    });
  }

  readonly #cluster = {
    workload: async () => {
      this.reading();
      return this.workload;
    },
    workloads: async () => [this.workload, ...this.zones],
    podsOf: async ({ uid }: Workload) => (uid === this.workload.uid ? this.pods : []),
    canaries: async () => [],
    serves: async () => false,
    budgets: async () => [],
    lostNodes: async (nodes: readonly string[]) => new Set(nodes.filter((node) => node === LOST)),
    rejection: async () => undefined,
    patch: async (_ref: unknown, { metadata }: { metadata: { annotations?: Labels } }) => {
      const land = (): void => {
        const annotations = { ...this.workload.annotations, ...metadata.annotations };
        this.change({ annotations, writtenAt: Math.floor((NOW + this.elapsed) / 1000) * 1000 });
      };
      this.writing(land);
      land();
      this.written();
      return this.workload;
    },
    evict: async (one: PodFacts) => {
      this.tries.push(one.name);
      this.arriving(one);
      this.evicted.push(one.uid);
      this.pods = this.pods.flatMap((each) => {
        if (each.uid !== one.uid) return each;
        return one.name === this.stranded ? { ...each, deleting: true } : [];
      });
      this.#report();
      this.done(one);
    },
  } as unknown as Cluster;

  /** What the controller and the kubelets do within a second. */
  #control(): void {
    if (this.isNamespaceDeleted) this.pods = [];
    this.pods = this.pods.map((one) => (one.name === this.stranded ? { ...one, node: LOST, ready: false } : one));
    for (let ordinal = 0; ordinal < REPLICAS; ordinal++) {
      const there = this.pods.find(({ name }) => name === `db-${ordinal}`);
      if (there && !there.ready && this.isReady && there.node !== LOST)
        this.pods = this.pods.map((one) => (one === there ? { ...one, ready: true } : one));
      if (!there && !this.isNamespaceDeleted)
        this.pods.push(this.#pod(ordinal, this.next ?? NEW, NOW + this.elapsed + 1000, false));
    }
    this.#report();
  }

  #report(): void {
    const ready = this.pods.filter((one) => one.ready).length;
    const { updated } = this.workload.rollout;
    this.workload = { ...this.workload, rollout: { ...this.#rollout(this.pods.length, ready), updated } };
  }

  #rollout = (existing: number, ready: number): Workload['rollout'] => ({
    observedGeneration: 1,
    desired: REPLICAS,
    existing,
    updated: REPLICAS,
    ready,
    available: ready,
    currentRevision: 'r1',
    updateRevision: 'r1',
  });

  #pods = 0;
  #pod(ordinal: number, has: Sidecar, createdAt: number, ready: boolean): PodFacts {
    this.#pods += 1;
    const owner = { kind: 'StatefulSet', namespace: 'shop', name: 'db', uid: this.workload.uid };
    const named = { name: `db-${ordinal}`, uid: `pod-${this.#pods}` };
    const others = this.others && { others: this.others };
    return pod(workload(owner), { ...named, sidecar: has, ...others, createdAt, ready });
  }

  #newJournal(): Journal {
    return new Journal({
      store: this.#store,
      now: () => NOW + this.elapsed,
      wall: () => NOW + this.elapsed,
      onError: (error) => void this.told.push(`journal: ${error}`),
    });
  }
}
