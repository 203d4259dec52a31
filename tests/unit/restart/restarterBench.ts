import { setImmediate } from 'node:timers/promises';
import { statusError } from '../../../src/cluster/apiError.ts';
import type { Cluster } from '../../../src/cluster/cluster.ts';
import type { Answer } from '../../../src/expect/answer.ts';
import type { Mesh } from '../../../src/expect/mesh.ts';
import { Journal } from '../../../src/journal/journal.ts';
import {
  type Labels,
  NO_NAMESPACE,
  type OtherSidecars,
  type PodFacts,
  type Workload,
  type WorkloadRef,
} from '../../../src/model.ts';
import { RESTARTED_AT } from '../../../src/names.ts';
import type { Observed } from '../../../src/observe/observed.ts';
import { Observer } from '../../../src/observe/observer.ts';
import { isOutdated, type Outdated } from '../../../src/plan/assessed.ts';
import { historyOf } from '../../../src/plan/history.ts';
import type { RuleContext } from '../../../src/plan/rule.ts';
import { Restarter } from '../../../src/restart/restarter.ts';
import type { RestartPhases } from '../../../src/restart/restartPhases.ts';
import { askedBy } from '../../builders/injectors.ts';
import { FakeStore } from '../../builders/journalStore.ts';
import { context, policy } from '../../builders/policy.ts';
import { complete, expected, injection, NOW, pod, sidecar, workload } from '../../builders/workload.ts';

export interface Patch {
  readonly metadata: { readonly resourceVersion: string; readonly annotations?: Labels };
  readonly spec?: { readonly template: { readonly metadata: { readonly annotations: Labels } } };
}

const NEW = sidecar({ image: expected().image });
export const MESH: Mesh = {
  injections: [injection()],
  namespaces: new Map(['shop', 'bank'].map((name) => [name, NO_NAMESPACE])),
};

/**
 * A restarter over a cluster of Deployments whose API server and controllers do what the real ones do with versions, generations and pods,
 * in time that only passes while somebody sleeps.
 */
export class RestarterBench {
  readonly store = new FakeStore();
  readonly objects = new Map<string, Workload>();
  readonly #refs = new Map<string, WorkloadRef>();
  /** The proxies of the pods of each. */
  readonly current = new Set<string>();
  readonly patches: Patch[] = [];
  readonly told: string[] = [];
  readonly stop = new AbortController();
  elapsed = 0;
  mesh = MESH;
  /** What its new pods are besides. */
  newPods: Partial<PodFacts> = {};
  /** The sidecars of other sources that its pods have, before the restart and after it. */
  others: { readonly before: OtherSidecars; readonly after: OtherSidecars } | undefined;
  answer: Answer = { kind: 'sidecar', sidecar: expected() };
  /** How often the pods of a workload were listed. */
  lists = 0;
  /** Called when a patch has arrived, before anything is done; what it throws is the answer. */
  arriving: (patch: Patch, one: Workload) => void = () => undefined;
  /** Called when a patch is done, before it is answered. */
  done: (patch: Patch) => void = () => undefined;
  /** Called when the injector is asked afresh, before it answers. */
  asking: () => void = () => undefined;
  /** Called when a workload is read; what it throws is the answer. */
  reading: () => void = () => undefined;
  /** Called with every second that passes. */
  ticked: () => void = () => undefined;
  /** Is told the phases of restarts. */
  phases: RestartPhases = {
    begun: () => undefined,
    entered: () => undefined,
    ended: () => undefined,
    over: () => undefined,
  };
  journal = this.#newJournal();
  readonly observer: Observer;
  restarter: Restarter;
  readonly #cluster: Cluster;

  constructor(...all: Workload[]) {
    for (const one of all.length > 0 ? all : [workload()]) {
      this.objects.set(one.name, one);
      this.#refs.set(one.name, one);
    }
    this.#cluster = {
      workload: async ({ name }: WorkloadRef) => {
        this.reading();
        return this.objects.get(name);
      },
      podsOf: async (one: Workload) => {
        this.lists += 1;
        return Array.from({ length: one.rollout.existing }, (_, i) => this.#pod(one, i));
      },
      budgets: async () => [],
      workloads: async () => [],
      canaries: async () => [],
      patch: async (ref: WorkloadRef, patch: Patch) => this.#patch(ref, patch),
      rejection: async () => undefined,
    } as unknown as Cluster;
    const answer = async () => this.answer;
    const askAfresh = async () => {
      this.asking();
      return this.answer;
    };
    this.observer = new Observer({
      cluster: this.#cluster,
      injectors: askedBy({ ask: answer, askAfresh }),
      journal: { of: (one) => this.journal.of(one), learnt: (run, namespace) => this.journal.learnt(run, namespace) },
      policy: () => policy(),
    });
    this.restarter = this.#newRestarter();
  }

  /** The process ends and another begins with what is stored. */
  restartProcess(): void {
    this.journal = this.#newJournal();
    this.journal.load();
    this.restarter = this.#newRestarter();
  }

  /** The one that there is, or the one of this name. */
  object(name = 'web'): Workload {
    return this.objects.get(name) as Workload;
  }

  change(given: Partial<Workload>, name = 'web'): void {
    const one = this.object(name);
    this.objects.set(name, { ...one, ...given, resourceVersion: String(Number(one.resourceVersion) + 1) });
  }

  /** Another template, as everyone may write one: of another generation, for which the controller makes new pods. */
  template(annotations: Labels, name = 'web'): void {
    const { template, generation } = this.object(name);
    this.change({ template: { ...template, annotations }, generation: generation + 1 }, name);
  }

  async planned(name = 'web'): Promise<Outdated> {
    const assessed = await this.observer.assess(
      this.mesh,
      (await this.observer.observe(this.object(name))) as Observed,
    );
    if (!isOutdated(assessed)) throw new Error(`${name} is ${assessed.verdict.state}`);
    return assessed;
  }

  /** Restarts it, and tells how that ended: in the journal, or why it was not made. */
  async restart(name = 'web'): Promise<string> {
    return this.#told(name, this.restarter.restart(await this.planned(name)));
  }

  async follow(name = 'web'): Promise<string> {
    return this.#told(name, this.restarter.follow(this.#ref(name)));
  }

  /** Writes of the template: each makes a rollout. */
  get rollouts(): number {
    return this.patches.filter(({ spec }) => spec !== undefined).length;
  }

  /** What the journal knows of it, in a word. */
  known(name = 'web'): string {
    const entry = this.journal.get(this.#ref(name));
    return entry ? (entry.outcome ?? 'in flight') : 'nothing';
  }

  #ref(name: string): WorkloadRef {
    const { kind, namespace } = this.#refs.get(name) as WorkloadRef;
    return { kind, namespace, name };
  }

  async #told(name: string, work: Promise<unknown>): Promise<string> {
    try {
      await work;
      return this.known(name);
    } catch (error) {
      return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    }
  }

  #newJournal(): Journal {
    const onError = (error: unknown): void => void this.told.push(`journal: ${error}`);
    const now = (): number => NOW + this.elapsed;
    return new Journal({ store: this.store, now, wall: now, onError });
  }

  #newRestarter(): Restarter {
    return new Restarter({
      cluster: this.#cluster,
      observer: this.observer,
      journal: this.journal,
      mesh: () => this.mesh,
      ruleContext: () => this.#ruleContext(),
      moment: () => this.#ruleContext(),
      listener: {
        sending: () => undefined,
        restarted: () => void this.told.push('restarted'),
        ended: (_judged, outcome) => void this.told.push(outcome),
        evicted: (_ref, pod) => void this.told.push(`evicted ${pod}`),
        lost: ({ name, uid }, outcome) => void this.told.push(`${name} ${uid}: ${outcome}`),
        recordRefused: ({ workload: { name } }) => void this.told.push(`record of ${name} refused`),
        learnt: () => undefined,
        trouble: (_ref, error) => void this.told.push(`trouble: ${error instanceof Error ? error.name : error}`),
      },
      phases: {
        begun: (planned) => this.phases.begun(planned),
        entered: (ref, phase) => this.phases.entered(ref, phase),
        ended: (ref, outcome, detail) => this.phases.ended(ref, outcome, detail),
        over: (ref, error) => this.phases.over(ref, error),
      },
      signal: this.stop.signal,
      sleep: async (milliseconds) => {
        await setImmediate();
        this.elapsed += milliseconds;
        this.#control();
        this.ticked();
        if (this.elapsed > 4 * 60 * 60_000) this.stop.abort();
      },
    });
  }

  #ruleContext(): RuleContext {
    const [now, { entries }] = [NOW + this.elapsed, this.journal];
    return {
      ...context({ now, wall: now, journal: entries }),
      history: historyOf(entries, [], now),
      rolloutGroups: new Map(),
    };
  }

  #patch({ name }: WorkloadRef, patch: Patch): Workload {
    this.patches.push(patch);
    const one = this.objects.get(name);
    if (!one) throw statusError({ method: 'PATCH', path: name }, { code: 404 });
    this.arriving(patch, one);
    if (patch.metadata.resourceVersion !== this.object(name).resourceVersion)
      throw statusError({ method: 'PATCH', path: name }, { code: 409, reason: 'Conflict' });
    this.change({ annotations: { ...one.annotations, ...patch.metadata.annotations } }, name);
    const at = patch.spec?.template.metadata.annotations;
    if (at) this.template({ ...one.template.annotations, ...at }, name);
    this.done(patch);
    return this.object(name);
  }

  /** The controllers make new pods of every new template; the injector gives them what it answers. */
  #control(): void {
    for (const [name, one] of this.objects) {
      if (one.rollout.observedGeneration >= one.generation) continue;
      this.current.add(name);
      this.change({ rollout: { ...complete(3), observedGeneration: one.generation } }, name);
    }
  }

  #pod(one: Workload, index: number): PodFacts {
    const named = { name: `${one.name}-${index}`, uid: `${one.uid}-${index}` };
    const isNew = this.current.has(one.name);
    const others = isNew ? this.others?.after : this.others?.before;
    return pod(one, {
      ...named,
      sidecar: isNew ? NEW : sidecar(),
      ...(others && { others }),
      ...(isNew && this.newPods),
    });
  }
}

/** The template's restart time in a patch, as far as it has one. */
export const restartIn = ({ spec }: Patch): string | undefined => spec?.template.metadata.annotations[RESTARTED_AT];
