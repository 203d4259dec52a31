import type { Budget, Labels, Sidecar } from '../../src/model.ts';
import type { Policy } from '../../src/plan/policy.ts';
import { NOW } from '../builders/workload.ts';
import { type Dice, diceFor } from '../unit/fuzz/dice.ts';
import { Controlled, type Fate } from './controlled.ts';
import { ControlPlane, NO_PROXY, REVISIONS } from './controlPlane.ts';
import { FaultWeather } from './faults.ts';
import { Flagger } from './flagger.ts';
import { LeaseServer } from './leaseServer.ts';
import { type Manifest, merged, type Spec, type Strategy } from './manifest.ts';
import { OperatorProcess } from './operatorProcess.ts';
import { Prometheus } from './prometheus.ts';
import { SimulatedReceiver } from './receiver.ts';
import { type Attempt, Referee } from './referee.ts';
import { Rights, type Verb } from './rights.ts';
import { type BudgetDraft, drawScenario, type Scenario, type WorkloadDraft } from './scenario.ts';
import { Tenant } from './tenant.ts';
import { windowText } from './times.ts';
import { OWN_CONTAINER, oldVault, VaultInjector } from './vault.ts';
import { VirtualTime } from './virtualTime.ts';

const DAY = 24 * 60 * 60 * 1000;
export const rfc3339 = (time: number): string => new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** One simulated cluster with its control planes, its people and the operators that work in it. */
export class World {
  readonly dice: Dice;
  readonly scenario: Scenario;
  readonly time = new VirtualTime(NOW);
  readonly weather: FaultWeather;
  readonly plane: ControlPlane;
  readonly lease: LeaseServer;
  readonly referee: Referee;
  readonly tenant: Tenant;
  readonly receiver: SimulatedReceiver;
  /** Of their own, so that nothing else comes otherwise: when a replica of istiod is behind. */
  readonly behindDice: Dice;
  /** Of the shifts. */
  readonly shiftDice: Dice;
  /** Namespaces whose deletion has begun, and when, until they are made anew. */
  readonly ending = new Map<string, number>();
  /** Workloads and namespaces that are or were opted out for a while, and since when. */
  readonly optedOutSince = new Map<string, number>();
  /** Namespaces whose label somebody has taken away, and when that was last. */
  readonly orphanedSince = new Map<string, number>();
  /** What `--namespaces` names; undefined where it is not given. Processes that run keep what they began with. */
  scope: ReadonlySet<string> | undefined;
  readonly rights = new Rights();
  /** Nodes that are not heard of, and since when. */
  readonly lostNodes = new Map<string, number>();
  /** Workloads of which so many reads fail next. */
  readonly failing = new Map<string, number>();
  /** What stands in the policy file. */
  #policy: Policy;
  readonly flagger: Flagger;
  /** It answers the metric gate, if the policy has one. */
  readonly prometheus: Prometheus;
  /** The injector of a second sidecar. */
  readonly vault: VaultInjector | undefined;
  readonly processes: OperatorProcess[] = [];
  readonly drafts = new Map<string, WorkloadDraft>();
  /** What happened, in words, when somebody wants to read it. */
  readonly trace: string[] = [];
  readonly #traced: boolean;
  readonly #workloads = new Map<string, Controlled>();
  readonly #listeners: ((changed: Controlled) => void)[] = [];
  #boots = 0;
  #versions = 0;
  #isCalm = false;
  /** When the world became calm, for good. */
  calmSince = 0;

  /** @param scenario drawn from the seed by default */
  constructor(seed: number, traced: boolean, scenario?: Scenario) {
    this.dice = diceFor(seed, 0);
    this.#traced = traced;
    this.scenario = scenario ?? drawScenario(seed, this.dice);
    const { knobs, visible, namespaces, workloads, tenant } = this.scenario;
    this.weather = new FaultWeather(this.dice, knobs.mishaps, knobs.slowCalls);
    if (this.scenario.isByNamespace) this.scope = new Set([...namespaces, tenant.namespace]);
    this.plane = new ControlPlane(this.dice, visible);
    if (this.scenario.vault) {
      this.plane.hasVault = true;
      this.vault = new VaultInjector(this.scenario.vault === 'new');
    }
    this.plane.hasConfig = this.scenario.configured;
    this.plane.hasClasses = this.scenario.sharing !== 'none';
    if (this.scenario.sharing === 'unlike') this.plane.unlike = 'w2';
    this.lease = new LeaseServer(this.time, this.weather);
    this.referee = new Referee(this);
    this.flagger = new Flagger(this, this.scenario.canary, diceFor(seed, 5));
    this.prometheus = new Prometheus(this, diceFor(seed, 8));
    this.receiver = new SimulatedReceiver(this, diceFor(seed, 11));
    this.behindDice = diceFor(seed, 12);
    this.shiftDice = diceFor(seed, 13);
    this.#policy = this.scenario.policy;
    this.tenant = new Tenant(this, tenant.namespace, diceFor(seed, 2));
    this.lease.afterLanding = (writer) => this.#afterLanding(writer, 'journal', 3);
    this.lease.onJournal = (writer, entries) => this.referee.journalled(writer, entries);
    const { start } = this.scenario;
    for (const name of REVISIONS) {
      const version = start?.versions[name];
      if (version !== undefined)
        this.plane.change(name, { configured: version, deployed: version, serving: [version] });
    }
    for (const [tag, revision] of Object.entries(start?.tags ?? {})) this.plane.tag(tag, revision);
    for (const namespace of namespaces) this.plane.label(namespace, start?.labels[namespace] ?? 'default');
    this.plane.label(tenant.namespace, 'default');
    for (const draft of [...workloads, ...tenant.workloads]) this.#settled(draft);
  }

  log(text: () => string): void {
    if (this.#traced) this.trace.push(`${((this.time.now - NOW) / 1000).toFixed(3).padStart(9)} s  ${text()}`);
  }

  get isCalm(): boolean {
    return this.#isCalm;
  }

  calm(): void {
    this.#isCalm = true;
    this.calmSince = this.time.now;
    this.weather.calm();
    this.log(() => 'from here on nothing fails any more');
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** Each process reads it a moment later. */
  editPolicy(policy: Policy, what: string): void {
    this.log(() => `somebody edits the policy: ${what}`);
    this.#policy = policy;
    for (const process of this.processes) process.lane.wake(this.scenario.lag, () => process.readPolicy(this.#policy));
  }

  loseNode(node: string): void {
    this.lostNodes.set(node, this.time.now);
    for (const one of this.existing()) one.loses(node);
  }

  regainNode(node: string): void {
    this.lostNodes.delete(node);
    for (const one of this.existing()) one.regains(node);
  }

  /** Whether a call is refused because a right is missing. What is gone has taken the rights in it along. */
  forbids(verb: Verb, kind: string, namespace: string | undefined): boolean {
    const isGone = namespace !== undefined && !this.plane.namespaces.has(namespace);
    return (isGone && this.scenario.isByNamespace === true) || this.rights.lacks(verb, kind, namespace);
  }

  /** Whether the next read of a workload is one of those that fail. */
  failsNow(key: string): boolean {
    const left = this.failing.get(key) ?? 0;
    if (left > 1) this.failing.set(key, left - 1);
    else this.failing.delete(key);
    return left > 0;
  }

  existing(): Controlled[] {
    return [...this.#workloads.values()].filter(({ gone }) => !gone);
  }

  /** Whether a namespace is one of those that processes are told to manage. */
  manages(namespace: string): boolean {
    return this.scope?.has(namespace) ?? true;
  }

  /** Without the tenant's. */
  others(): Controlled[] {
    return this.existing().filter((one) => !this.isTenants(one));
  }

  isTenants({ namespace }: { readonly namespace: string }): boolean {
    return namespace === this.tenant.namespace;
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
    if (this.isTenants(workload)) this.tenant.noticed(workload);
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

  afterLanding(process: OperatorProcess, { key, restart }: Attempt): void {
    this.#afterLanding(process, `${restart ? 'restart' : 'outcome'} of ${key}`, 1);
  }

  /** Some processes end in the very moment in which a write of theirs lands. */
  #afterLanding(process: OperatorProcess, what: string, once: number): void {
    const { crashesOnLanding } = this.scenario.knobs;
    const isNone = this.#isCalm || crashesOnLanding === 0 || process.lane.isDead;
    if (isNone || this.dice.below(100 * once) >= crashesOnLanding) return;
    process.crash(`right after its ${what} landed`);
    this.time.after(1000 + this.dice.below(60_000), () => this.boot());
  }

  budgets(namespace: string | undefined): Budget[] {
    return this.scenario.budgets
      .filter((one) => namespace === undefined || one.namespace === namespace)
      .map((draft) => this.budget(draft))
      .concat(namespace === undefined || namespace === this.tenant.namespace ? this.tenant.budgets() : []);
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

  /** Pods as they were before anything began. */
  #settled(draft: WorkloadDraft): void {
    const workload = this.#add(draft, manifestOf(draft, this.time.now));
    const sidecar = this.plane.admit(draft);
    if (typeof sidecar !== 'string') workload.settle(sidecar, this.vault && oldVault());
  }

  /** One of the same name in the place of one that is gone. Nothing can be made where the namespace is being deleted. */
  remake({ key }: Pick<Controlled, 'key'>, uid: string): void {
    const draft = this.drafts.get(key);
    if (!draft) throw new Error(`${key} was never drawn`);
    if (this.ending.has(draft.namespace)) return;
    const { metadata, ...rest } = manifestOf(draft, this.time.now);
    const creationTimestamp = rfc3339(this.time.now);
    this.#add(draft, { ...rest, metadata: { ...metadata, uid, creationTimestamp } }).wake();
  }

  #add(draft: WorkloadDraft, manifest: Manifest): Controlled {
    const workload = new Controlled(
      draft.kind,
      manifest,
      {
        time: this.time,
        dice: this.dice,
        admit: (one) => this.#admit(one),
        others: () => (draft.ownVault ? oldVault() : this.vault?.admit()),
        fateOf: (one) => this.#fate(one),
        hasRolloutOperator: this.scenario.hasRolloutOperator === true,
        isLost: (node) => this.lostNodes.has(node),
        log: (text) => this.log(text),
        changed: (one) => {
          for (const listener of this.#listeners) listener(one);
        },
      },
      { progressDeadline: draft.progressDeadline, nodes: draft.replicas, version: 1000 * this.#versions++ },
    );
    this.#workloads.set(workload.key, workload);
    this.drafts.set(workload.key, draft);
    return workload;
  }

  #admit({ namespace, name }: Controlled): Sidecar | string {
    if (this.ending.has(namespace)) return `pods is forbidden: namespace ${namespace} is being terminated`;
    if (!this.isTenants({ namespace })) return this.plane.admit({ namespace, name });
    if (this.tenant.failsOpen) return NO_PROXY;
    return this.tenant.isRefused ? DENIED : this.plane.admit({ namespace, name });
  }

  #fate(workload: Controlled): Fate {
    if (this.isTenants(workload) && this.tenant.hangs) return HANGS;
    const { hangs, slow } = this.scenario.knobs;
    const thrown = this.dice.below(100);
    if (this.scenario.isLong) return { name: 'slow', readyAfter: () => (12 * 60 + this.dice.below(7 * 60)) * 1000 };
    if (!this.#isCalm && thrown < hangs) return HANGS;
    if (thrown >= 100 - slow) return { name: 'slow', readyAfter: () => 5000 + this.dice.below(15_000) };
    return { name: 'ready', readyAfter: () => 500 + this.dice.below(4000) };
  }
}

function manifestOf(draft: WorkloadDraft, now: number): Manifest {
  const { kind, namespace, name, replicas, strategy, maxUnavailable, partition, paused, claimed, owner, group } = draft;
  const { rolloutGroup } = draft;
  const key = { 'f:spec': { 'f:template': { 'f:metadata': { 'f:annotations': { [CLAIM]: {} } } } } };
  const rolling: Readonly<Record<string, Strategy['rollingUpdate']>> = {
    Deployment: { maxUnavailable, maxSurge: 1 },
    StatefulSet: { partition },
    DaemonSet: { maxUnavailable: 1 },
  };
  const rollingUpdate = strategy === 'RollingUpdate' ? rolling[kind] : undefined;
  const rollout = { type: strategy, ...(rollingUpdate && { rollingUpdate }) };
  const labels = { app: name, group };
  const containers = [{ name: 'app', image: 'app:1' }, ...(draft.ownVault ? [OWN_CONTAINER] : [])];
  return {
    metadata: {
      name,
      namespace,
      uid: `uid-${namespace}-${name}`,
      resourceVersion: '0',
      generation: 1,
      creationTimestamp: rfc3339(now - 30 * DAY),
      ...(rolloutGroup && { labels: { 'rollout-group': rolloutGroup } }),
      annotations: {
        ...(draft.optedOut && { 'meltemi.dev/restart': 'false' }),
        ...(draft.window && { 'meltemi.dev/window': windowText(draft.window) }),
      },
      ownerReferences: owner ? [ownerOf(name, owner)] : [],
      managedFields: claimed
        ? [{ manager: 'argocd', operation: 'Apply', time: rfc3339(now - DAY), fieldsV1: key }]
        : [],
    },
    spec: {
      ...(kind !== 'DaemonSet' && { replicas }),
      ...(paused && { paused }),
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels, annotations: draft.undisturbed ? CALM : {} }, spec: { containers } },
      ...strategyOf(kind, rollout),
    },
    status: { observedGeneration: 0, conditions: [] },
  };
}

/** Flagger's Canary owns the primary; the others are of somebody's own. */
const ownerOf = (name: string, kind: string): Manifest['metadata']['ownerReferences'][number] => ({
  apiVersion: kind === 'Canary' ? 'flagger.app/v1beta1' : 'example.org/v1',
  kind,
  name: `${name}-owner`,
  controller: true,
});

const CALM = { 'karpenter.sh/do-not-disrupt': 'true' };

/** A strategy where its kind has it. */
function strategyOf(kind: string, strategy: Strategy): Partial<Pick<Spec, 'strategy' | 'updateStrategy'>> {
  if (kind === 'Rollout') return { strategy: { canary: { steps: [{ setWeight: 20 }] } } };
  if (kind === 'ReplicaSet') return {};
  return kind === 'Deployment' ? { strategy } : { updateStrategy: strategy };
}

const HANGS: Fate = { name: 'hangs', readyAfter: () => Number.POSITIVE_INFINITY };
const DENIED = 'admission webhook "namespace.sidecar-injector.istio.io" denied the request: the template is none';

const CLAIM = 'f:kubectl.kubernetes.io/restartedAt';
