import { contentHash } from '../../src/expect/epoch.ts';
import {
  keyOf,
  type Labels,
  type OtherSidecars,
  type PodFacts,
  type PodSample,
  type Sidecar,
  type SidecarConfig,
  type Workload,
  type WorkloadKey,
  type WorkloadKind,
} from '../../src/model.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import { annotated, type Condition, type Manifest, narrow, type Spec, type Status } from './manifest.ts';
import type { VirtualTime } from './virtualTime.ts';

/** How the pods of one rollout fare. */
export interface Fate {
  readonly name: 'ready' | 'slow' | 'hangs';
  /** Milliseconds from a pod's creation until it is ready. */
  readonly readyAfter: () => number;
}

/** What a controlled workload needs of the world around it. */
export interface Around {
  readonly time: VirtualTime;
  readonly dice: Dice;
  /** What admission makes of a new pod: its sidecar, or why it is refused. */
  admit(workload: Controlled): Sidecar | string;
  /** The other sidecars of a new pod. */
  others(workload: Controlled): OtherSidecars | undefined;
  fateOf(workload: Controlled): Fate;
  /** Whether somebody deletes the pods of StatefulSets with OnDelete whose template is not the newest, as rollout-operator does. */
  readonly hasRolloutOperator: boolean;
  /** Whether nothing is heard of a node: its pods are not Ready, and none of them ever goes. */
  isLost(node: string): boolean;
  log(text: () => string): void;
  /** Called after each version of the object that its controller wrote or somebody else. */
  changed(workload: Controlled): void;
}

export interface Pod {
  facts: PodFacts;
  readonly ordinal: number;
  readonly template: string;
  ready: boolean;
  /** When it became ready; those of the beginning always were. */
  readyAt: number;
  /** When somebody changed what its annotations say. */
  editedAt: number;
  deleting: boolean;
}

/** A ReplicaSet or ControllerRevision: a template, and the workload's annotations as its controller copied them. */
interface Revision {
  readonly uid: string;
  annotations: Labels;
}

const GRACE = 2000;
/** How long the canary of an update of a Rollout stands alone. */
const STEP = 60_000;

/** A workload with its pods, rolled as its Kubernetes controller does (pkg/controller/deployment, statefulset and daemon). */
export class Controlled {
  readonly kind: WorkloadKind;
  readonly key: WorkloadKey;
  readonly #around: Around;
  /** How long its controller waits for progress before it says so; of a Deployment. */
  readonly #progressDeadline: number;
  /** Of a DaemonSet. */
  readonly #nodes: number;
  manifest: Manifest;
  gone = false;
  /** When its template was last written. */
  changedAt = 0;
  pods: Pod[] = [];
  readonly revisions = new Map<string, Revision>();
  /** No two objects ever have the same, also those of one name. */
  #version: number;
  #names = 0;
  #template = '';
  #current = '';
  #fate: Fate = { name: 'ready', readyAfter: () => 0 };
  #progressedAt = 0;
  /** Of a Rollout: the restart that its controller has begun, and the last that it has finished. */
  #restarting = 0;
  #stepUntil = 0;
  #restartedAt = 0;
  #counts = '';
  #planned = false;
  #refusal: string | undefined;

  constructor(
    kind: WorkloadKind,
    manifest: Manifest,
    around: Around,
    { progressDeadline, nodes, version }: { progressDeadline: number; nodes: number; version: number },
  ) {
    this.kind = kind;
    this.manifest = manifest;
    this.key = keyOf({ kind, ...manifest.metadata });
    this.#around = around;
    this.#progressDeadline = progressDeadline;
    this.#nodes = nodes;
    this.#version = version;
  }

  get workload(): Workload {
    return narrow(this.kind, this.manifest);
  }

  get #hasOrdinals(): boolean {
    return this.kind === 'StatefulSet' || this.kind === 'DaemonSet';
  }

  get name(): string {
    return this.manifest.metadata.name;
  }

  get namespace(): string {
    return this.manifest.metadata.namespace;
  }

  get desired(): number {
    return this.kind === 'DaemonSet' ? this.#nodes : (this.manifest.spec.replicas ?? 1);
  }

  get live(): Pod[] {
    return this.pods.filter(({ deleting }) => !deleting);
  }

  get fate(): Fate['name'] {
    return this.#fate.name;
  }

  get template(): string {
    return templateHash(this.manifest.spec);
  }

  /** Pods that a rollout would replace, as the truth has them. Nobody can replace those on lost nodes. */
  get replaceable(): Pod[] {
    const { partition } = this.workload;
    return this.live.filter((pod) => (this.kind !== 'StatefulSet' || pod.ordinal >= partition) && !this.#isCutOff(pod));
  }

  facts(): PodFacts[] {
    return this.live.map(({ facts, ready }) => ({ ...facts, ready }));
  }

  /** Pods as they were before anything began: all there and ready, with this sidecar. */
  settle(sidecar: Sidecar, others: OtherSidecars | undefined): void {
    this.#template = this.template;
    this.#current = this.#template;
    this.#revise();
    for (let ordinal = 0; ordinal < this.desired; ordinal++) this.#add(ordinal, sidecar, others).ready = true;
    this.#report();
  }

  /** Anybody's annotation on it. @param value undefined takes it away */
  annotate(key: string, value: string | undefined): void {
    const { metadata } = this.manifest;
    const annotations = annotated(metadata.annotations, key, value);
    this.write({ ...this.manifest, metadata: { ...metadata, annotations } });
  }

  /** Anybody's write: metadata, spec or both. What changes the spec makes a generation. */
  write(next: Pick<Manifest, 'metadata' | 'spec'>): void {
    const { metadata, spec } = this.manifest;
    const same = next.spec === spec || JSON.stringify(next.spec) === JSON.stringify(spec);
    if (!same) this.changedAt = this.#around.time.now;
    this.manifest = {
      metadata: {
        ...next.metadata,
        generation: metadata.generation + (same ? 0 : 1),
        resourceVersion: this.#nextVersion(),
      },
      spec: next.spec,
      status: this.manifest.status,
    };
    this.#around.changed(this);
    this.wake();
  }

  remove(): void {
    this.gone = true;
    this.#around.changed(this);
  }

  /** Its deletion has begun, and something holds it: it is there, and its pods go. */
  terminate(): void {
    const deletionTimestamp = new Date(this.#around.time.now).toISOString();
    this.write({ ...this.manifest, metadata: { ...this.manifest.metadata, deletionTimestamp } });
    for (const pod of this.live) this.#delete(pod);
  }

  /** A node is lost: what runs there is not heard of any more. Only pods of DaemonSets stay on it. */
  loses(node: string): void {
    for (const pod of this.#on(node)) pod.ready = false;
    this.wake();
  }

  /** It is back: what was to go there goes, and the rest is ready again after a while. */
  regains(node: string): void {
    for (const pod of this.#on(node)) {
      if (pod.deleting) this.#end(pod);
      else this.#later(1000 + this.#around.dice.below(4000), () => this.#becomeReady(pod));
    }
    this.wake();
  }

  #on(node: string): Pod[] {
    return this.kind === 'DaemonSet' ? this.pods.filter(({ facts }) => facts.node === node) : [];
  }

  #isCutOff({ facts }: Pod): boolean {
    return this.kind === 'DaemonSet' && facts.node !== undefined && this.#around.isLost(facts.node);
  }

  /** Somebody edits a running pod, so that it names another revision, and perhaps another image. */
  edit(pod: Pod, revision: string, image = pod.facts.sidecar.image): void {
    pod.editedAt = this.#around.time.now;
    pod.facts = { ...pod.facts, sidecar: { ...pod.facts.sidecar, revision, image } };
  }

  /** A pod is taken away, by whomever; its controller makes another. */
  evict(pod: Pod): void {
    this.#delete(pod);
    this.wake();
  }

  /** Somebody changes how the proxies of its running pods are configured, as an autoscaler does. */
  resize(config: SidecarConfig): void {
    for (const pod of this.live) pod.facts = { ...pod.facts, sidecar: { ...pod.facts.sidecar, config } };
  }

  /** All pods that are not ready and never would be become so: what ailed them is over. */
  heal(): void {
    this.#fate = { name: 'ready', readyAfter: () => 1000 };
    for (const pod of this.live) this.#later(1000, () => this.#becomeReady(pod));
  }

  /** Lets the controller look, a moment from now. */
  wake(milliseconds = 50 + this.#around.dice.below(300)): void {
    if (this.#planned) return;
    this.#planned = true;
    this.#around.time.after(milliseconds, () => {
      this.#planned = false;
      if (!this.gone) this.#sync();
    });
  }

  #later(milliseconds: number, act: () => void): void {
    this.#around.time.after(milliseconds, () => {
      if (!this.gone) act();
    });
  }

  #nextVersion(): string {
    this.#version += 1;
    return String(this.#version);
  }

  #sync(): void {
    this.#refusal = undefined;
    // controllers leave alone what is being deleted
    if (this.manifest.metadata.deletionTimestamp === undefined) {
      this.#takeTemplate();
      if (this.manifest.spec.paused !== true) this.#roll();
      else this.#scale();
    }
    this.#report();
    if (this.#refusal) this.wake(2000);
  }

  #takeTemplate(): void {
    const template = this.template;
    if (this.manifest.spec.paused === true) return;
    if (template !== this.#template) {
      this.#template = template;
      this.#fate = this.#around.fateOf(this);
      this.#progressedAt = this.#around.time.now;
      this.#stepUntil = this.#around.time.now + STEP;
      this.wakeBefore(STEP);
      this.#around.log(() => `${this.key}: its controller begins a rollout (its pods: ${this.#fate.name})`);
    }
    this.#revise();
  }

  /** A Deployment's annotations are copied at every sync and none is taken away; a ControllerRevision has those of its creation. */
  #revise(): void {
    const { annotations } = this.manifest.metadata;
    const known = this.revisions.get(this.#template);
    if (!known)
      this.revisions.set(this.#template, { uid: `${this.manifest.metadata.uid}-${this.revisions.size}`, annotations });
    else if (this.kind === 'Deployment') known.annotations = { ...known.annotations, ...annotations };
  }

  #roll(): void {
    const strategy = this.workload.strategy;
    if (this.kind === 'Deployment' && strategy === 'Recreate') this.#recreate();
    else if (this.kind === 'Deployment') this.#rollDeployment();
    else if (this.kind === 'Rollout') this.#rollRollout();
    else if (this.kind === 'ReplicaSet') this.#scale();
    else if (this.kind === 'StatefulSet') this.#rollStatefulSet(strategy === 'OnDelete');
    else this.#rollDaemonSet(strategy === 'OnDelete');
  }

  #scale(): void {
    const template = this.live.at(-1)?.template ?? this.#template;
    while (this.live.length < this.desired && this.#create(0, template));
    for (const pod of this.live.slice(this.desired)) this.#delete(pod);
  }

  #isNew = ({ template }: Pod): boolean => template === this.#template;

  #recreate(): void {
    const old = this.pods.filter((pod) => !this.#isNew(pod));
    for (const pod of old) this.#delete(pod);
    if (old.length > 0) return;
    while (this.live.length < this.desired && this.#create(0, this.#template));
    for (const pod of this.live.slice(this.desired)) this.#delete(pod);
  }

  #rollDeployment(): void {
    const { maxUnavailable } = this.workload;
    const desired = this.desired;
    const surge = this.#surge(maxUnavailable);
    while (
      this.live.filter(this.#isNew).length < desired &&
      this.live.length < desired + surge &&
      this.#create(0, this.#template)
    );
    const least = desired - maxUnavailable;
    const unready = this.live.filter((pod) => this.#isNew(pod) && !pod.ready).length;
    let spare = this.live.length - least - unready;
    const old = (): Pod[] => this.live.filter((pod) => !this.#isNew(pod));
    for (const pod of old().filter(({ ready }) => !ready)) if (spare-- > 0) this.#delete(pod);
    let available = this.live.filter(({ ready }) => ready).length - least;
    for (const pod of old().filter(({ ready }) => ready)) if (available-- > 0) this.#delete(pod);
    for (const pod of this.live.filter(this.#isNew).slice(desired)) this.#delete(pod);
  }

  /** An update first; then pods that are older than `restartAt`, one at a time (argo-rollouts rollout/restart.go). */
  #rollRollout(): void {
    if (this.#template !== this.#current && this.#around.time.now < this.#stepUntil) {
      // a canary, for as long as its step takes
      if (!this.live.some(this.#isNew)) this.#create(0, this.#template);
      return;
    }
    this.#rollDeployment();
    if (!this.live.every(this.#isNew) || this.pods.length !== this.desired) return;
    this.#current = this.#template;
    const restartAt = Date.parse(this.manifest.spec.restartAt ?? '');
    if (!(restartAt > this.#restartedAt)) return;
    if (restartAt !== this.#restarting) this.#fate = this.#around.fateOf(this);
    this.#restarting = restartAt;
    const [old] = this.live.filter(({ facts }) => facts.createdAt < restartAt);
    if (!old) this.#restartedAt = restartAt;
    else if (this.live.every(({ ready }) => ready)) this.#delete(old);
  }

  #surge(maxUnavailable: number): number {
    const { maxSurge } = this.manifest.spec.strategy?.rollingUpdate ?? {};
    if (typeof maxSurge === 'number') return Math.max(maxSurge, maxUnavailable === 0 ? 1 : 0);
    return Math.ceil(this.desired / 4);
  }

  #rollStatefulSet(onDelete: boolean): void {
    const { partition } = this.workload;
    for (const pod of this.live) if (pod.ordinal >= this.desired) this.#delete(pod);
    for (let ordinal = 0; ordinal < this.desired; ordinal++) {
      if (this.pods.some((pod) => pod.ordinal === ordinal)) continue;
      this.#create(ordinal, ordinal >= partition ? this.#template : this.#current);
    }
    if (onDelete && !this.#around.hasRolloutOperator) return;
    if (this.#replaceOrdinal(partition) || onDelete) return;
    if (this.live.length === this.desired && this.live.every((pod) => pod.ready && this.#isNew(pod)))
      this.#current = this.#template;
  }

  /** The last pod of an old template goes first, and none before those after it are ready. @returns whether there is still to wait */
  #replaceOrdinal(partition: number): boolean {
    for (let ordinal = this.desired - 1; ordinal >= partition; ordinal--) {
      const pod = this.pods.find((one) => one.ordinal === ordinal);
      if (pod && !pod.deleting && !this.#isNew(pod)) this.#delete(pod);
      if (!pod?.ready) return true;
    }
    return false;
  }

  #rollDaemonSet(onDelete: boolean): void {
    for (let node = 0; node < this.desired; node++)
      if (!this.pods.some((pod) => pod.ordinal === node)) this.#create(node, this.#template);
    if (onDelete) return;
    const old = this.live.filter((pod) => !this.#isNew(pod));
    for (const pod of old.filter(({ ready }) => !ready)) this.#delete(pod);
    let spare = this.workload.maxUnavailable - (this.desired - this.live.filter(({ ready }) => ready).length);
    for (const pod of old.filter(({ ready }) => ready)) if (spare-- > 0) this.#delete(pod);
  }

  /** @returns whether admission let it pass */
  #create(ordinal: number, template: string): boolean {
    const sidecar = this.#around.admit(this);
    if (typeof sidecar === 'string') {
      this.#refusal = sidecar;
      return false;
    }
    const pod = this.#add(ordinal, sidecar, this.#around.others(this), template);
    const after = this.#fate.readyAfter();
    if (after < Number.POSITIVE_INFINITY) this.#later(after, () => this.#becomeReady(pod));
    return true;
  }

  #add(ordinal: number, sidecar: Sidecar, others: OtherSidecars | undefined, template = this.#template): Pod {
    const { name, namespace, uid } = this.manifest.metadata;
    const isBetween = this.kind === 'Deployment' || this.kind === 'Rollout';
    const hash = isBetween ? template : '';
    const own = this.revisions.get(template);
    const pod: Pod = {
      facts: {
        namespace,
        name: this.#hasOrdinals ? `${name}-${ordinal}` : `${name}-${hash}-${this.#names}`,
        uid: `${uid}-${this.#names++}`,
        owner: isBetween
          ? { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-${hash}`, uid: own?.uid ?? '' }
          : { apiVersion: 'apps/v1', kind: this.kind, name, uid },
        templateHash: hash,
        ...(this.kind === 'Rollout' && { hashLabel: 'rollouts-pod-template-hash' }),
        // the API server's times are whole seconds
        createdAt: Math.floor(this.#around.time.now / 1000) * 1000,
        node: `node-${ordinal}`,
        phase: 'Running',
        ready: false,
        deleting: false,
        sidecar,
        ...(others && { others }),
        ...(this.kind === 'ReplicaSet' && { sample: this.#sample() }),
      },
      ordinal,
      template,
      ready: false,
      readyAt: Number.NEGATIVE_INFINITY,
      editedAt: Number.NEGATIVE_INFINITY,
      deleting: false,
    };
    this.pods.push(pod);
    return pod;
  }

  /** What is read of pods that may belong to no listed workload. */
  #sample(): PodSample {
    const { labels } = this.manifest.spec.template.metadata;
    return { labels, annotations: {}, hostNetwork: false, isOverridden: false };
  }

  #becomeReady(pod: Pod): void {
    if (pod.deleting || pod.ready || this.#isCutOff(pod)) return;
    pod.ready = true;
    pod.readyAt = this.#around.time.now;
    this.wake();
  }

  #delete(pod: Pod): void {
    if (pod.deleting) return;
    pod.deleting = true;
    pod.ready = false;
    this.#later(this.#around.dice.below(GRACE), () => {
      if (!this.#isCutOff(pod)) this.#end(pod);
    });
  }

  #end(pod: Pod): void {
    this.pods = this.pods.filter((one) => one !== pod);
    this.wake();
  }

  #report(): void {
    const { live } = this;
    const template = this.manifest.spec.paused === true ? this.template : this.#template;
    const updated = live.filter((pod) => pod.template === template).length;
    const ready = live.filter((pod) => pod.ready).length;
    const counts = [this.#template, live.length, updated, ready].join(' ');
    if (counts !== this.#counts) this.#progressedAt = this.#around.time.now;
    this.#counts = counts;
    const common = { observedGeneration: this.manifest.metadata.generation, conditions: this.#conditions() };
    const status: Status =
      this.kind === 'DaemonSet'
        ? {
            ...common,
            desiredNumberScheduled: this.desired,
            currentNumberScheduled: live.length,
            updatedNumberScheduled: updated,
            numberReady: ready,
            numberAvailable: ready,
          }
        : {
            ...common,
            replicas: live.length,
            updatedReplicas: updated,
            readyReplicas: ready,
            availableReplicas: ready,
            currentRevision: this.#current,
            updateRevision: this.#template,
            ...(this.kind === 'Rollout' && this.#rolloutStatus()),
          };
    if (JSON.stringify(status) === JSON.stringify(this.manifest.status)) return;
    const metadata = { ...this.manifest.metadata, resourceVersion: this.#nextVersion() };
    this.manifest = { metadata, spec: this.manifest.spec, status };
    this.#around.changed(this);
  }

  #rolloutStatus(): Status {
    return {
      conditions: [],
      observedGeneration: String(this.manifest.metadata.generation),
      currentPodHash: this.#template,
      stableRS: this.#current,
      ...(this.#restartedAt > 0 && { restartedAt: new Date(this.#restartedAt).toISOString() }),
    };
  }

  #conditions(): Condition[] {
    if (this.kind !== 'Deployment') return [];
    const conditions: Condition[] = [];
    const { live } = this;
    const done = live.length === this.desired && live.every((pod) => pod.ready && this.#isNew(pod));
    const idle = this.#around.time.now - this.#progressedAt;
    if (!done && this.manifest.spec.paused !== true) {
      if (idle >= this.#progressDeadline) conditions.push(LATE);
      else this.wakeBefore(this.#progressDeadline - idle);
    }
    if (this.#refusal)
      conditions.push({ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: this.#refusal });
    return conditions;
  }

  /** The controller looks at the latest then. */
  wakeBefore(milliseconds: number): void {
    this.#later(milliseconds + 1, () => this.wake());
  }

  /** Whether nothing of a rollout is left to do, as the truth has it. */
  get isWhole(): boolean {
    const { live } = this;
    if (this.manifest.metadata.deletionTimestamp !== undefined) return false;
    return live.length === this.desired && live.every(({ ready }) => ready);
  }
}

const LATE: Condition = {
  type: 'Progressing',
  status: 'False',
  reason: 'ProgressDeadlineExceeded',
  message: 'it has timed out progressing',
};

const hashes = new WeakMap<Spec['template'], string>();

/** As a label on the pods of a Deployment has it. */
function templateHash({ template }: Spec): string {
  const known = hashes.get(template) ?? contentHash(template).slice(0, 10);
  hashes.set(template, known);
  return known;
}
