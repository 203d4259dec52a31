import { statusError } from '../../src/cluster/apiError.ts';
import type { Cluster } from '../../src/cluster/cluster.ts';
import type { Mesh } from '../../src/expect/mesh.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { PauseState } from '../../src/leader/pauseState.ts';
import {
  keyOf,
  type Labels,
  NO_NAMESPACE,
  type PodFacts,
  type Workload,
  type WorkloadKey,
  type WorkloadRef,
} from '../../src/model.ts';
import type { Operator } from '../../src/operator.ts';
import type { Planned } from '../../src/plan/plan.ts';
import type { Policy } from '../../src/plan/policy.ts';
import { type OperatorParts, wireOperator } from '../../src/wireOperator.ts';
import { FakeStore } from '../builders/journalStore.ts';
import { NOBODY_TOLD } from '../builders/notify.ts';
import { policy } from '../builders/policy.ts';
import { expected, injection, NOW, pod } from '../builders/workload.ts';
import { until } from './cluster/deadline.ts';

export const MESH: Mesh = {
  injections: [injection()],
  namespaces: new Map(['shop', 'bank', 'tenant', 'hidden'].map((name) => [name, NO_NAMESPACE])),
};

export interface OperatorBenchOptions {
  /** The workloads that there are at the moment of the call. Their pods are all outdated. */
  readonly workloads: () => readonly Workload[];
  /** The pods of one of them at the moment of the call, if they are not all outdated. */
  readonly pods?: (workload: Workload) => readonly PodFacts[];
  /** Names of those that cannot be looked at by themselves. */
  readonly forbidden?: readonly string[];
  /** Whether the workloads of a namespace cannot be listed. */
  readonly unlisted?: (namespace: string | undefined) => boolean;
  /** Kinds that are served, and that may not be listed. */
  readonly unreadable?: readonly string[];
  readonly mesh?: () => Mesh;
  readonly policy?: Partial<Policy>;
  readonly store?: FakeStore;
  /** Takes what a restart has made of a workload; the answer is given without it, too. */
  readonly onPatch?: (patched: Workload) => void;
  readonly pauseState?: PauseState;
  readonly given?: Partial<OperatorParts>;
}

/** An operator over a cluster that is only an array, and what became of it. */
export class OperatorBench implements AsyncDisposable {
  readonly store: FakeStore;
  readonly journal: Journal;
  readonly operator: Operator;
  /** Names of the patched workloads, in order. */
  readonly patched: string[] = [];
  /** What the reports told, in order. */
  readonly told: string[] = [];
  looks = 0;
  /** Names of the workloads that were looked at. */
  readonly lookedAt = new Set<string>();
  /** Lists of versions. */
  surveys = 0;
  scans = 0;
  assessed: readonly Planned[] = [];
  evaluations = 0;
  readonly #began = performance.now();
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #term = new AbortController();
  #led: Promise<unknown> = Promise.resolve();

  constructor(options: OperatorBenchOptions) {
    const { workloads, forbidden = [], unlisted = () => false, unreadable = [], mesh = () => MESH } = options;
    const podsOf = (one: Workload): readonly PodFacts[] => options.pods?.(one) ?? [pod(one)];
    this.store = options.store ?? new FakeStore();
    const cluster: Partial<Cluster> = {
      budgets: async () => [],
      canaries: async () => [],
      serves: async () => true,
      workloads: async (kind, namespace) => {
        this.scans += kind === 'Deployment' ? 1 : 0;
        if (unreadable.includes(kind)) throw statusError({ method: 'GET', path: kind }, { code: 403 });
        if (unlisted(namespace)) throw statusError({ method: 'GET', path: kind }, { code: 500 });
        return workloads().filter((one) => one.kind === kind && isIn(one, namespace));
      },
      async *pods(namespace) {
        yield workloads()
          .filter((one) => isIn(one, namespace))
          .flatMap(podsOf);
      },
      podsOf: async (one) => [...podsOf(one)],
      workload: async ({ namespace, name }: WorkloadRef) => {
        this.looks += 1;
        this.lookedAt.add(name);
        // a network takes its time, so that timers go on
        await new Promise(setImmediate);
        if (forbidden.includes(name)) throw statusError({ method: 'GET', path: name }, { code: 403 });
        return workloads().find((one) => one.name === name && one.namespace === namespace);
      },
      versions: async (kind, namespace) => {
        this.surveys += 1;
        const there = workloads().filter((one) => one.kind === kind && isIn(one, namespace));
        return new Map(there.map((one) => [keyOf(one), one.resourceVersion]));
      },
      patch: async ({ name }, body) => {
        const one = workloads().find((other) => other.name === name) as Workload;
        const written = patched(one, body as Patch);
        if (written.generation !== one.generation) this.patched.push(name);
        options.onPatch?.(written);
        return written;
      },
      rejection: async () => undefined,
    };
    const only = () => policy({ istiodConfigReadDelay: 0, ...options.policy });
    const silent = () => undefined;
    const { operator, journal } = wireOperator({
      cluster: cluster as Cluster,
      lease: {
        text: () => this.store.text(),
        keep: (text) => this.store.keep(text),
        pauseState: () => options.pauseState ?? {},
        onPauseState: () => silent,
        publishes: silent,
      },
      watch: () => ({
        onChange: silent,
        settled: async () => undefined,
        mesh,
        stale: silent,
        answersChanged: silent,
        answersDiffer: silent,
        sourcesChanged: silent,
      }),
      post: async () => ({ kind: 'sidecar', sidecar: expected() }),
      policy: only,
      reconcilePeriod: 0,
      namespaces: [],
      dryRun: false,
      own: undefined,
      notify: NOBODY_TOLD,
      signal: this.#stop.signal,
      report: {
        mesh: silent,
        trouble: (what) => void this.told.push(`trouble: ${typeof what === 'string' ? what : what.name}`),
        restarted: silent,
        question: silent,
        reachable: silent,
        answersChanged: silent,
        answersDiffer: silent,
        lost: ({ name }, outcome) => void this.told.push(`${name}: ${outcome}`),
        ended: ({ workload: { name } }, outcome) => void this.told.push(`${name}: ${outcome}`),
        evicted: silent,
        recordRefused: silent,
        learnt: silent,
        notServed: silent,
        ownerUnread: () => undefined,
        metricGateAnswered: silent,
        metricGatesAsked: silent,
        metricGateClosedLong: ({ gate, detail }) => void this.told.push(`closed long: ${gate}: ${detail}`),
        scanned: silent,
        scanFailed: silent,
        evaluated: async ({ items }) => {
          this.assessed = items;
          this.evaluations += 1;
        },
        journalUnreadable: (why) => void this.told.push(`unreadable: ${why}`),
        journalRebuilt: (keys: readonly WorkloadKey[]) => void this.told.push(`rebuilt: ${keys.join()}`),
      },
      // it goes on: between two evaluations time must pass
      now: () => NOW + performance.now() - this.#began,
      wall: () => NOW,
      sleep: abortable,
      ...options.given,
    });
    this.operator = operator;
    this.journal = journal;
  }

  /** Lets the time of the operator pass in steps, each with a turn. @param ahead lets a second pass */
  async pass(seconds: number, ahead: () => void): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      ahead();
      const before = this.evaluations;
      this.operator.ring();
      await until('a turn', () => this.evaluations > before);
    }
  }

  /** Begins to run and to lead. */
  start(): this {
    this.#running = this.operator.run(this.#stop.signal);
    this.lead();
    return this;
  }

  /** Begins another term. */
  lead(): void {
    this.#term = new AbortController();
    this.#led = this.operator.lead(this.#term.signal);
  }

  /** Ends the term, and waits until nothing of it is under way. */
  async stepDown(): Promise<void> {
    this.#term.abort();
    await this.#led;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stepDown();
    this.#stop.abort();
    await this.#running;
  }
}

interface Patch {
  readonly metadata: { readonly annotations?: Labels };
  readonly spec?: { readonly template: { readonly metadata: { readonly annotations: Labels } } };
}

/** What the API server makes of a workload by a patch. */
function patched(one: Workload, { metadata, spec }: Patch): Workload {
  const annotations = { ...one.annotations, ...metadata.annotations };
  if (!spec) return { ...one, annotations };
  const template = {
    ...one.template,
    annotations: { ...one.template.annotations, ...spec.template.metadata.annotations },
  };
  return { ...one, annotations, template, generation: one.generation + 1 };
}

const isIn = (one: WorkloadRef, namespace: string | undefined): boolean =>
  namespace === undefined || one.namespace === namespace;

/** Sleeps in real time, and ends when it is told to. */
function abortable(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
