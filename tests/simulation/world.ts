import type { Budget, Labels } from '../../src/model.ts';
import { NOW } from '../builders/workload.ts';
import { type Dice, diceFor } from '../unit/fuzz/dice.ts';
import { Controlled, type Fate } from './controlled.ts';
import { ControlPlane } from './controlPlane.ts';
import { LeaseServer } from './leaseServer.ts';
import { type Manifest, merged } from './manifest.ts';
import { OperatorProcess } from './operatorProcess.ts';
import { type Attempt, Referee } from './referee.ts';
import { type BudgetDraft, drawScenario, type Scenario, type WorkloadDraft } from './scenario.ts';
import { VirtualTime } from './virtualTime.ts';
import { Weather } from './weather.ts';

const DAY = 24 * 60 * 60 * 1000;
export const rfc3339 = (time: number): string => new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** One simulated cluster with its control planes, its people and the operators that work in it. */
export class World {
  readonly dice: Dice;
  readonly scenario: Scenario;
  readonly time = new VirtualTime(NOW);
  readonly weather: Weather;
  readonly plane: ControlPlane;
  readonly lease: LeaseServer;
  readonly referee: Referee;
  readonly processes: OperatorProcess[] = [];
  readonly drafts = new Map<string, WorkloadDraft>();
  /** What happened, in words, when somebody wants to read it. */
  readonly trace: string[] = [];
  readonly #traced: boolean;
  readonly #workloads = new Map<string, Controlled>();
  readonly #listeners: ((changed: Controlled) => void)[] = [];
  #boots = 0;
  #isCalm = false;

  constructor(seed: number, traced: boolean) {
    this.dice = diceFor(seed, 0);
    this.#traced = traced;
    this.scenario = drawScenario(seed, this.dice);
    const { knobs, visible, namespaces, workloads } = this.scenario;
    this.weather = new Weather(this.dice, knobs.mishaps, knobs.slowCalls);
    this.plane = new ControlPlane(this.dice, visible);
    this.lease = new LeaseServer(this.time, this.weather);
    this.referee = new Referee(this);
    this.lease.onJournal = (writer, entries) => this.referee.journalled(writer, entries);
    for (const namespace of namespaces) this.plane.label(namespace, 'default');
    for (const draft of workloads) this.#add(draft);
  }

  log(text: () => string): void {
    if (this.#traced) this.trace.push(`${((this.time.now - NOW) / 1000).toFixed(3).padStart(9)} s  ${text()}`);
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  calm(): void {
    this.#isCalm = true;
    this.weather.calm();
    this.log(() => 'from here on nothing fails any more');
  }

  existing(): Controlled[] {
    return [...this.#workloads.values()].filter(({ gone }) => !gone);
  }

  find(key: string): Controlled | undefined {
    const found = this.#workloads.get(key);
    return found?.gone ? undefined : found;
  }

  onChange(listener: (changed: Controlled) => void): void {
    this.#listeners.push(listener);
  }

  /** Meltemi's merge patch, as the API server and the cluster's admission take it. @returns why it is refused, if it is */
  merge(workload: Controlled, body: object): 'conflict' | 'denied' | undefined {
    const { manifest } = workload;
    const { admission } = this.scenario;
    const { resourceVersion, annotations } = (body as { metadata: { resourceVersion?: string; annotations?: Labels } })
      .metadata;
    if (resourceVersion !== undefined && resourceVersion !== manifest.metadata.resourceVersion) return 'conflict';
    if (annotations && admission === 'refuses') return 'denied';
    const next = merged(manifest, body) as Manifest;
    if (admission === 'strips') Object.assign(next.metadata, { annotations: manifest.metadata.annotations });
    const others = manifest.metadata.managedFields.filter(({ manager }) => manager !== 'meltemi');
    const ours = { manager: 'meltemi', operation: 'Update', time: rfc3339(this.time.now), fieldsV1: {} };
    workload.write({ metadata: { ...next.metadata, managedFields: [...others, ours] }, spec: next.spec });
    return undefined;
  }

  boot(): OperatorProcess {
    this.#boots += 1;
    const process = new OperatorProcess(this, `operator-${this.#boots}`);
    this.processes.push(process);
    process.start();
    return process;
  }

  /** Watches hear of what changed in the mesh a little later. */
  meshChanged(): void {
    const mesh = this.plane.mesh();
    for (const { lane, view } of this.processes) lane.wake(this.scenario.lag, () => view.take(mesh));
  }

  /** Some processes end in the very moment in which a write of theirs lands. */
  afterLanding(process: OperatorProcess, attempt: Attempt): void {
    const { crashesOnLanding } = this.scenario.knobs;
    if (this.#isCalm || crashesOnLanding === 0 || this.dice.below(100) >= crashesOnLanding) return;
    process.crash(`right after its ${attempt.restart ? 'restart' : 'outcome'} of ${attempt.key} landed`);
    this.time.after(1000 + this.dice.below(60_000), () => this.boot());
  }

  budgets(namespace: string | undefined): Budget[] {
    return this.scenario.budgets
      .filter((one) => namespace === undefined || one.namespace === namespace)
      .map((draft) => this.budget(draft));
  }

  /** As the disruption controller counts. */
  budget({ namespace, name, group, maxUnavailable }: BudgetDraft): Budget {
    const covered = this.existing().filter(
      (one) => one.namespace === namespace && one.manifest.spec.template.metadata.labels.group === group,
    );
    const desired = covered.reduce((sum, one) => sum + one.desired, 0);
    const healthy = covered.reduce((sum, one) => sum + one.live.filter(({ ready }) => ready).length, 0);
    const allowed = Math.max(0, healthy - Math.max(0, desired - maxUnavailable));
    return {
      namespace,
      name,
      selector: { matchLabels: { group } },
      allowed,
      detail: `${healthy} of ${desired} healthy`,
    };
  }

  #add(draft: WorkloadDraft): void {
    const manifest = manifestOf(draft, this.time.now);
    const workload = new Controlled(
      draft.kind,
      manifest,
      {
        time: this.time,
        dice: this.dice,
        admit: (one) => this.plane.admit(one.namespace),
        fateOf: () => this.#fate(),
        log: (text) => this.log(text),
        changed: (one) => {
          for (const listener of this.#listeners) listener(one);
        },
      },
      { progressDeadline: draft.progressDeadline, nodes: draft.replicas },
    );
    this.#workloads.set(workload.key, workload);
    this.drafts.set(workload.key, draft);
    const sidecar = this.plane.admit(draft.namespace);
    if (typeof sidecar !== 'string') workload.settle(sidecar);
  }

  #fate(): Fate {
    const { hangs, slow } = this.scenario.knobs;
    const thrown = this.dice.below(100);
    if (!this.#isCalm && thrown < hangs) return { name: 'hangs', readyAfter: () => Number.POSITIVE_INFINITY };
    if (thrown >= 100 - slow) return { name: 'slow', readyAfter: () => 5000 + this.dice.below(15_000) };
    return { name: 'ready', readyAfter: () => 500 + this.dice.below(4000) };
  }
}

function manifestOf(draft: WorkloadDraft, now: number): Manifest {
  const { kind, namespace, name, replicas, strategy, maxUnavailable, partition, paused, claimed, owner, group } = draft;
  const key = { 'f:spec': { 'f:template': { 'f:metadata': { 'f:annotations': { [CLAIM]: {} } } } } };
  const rolling = {
    Deployment: { maxUnavailable, maxSurge: 1 },
    StatefulSet: { partition },
    DaemonSet: { maxUnavailable: 1 },
  }[kind];
  const rollout = { type: strategy, ...(strategy === 'RollingUpdate' && { rollingUpdate: rolling }) };
  const labels = { app: name, group };
  return {
    metadata: {
      name,
      namespace,
      uid: `uid-${namespace}-${name}`,
      resourceVersion: '0',
      generation: 1,
      creationTimestamp: rfc3339(now - 30 * DAY),
      annotations: draft.optedOut ? { 'meltemi.dev/restart': 'false' } : {},
      ownerReferences: owner
        ? [{ apiVersion: 'example.org/v1', kind: owner, name: `${name}-owner`, controller: true }]
        : [],
      managedFields: claimed
        ? [{ manager: 'argocd', operation: 'Apply', time: rfc3339(now - DAY), fieldsV1: key }]
        : [],
    },
    spec: {
      ...(kind !== 'DaemonSet' && { replicas }),
      ...(paused && { paused }),
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels, annotations: {} }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
      [kind === 'Deployment' ? 'strategy' : 'updateStrategy']: rollout,
    },
    status: { observedGeneration: 0, conditions: [] },
  };
}

const CLAIM = 'f:kubectl.kubernetes.io/restartedAt';
