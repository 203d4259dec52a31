import type { ExpectedSidecar } from '../../src/expect/answer.ts';
import { matchOf } from '../../src/expect/matchOf.ts';
import type { StoredEntry } from '../../src/journal/journalText.ts';
import {
  type Labels,
  type Owner,
  type PodFacts,
  refOf,
  type Sidecar,
  type Workload,
  type WorkloadKey,
} from '../../src/model.ts';
import { ANNOTATION, doNotDisruptIn, RESTARTED_AT, RETRY } from '../../src/names.ts';
import { COUNTS_FOR } from '../../src/plan/metricGate.ts';
import type { Policy } from '../../src/plan/policy.ts';
import { sourceIn, targetsOf, targetsOfRestart } from '../../src/plan/record.ts';
import { parseTime } from '../../src/rfc3339.ts';
import type { Controlled, Pod } from './controlled.ts';
import { imageOf, sameSidecar } from './controlPlane.ts';
import { driftsUnder } from './drift.ts';
import type { Manifest } from './manifest.ts';
import { mayRestart } from './onDelete.ts';
import type { OperatorProcess } from './operatorProcess.ts';
import { wasOptedOut } from './optOuts.ts';
import { REMOVAL, whyNotRemoved } from './orphans.ts';
import { forbiddenNow } from './times.ts';
import { CONTAINER, VAULT_TARGET, WANTED } from './vault.ts';
import { WaveReferee, waveIndexOf } from './waveReferee.ts';
import type { World } from './world.ts';

/** A write on its way, from the decision to its landing. */
export interface Attempt {
  readonly key: string;
  readonly process: OperatorProcess;
  /** What the journal says of it where it can be read by whoever leads next. */
  readonly entry: StoredEntry | undefined;
  /** Or else it writes an outcome on the workload, for people. */
  readonly restart: boolean;
  readonly decidedAt: number;
  /** The policies that the process had while it may have planned this, the newest last. */
  readonly policies: readonly Policy[];
  /** What the injector had named last. */
  readonly named: ExpectedSidecar | undefined;
  sentAt: number;
}

/** One restart in the referee's own book, kept from what landed: once for each sidecar that it is for. */
export interface Restart {
  /** The sidecar; undefined for Istio's proxy. */
  readonly source: string | undefined;
  readonly workload: Controlled;
  readonly uid: string;
  readonly attempt: Attempt;
  readonly sentAt: number;
  readonly landedAt: number;
  readonly target: string;
  readonly run: string;
  /** Of its episode, from 1. */
  readonly count: number;
  readonly retry: string | undefined;
  /** Kind of its owner at the write. */
  readonly owner: string | undefined;
  /** The owner took it back. */
  reverted: boolean;
  outcome: string | undefined;
  outcomeAt: number;
  /** When it had an outcome for the first time: one that failed may become current later. */
  endedAt: number | undefined;
  /** The process that wrote the outcome into the journal. */
  endedBy: OperatorProcess | undefined;
}

/** Recorded times are whole seconds. */
const CUT = 1000;
const DAY = 24 * 60 * 60 * 1000;
/** Restarts of one workload within a day that may end well. */
const WELL_PER_DAY = 10;
const ANSWER_AGE = 20_000;
const LONGEST_LOOK = 30_000;
/** An analysis that began so long before a write was in the last look before it. */
const ANALYSIS_KNOWN = 35_000;
/** A followed restart is read each second, and twice when its pods are looked at. */
const READ_WINDOW = 10_000;
const READS = 30;
/** How much longer than its time limit a restart may be in flight: until another leads, and has seen how it stands. */
const SLOT_GIVEN_AWAY = 3 * 60_000;
/** How much longer than its time limit a restart is followed that cannot be read. */
const LONGEST_PATIENCE = 60 * 60_000;

/**
 * Watches every write from the cluster's side and holds it to the rules of restarting. It keeps its own book of what landed, and of what
 * each process had been told when it decided; it believes nothing that an operator thinks.
 */
export class Referee {
  readonly #world: World;
  readonly restarts: Restart[] = [];
  /** The last restart of each workload, for the first of its sidecars. */
  readonly #last = new Map<string, Restart>();
  /** The last restart of each workload for each of its sidecars. */
  readonly #lastFor = new Map<string, Restart>();
  readonly #reads = new Map<string, number[]>();
  /** Of what each process has read: of when the last is that it got, and whether the last read failed. */
  readonly #lastRead = new Map<string, { readonly at: number; readonly failed: boolean }>();
  /** The first breach of each invariant. */
  readonly violations = new Map<string, string>();
  /** The most that was seen at a time of what is limited. */
  readonly peaks = new Map<string, number>();
  /** Names of the pods that each restart has evicted, by what it was journalled as. */
  readonly #evicted = new Map<string, Set<string>>();
  readonly waves: WaveReferee;

  constructor(world: World) {
    this.#world = world;
    this.waves = new WaveReferee(world, this);
  }

  violated(invariant: string, detail: string): void {
    if (this.violations.has(invariant)) return;
    this.#world.log(() => `*** ${invariant}: ${detail}`);
    this.violations.set(invariant, detail);
  }

  lastOf(workload: Controlled): Restart | undefined {
    const last = this.#last.get(workload.key);
    return last?.workload === workload ? last : undefined;
  }

  /** The last restart of a workload for one of its sidecars. */
  lastFor(workload: Controlled, source: string | undefined): Restart | undefined {
    const last = this.#lastFor.get(bookKey(workload.key, source));
    return last?.workload === workload ? last : undefined;
  }

  /** How the last restarts for a sidecar ended. */
  endsFor(source: string | undefined): Restart[] {
    return [...this.#lastFor.values()].filter(
      (one) => one.source === source && (!one.workload.gone || this.#isRemembered(one)),
    );
  }

  /** What is found by its pods alone is not gone for certain, so the journal keeps its failures. */
  #isRemembered({ workload, uid }: Restart): boolean {
    const { kinds, skipNamespaces } = this.#world.policy;
    const { kind, namespace, key } = workload;
    const isUnseen =
      kind === 'ReplicaSet' || !this.#world.manages(namespace) || !kinds.has(kind) || skipNamespaces.has(namespace);
    return isUnseen && this.#world.lease.journal.get(key)?.uid === uid;
  }

  /** Restarts that landed and have no outcome yet. */
  inFlight(): Restart[] {
    return [...this.#last.values()].filter((one) => !one.workload.gone && this.isOpen(one));
  }

  /** A process has decided to write: with what it has been told so far. */
  decided(process: OperatorProcess, key: string, body: object): Attempt {
    const { metadata, spec } = body as { metadata: { resourceVersion?: string; annotations?: Labels }; spec?: object };
    const entry = this.#world.lease.journal.get(key);
    // a restart by evictions begins with its record alone, and only an outcome has a text
    const restart = spec !== undefined || !metadata.annotations?.[ANNOTATION.outcome];
    const attempt: Attempt = { key, entry, restart, ...this.#decision(process, key) };
    if (metadata.resourceVersion === undefined) this.violated('unconditional', `${key} was written without a version`);
    const workload = this.#world.find(key);
    if (attempt.restart && workload) {
      this.#decidedRestart(attempt, workload);
      const time = spec ? restartTimeOf(spec) : parseTime(metadata.annotations?.[ANNOTATION.restartedAt]);
      if ((time !== undefined && entry?.restartedAt !== time) || entry?.outcome !== undefined)
        this.violated('journal', `${key} is restarted at ${time}, and the journal has ${JSON.stringify(entry)}`);
    }
    return attempt;
  }

  /** What a process knew when it decided. */
  #decision(
    process: OperatorProcess,
    key: string,
  ): Pick<Attempt, 'process' | 'decidedAt' | 'sentAt' | 'policies' | 'named'> {
    const { now } = this.#world.time;
    const { namespace, name } = refOf(key as WorkloadKey);
    const answer = process.told.get(`${namespace}/${name}`)?.answer;
    return {
      process,
      decidedAt: now,
      sentAt: now,
      policies: process.policies.since(now - LONGEST_LOOK),
      named: answer?.kind === 'sidecar' ? answer.sidecar : undefined,
    };
  }

  /** A journal was written: what it says of a restart is what everyone may count on. */
  journalled(writer: OperatorProcess, entries: ReadonlyMap<string, StoredEntry>): void {
    for (const [key, entry] of entries) {
      // of a restart that another follows at once, the end may come with the beginning of the other
      if (entry.before) this.#ended(writer, key, entry.before);
      this.#ended(writer, key, entry);
    }
  }

  #ended(writer: OperatorProcess, key: string, entry: StoredEntry): void {
    const { restartedAt, outcome, uid, others = [] } = entry;
    if (!outcome) return;
    for (const source of SOURCES) {
      const last = this.#lastFor.get(bookKey(key, source));
      if (!last || last.uid !== uid) continue;
      if (restartedAt !== last.attempt.entry?.restartedAt) {
        this.#closed(writer, last, entry);
        continue;
      }
      // what is no longer among the other targets ended well
      const other = others.find(({ restartedFor }) => restartedFor === last.target);
      this.#endedFor(writer, last, entry.restartedFor === last.target ? outcome : (other?.outcome ?? 'verified'));
    }
  }

  /** A failed target of an earlier restart is no longer kept, because its sidecar has become right since. */
  #closed(writer: OperatorProcess, last: Restart, entry: StoredEntry): void {
    if (last.source === undefined || last.outcome === undefined || last.outcome === 'verified') return;
    const isKept = targetsOf(entry).some(({ restartedFor }) => sourceIn(restartedFor) === last.source);
    if (!isKept && hasVault(last.workload)) this.#endedFor(writer, last, 'verified');
  }

  #endedFor(writer: OperatorProcess, last: Restart, outcome: string): void {
    const { key } = last.workload;
    if (outcome === last.outcome) return;
    if (outcome === 'reverted' && !last.reverted)
      this.violated('ends', `${key} has the outcome reverted, and nobody has taken its restart back`);
    this.#world.log(() => `${writer.id}: ${key} has the outcome ${outcome}`);
    last.outcome = outcome;
    last.outcomeAt = this.#world.time.now;
    last.endedAt ??= last.outcomeAt;
    last.endedBy = writer;
    if (outcome !== 'verified') this.#peak('daily-cap', this.#today(last.workload, false));
    if (outcome === 'verified') this.#verified(last, writer);
    if (outcome === 'failed:unverified') this.#gaveUpReading(writer, last);
    if (outcome.startsWith('failed:')) this.#endedWithItsNamespace(writer, last, outcome);
  }

  /** A restart whose last read failed is lost only an hour after its time limit, which counts from its last new pod if it evicts. */
  #gaveUpReading(writer: OperatorProcess, { workload, attempt, landedAt }: Restart): void {
    if (!this.#lastRead.get(`${writer.id} ${workload.key}`)?.failed) return;
    const { restartTimeout } = this.#world.scenario.policy;
    const born = attempt.entry?.evicts ? workload.pods.map(({ facts }) => facts.createdAt) : [];
    const least = Math.max(landedAt, ...born) + restartTimeout + LONGEST_PATIENCE;
    const { now } = this.#world.time;
    if (now < least)
      this.violated('lost', `${workload.key} was given up ${(least - now) / 1000} s too early after a failed read`);
  }

  /** In a namespace that is being deleted no pod can be made, which says nothing of the sidecar. */
  #endedWithItsNamespace({ view }: OperatorProcess, { workload: { key, namespace } }: Restart, outcome: string): void {
    const since = this.#world.ending.get(namespace);
    if (since === undefined || this.#world.time.now - since < LONGEST_LOOK) return;
    if (view.mesh().namespaces.get(namespace)?.deleting)
      this.violated('terminating-failed', `${key} ended ${outcome}, and its namespace is being deleted`);
  }

  /** What a restart or an eviction must not be for, by the policies and the mesh that the process knew all the while. */
  #isAllowed({ process, key, entry, policies, decidedAt }: Attempt, controlled: Controlled): void {
    const { ending } = this.#world;
    const { kind, namespace, workload } = controlled;
    const { namespaces } = process.view.mesh();
    const isKnown = namespaces.get(namespace)?.deleting === true;
    const forbidden: Readonly<Record<string, boolean>> = {
      'opted-out': wasOptedOut(this.#world, controlled, { namespaces, before: decidedAt - LONGEST_LOOK }),
      terminating: isKnown && decidedAt - (ending.get(namespace) ?? decidedAt) > ANSWER_AGE,
      kind: policies.every(({ kinds }) => !kinds.has(kind)),
      scope: !process.manages(namespace),
      'skipped-namespace': policies.every(({ skipNamespaces }) => skipNamespaces.has(namespace)),
      'on-delete': policies.every(
        ({ onDelete }) => !mayRestart(onDelete, workload, entry?.evicts === true ? 'evict' : undefined),
      ),
    };
    for (const [invariant, is] of Object.entries(forbidden))
      if (is) this.violated(invariant, `${key} was restarted by ${process.id}, which must not be`);
  }

  /** At least one pod lacks what the injector has named, in a way for which one of these policies asks for a restart. */
  #isWanted({ key, entry, named, policies, decidedAt }: Attempt, pods: readonly Pod[]): void {
    if (!named || removes(entry) || !this.#world.scenario.shifts || pods.length === 0) return;
    const isSteady = ({ facts, editedAt }: Pod): boolean =>
      decidedAt - Math.max(facts.createdAt, editedAt) > LONGEST_LOOK;
    const isRight = ({ facts }: Pod): boolean =>
      policies.every((policy) => driftsUnder(policy, named, facts.sidecar).length === 0);
    if (pods.every((pod) => isSteady(pod) && isRight(pod)))
      this.violated('unwanted', `${key} was restarted, and by its policy it had what it should have`);
  }

  #decidedRestart(attempt: Attempt, workload: Controlled): void {
    const { process, key, entry } = attempt;
    this.#metricGate(attempt, workload);
    this.#isAllowed(attempt, workload);
    if (entry && targetsOfRestart(entry).every(({ restartedFor }) => sourceIn(restartedFor) === undefined))
      this.#isWanted(attempt, workload.replaceable);
    const stale = process.view.stale();
    if (stale !== undefined) this.violated('stale', `${key} was restarted by ${process.id} with ${stale}`);
    if (process.paused !== undefined)
      this.violated('operator-paused', `${key} was restarted by ${process.id}, which knew "${process.paused}"`);
    const told = process.told.get(`${workload.namespace}/${workload.manifest.metadata.name}`);
    const targets = entry ? targetsOfRestart(entry).map(({ restartedFor }) => restartedFor) : [];
    const target = targets.find((one) => sourceIn(one) === undefined);
    if (target === REMOVAL) this.#removal(attempt, workload);
    else if (target !== undefined) this.#answered(attempt, workload, target);
    if (targets.some((one) => sourceIn(one) !== undefined && one !== VAULT_TARGET))
      this.violated('answer', `${key} was restarted for another sidecar than the policy wants`);
    const wanted = targets.map((one) => {
      if (sourceIn(one) !== undefined) return WANTED;
      if (one === REMOVAL) return '';
      return told?.answer.kind === 'sidecar' ? told.answer.sidecar.image : '';
    });
    for (const image of wanted)
      for (const rule of this.#forbiddenNow(workload, image))
        this.violated(rule, `${key} was restarted towards ${image}`);
    this.#together(entry, workload);
    this.#canary(attempt, workload);
    this.#halts(attempt, workload);
    this.waves.decided(attempt, workload, (who, one) => this.#knows(who, one));
    this.#budgetsSpent(attempt, workload);
  }

  #answered(attempt: Attempt, workload: Controlled, target: string): void {
    const { process, key, decidedAt } = attempt;
    const told = process.told.get(`${workload.namespace}/${workload.manifest.metadata.name}`);
    if (told?.answer.kind !== 'sidecar' || decidedAt - told.at > ANSWER_AGE)
      this.violated('answer', `${key} was restarted without a fresh answer: ${JSON.stringify(told)}`);
    else if (this.#world.plane.target(told.answer.sidecar) !== target)
      this.violated('answer', `${key} was restarted for another sidecar than the injector had just named`);
    this.#gates(attempt, workload);
  }

  /** Pods lose their sidecar only where the policy asks for that, and where nobody would inject them for certain. */
  #removal({ process, key, policies, decidedAt }: Attempt, workload: Controlled): void {
    const isAsked = policies.some(({ restartOn }) => restartOn.has('orphaned'));
    const why = isAsked ? whyNotRemoved(this.#world, workload, process.view.mesh(), decidedAt) : 'nobody asks for that';
    if (why !== undefined) this.violated('orphaned', `${key} loses its sidecar, and ${why}`);
  }

  /** What the policy's times and the annotation forbid now. A tenant changes his own whenever he likes. */
  #forbiddenNow(workload: Controlled, image: string): string[] {
    const { drafts, scenario, time } = this.#world;
    const draft = drafts.get(workload.key);
    if (!draft) return [];
    const window = this.#world.isTenants(workload) ? undefined : draft.window;
    return forbiddenNow(scenario.times, { namespace: workload.namespace, window }, image, time.now);
  }

  /** Nothing is written while its metric gate is closed, as far as an answer that still counts can tell. */
  #metricGate({ key, process }: Pick<Attempt, 'key' | 'process'>, workload: Controlled): void {
    const { prometheus } = this.#world;
    const { waves = [], metricGates } = process.policies.policy;
    const naming = waves.filter(({ gates }) => gates.length > 0);
    const own = waves[waveIndexOf(waves, workload)];
    const isHeld = naming.length === 0 || (own !== undefined && naming.includes(own));
    if (metricGates && isHeld && prometheus.closedFor > COUNTS_FOR)
      this.violated(
        'metric-gate',
        `${key} was written ${prometheus.closedFor / 1000} s after its metric gate had closed`,
      );
  }

  /** A target is never restarted, and a primary not while it is analysed, as far as could be known right before. */
  #canary({ key, decidedAt }: Attempt, { workload }: Controlled): void {
    const { flagger } = this.#world;
    const role = flagger.roleOf(workload);
    if (role === 'target') this.violated('canary-target', `${key} was restarted, the target of a Canary`);
    if (role === 'primary' && decidedAt - (flagger.workSince ?? decidedAt) > ANALYSIS_KNOWN)
      this.violated('canary-analysis', `${key} was restarted while its Canary was analysed`);
  }

  /** One restart is for every sidecar that is outdated and need not wait: another one for the other would be one too many. */
  #together(entry: StoredEntry | undefined, workload: Controlled): void {
    const { scenario, drafts } = this.#world;
    if (!entry || scenario.vault === undefined || drafts.get(workload.key)?.ownVault === true) return;
    // one that was journalled and never seen to land counts as well
    const isKnown = targetsOf(entry).some(({ restartedFor }) => restartedFor === VAULT_TARGET);
    if (this.#forbiddenNow(workload, WANTED).length > 0) return;
    if (isKnown || this.#isTriedForVault(workload) || this.#isVaultHeld() || !this.#isOutdatedVault(workload)) return;
    this.violated('together', `${workload.key} was restarted and not for its outdated vault agent`);
  }

  #isOutdatedVault({ replaceable }: Controlled): boolean {
    const { now } = this.#world.time;
    const isOld = ({ facts }: Controlled['replaceable'][number]): boolean =>
      now - facts.createdAt > LONGEST_LOOK && facts.others?.[CONTAINER]?.image !== WANTED;
    return replaceable.length > 0 && replaceable.every(isOld);
  }

  /** Whether a restart for the second sidecar has ended otherwise than well, or may have. */
  #isTriedForVault(workload: Controlled): boolean {
    const last = this.lastFor(workload, 'vault');
    return last !== undefined && last.outcome !== 'verified';
  }

  /** Whether failures hold the restarts for the second sidecar. The journal still has those of a workload that was made anew. */
  #isVaultHeld(): boolean {
    return [...this.#lastFor.values()].some(
      ({ source, outcome }) => source === 'vault' && (outcome?.startsWith('failed:') || outcome === 'reverted'),
    );
  }

  #gates({ process, key }: Attempt, { workload }: Controlled): void {
    const matched = matchOf(process.view.mesh(), workload);
    if (matched.kind !== 'entry') this.violated('gate', `${key} was restarted though ${matched.reason.detail}`);
    const rollout = matched.kind === 'entry' ? matched.entry.istiod?.rollout : undefined;
    if (rollout && rollout.updated < rollout.desired)
      this.violated('gate', `${key} was restarted while its istiod was rolling`);
  }

  /** Whether a process must count an outcome: it wrote it, or began to lead when the journal had it. */
  #knows(process: OperatorProcess, { endedBy, outcomeAt }: Restart): boolean {
    return endedBy === process || outcomeAt < process.termBeganAt;
  }

  #halts({ process, key, entry }: Attempt, workload: Controlled): void {
    for (const { run, restartedFor } of entry ? targetsOfRestart(entry) : []) {
      const counted = this.#counted(run).filter((one) => this.#knows(process, one));
      const isWrong = sourceIn(restartedFor) !== undefined && this.isWrongImage(counted, workload.namespace);
      if (isWrong || this.isHalted(counted, workload.namespace, false))
        this.violated('halted', `${key} was restarted after ${counted.map(say).join(', ')}`);
      if (this.isHeldByReverts(counted, workload, false))
        this.violated('owner-reverts', `${key} was restarted after ${counted.map(say).join(', ')}`);
    }
  }

  /** Whether a wanted image that its injector does not give holds a namespace. */
  isWrongImage(ends: readonly Restart[], namespace: string): boolean {
    return holdsNamespace(
      ends.filter(({ outcome }) => outcome === 'failed:wrong-image'),
      namespace,
    );
  }

  /** Whether what the owners of its kind have taken back holds a workload: in its namespace, or in two. */
  isHeldByReverts(ends: readonly Restart[], { namespace, workload }: Controlled, alone: boolean): boolean {
    const kind = ownerKind(workload.owner);
    const reverted = ends.filter(
      ({ outcome, owner }) => outcome === 'reverted' && kind !== undefined && owner === kind,
    );
    return holdsNamespace(reverted, namespace) || (alone && reverted.length > 0);
  }

  /**
   * Whether what ended so holds a namespace: failures in it as many as its share, in several as many as the budget, or pods without a
   * sidecar in it or in two.
   * @param alone whether it counts that the failing namespace may be the only one, which an operator learns by its scans
   */
  isHalted(ends: readonly Restart[], namespace: string, alone: boolean): boolean {
    const { failureBudget, failureBudgetPerNamespace } = this.#world.scenario.policy;
    const share = Math.min(failureBudget, failureBudgetPerNamespace);
    const failed = ends.filter(({ outcome }) => outcome?.startsWith('failed:'));
    const open = failed.filter(({ outcome }) => outcome === 'failed:no-sidecar');
    const here = failed.filter((one) => one.workload.namespace === namespace).length;
    if (here >= share || holdsNamespace(open, namespace) || (alone && open.length > 0)) return true;
    const namespaces = new Set(failed.map((one) => one.workload.namespace));
    return shared(failed, share) >= failureBudget && (namespaces.size > 1 || alone);
  }

  /** The last restarts of a run that no resume has forgiven. */
  #counted(run: string): Restart[] {
    const { resumedAt } = this.#world.lease;
    const since = (one: Restart): number => one.attempt.entry?.restartedAt ?? 0;
    return [...this.#lastFor.values()].filter(
      (one) => one.run === run && !one.workload.gone && since(one) > resumedAt && one.outcome !== undefined,
    );
  }

  #budgetsSpent(attempt: Attempt, controlled: Controlled): void {
    const { process, key } = attempt;
    const { workload } = controlled;
    if (!this.#waitsForBudgets(attempt, controlled)) return;
    if (this.#isOwnFailure(controlled) || isDown(workload)) return;
    const read = process.budgetsRead.get(workload.namespace) ?? [];
    const spent = read.find((one) => covers(one, workload) && one.allowed < 1);
    if (spent) this.violated('pdb-spent', `${key} was restarted with ${spent.name} at ${spent.allowed}`);
  }

  /** Evictions of pods that are ready wait for budgets whatever the policy says, because the API server refuses them. */
  #waitsForBudgets({ entry, decidedAt }: Attempt, { workload, replaceable }: Controlled): boolean {
    if (!lowers(workload)) return false;
    if (this.#world.scenario.policy.pdb === 'respect') return true;
    return entry?.evicts === true && replaceable.every((pod) => pod.ready && decidedAt - pod.readyAt > LONGEST_LOOK);
  }

  /** Its own failed restart is what spends the budget; only another rollout can mend that. */
  #isOwnFailure(workload: Controlled): boolean {
    const last = this.lastOf(workload);
    const template = restartTimeOf(workload.manifest.spec);
    return last?.outcome?.startsWith('failed:') === true && template === last.attempt.entry?.restartedAt;
  }

  /** In a world that is well, a slot is given away once the time of its restart is up twice, whatever a tenant does. */
  looks(): void {
    const { time, scenario, calmSince } = this.#world;
    for (const one of this.inFlight()) {
      // evictions have the time limit for each pod
      const turns = one.attempt.entry?.evicts ? one.workload.desired + 1 : 1;
      const most = turns * (2 * scenario.policy.restartTimeout + SLOT_GIVEN_AWAY);
      const held = time.now - Math.max(one.landedAt, calmSince);
      if (held > most) this.violated('slot-held', `${one.workload.key} is in flight for ${held / 1000} s`);
    }
  }

  /** A process has got what it asked for, as it was at that time, or has not. */
  hasRead(process: OperatorProcess, what: string, servedAt: number | undefined): void {
    const at = servedAt ?? this.readAt(process, what);
    this.#lastRead.set(`${process.id} ${what}`, { at, failed: servedAt === undefined });
  }

  /** Of when the last is that a process got of this. */
  readAt(process: OperatorProcess, what: string): number {
    return this.#lastRead.get(`${process.id} ${what}`)?.at ?? Number.NEGATIVE_INFINITY;
  }

  /** Whatever happens, nobody is read without a pause. */
  reads(process: OperatorProcess, key: string): void {
    const now = this.#world.time.now;
    const name = `${process.id} ${key}`;
    const recent = (this.#reads.get(name) ?? []).filter((time) => time > now - READ_WINDOW);
    this.#reads.set(name, [...recent, now]);
    if (recent.length >= READS)
      this.violated(
        'reads',
        `${key} was read ${recent.length + 1} times within ${READ_WINDOW / 1000} s by ${process.id}`,
      );
  }

  sent(attempt: Attempt): void {
    attempt.sentAt = this.#world.time.now;
    const { holder } = this.#world.lease;
    // where somebody has deleted it nobody else has it either
    if (holder !== undefined && holder !== attempt.process.id)
      this.violated(
        'lease',
        `${attempt.key} was written by ${attempt.process.id} while ${holder || 'nobody'} held the lease`,
      );
  }

  /** A process has decided to evict a pod of a workload, with what it has been told so far. */
  decidedEviction(
    process: OperatorProcess,
    { namespace, name, uid }: Pick<PodFacts, 'namespace' | 'name' | 'uid'>,
  ): Attempt {
    const owner = this.#world
      .existing()
      .find((one) => one.namespace === namespace && one.pods.some(({ facts }) => facts.uid === uid));
    const key = owner?.key ?? `${namespace}/${name}`;
    const entry = this.#world.lease.journal.get(key);
    const attempt: Attempt = { key, entry, restart: true, ...this.#decision(process, key) };
    if (!owner) return attempt;
    this.#metricGate(attempt, owner);
    this.#isAllowed(attempt, owner);
    this.#isReachable(attempt, owner, uid);
    if (process.view.stale() !== undefined) this.violated('stale', `a pod of ${key} was evicted by ${process.id}`);
    if (process.paused !== undefined)
      this.violated('operator-paused', `a pod of ${key} was evicted by ${process.id}, which knew "${process.paused}"`);
    this.#evictsRightly(attempt, owner, uid);
    return attempt;
  }

  /** Nobody can replace a pod whose node was lost when the process looked at it, unless it may not read nodes. */
  #isReachable({ process, key }: Attempt, { kind, pods }: Controlled, uid: string): void {
    const { lostNodes, scenario } = this.#world;
    const pod = pods.find(({ facts }) => facts.uid === uid);
    const since = kind === 'DaemonSet' ? lostNodes.get(pod?.facts.node ?? '') : undefined;
    if (since !== undefined && since < this.readAt(process, key) && !scenario.shifts?.kinds.includes('rights'))
      this.violated('evicted-lost', `${pod?.facts.name} was evicted, and its node was lost`);
  }

  /** The fence has let it pass, so nobody else can have ended the restart. */
  sentEviction({ key }: Attempt): void {
    if (!this.#world.find(key)) return;
    const entry = this.#world.lease.journal.get(key);
    if (!entry || entry.outcome !== undefined || !entry.evicts)
      this.violated('journal', `a pod of ${key} is evicted, and the journal has ${JSON.stringify(entry)}`);
  }

  /** What the process has been told says that this pod is to go, and no more may be away. */
  #evictsRightly(attempt: Attempt, workload: Controlled, uid: string): void {
    const { process, key, entry, decidedAt } = attempt;
    const told = process.told.get(`${workload.namespace}/${workload.manifest.metadata.name}`);
    const pod = workload.pods.find(({ facts }) => facts.uid === uid);
    const isForIstio =
      entry && targetsOfRestart(entry).every(({ restartedFor }) => sourceIn(restartedFor) === undefined);
    if (entry && targetsOfRestart(entry).every(({ restartedFor }) => sourceIn(restartedFor) !== undefined)) return;
    if (removes(entry)) {
      this.#removal(attempt, workload);
      if (pod?.facts.sidecar.placement === 'none')
        this.violated('evicted-current', `${pod.facts.name} was evicted, and has no sidecar to lose`);
      return;
    }
    if (told?.answer.kind !== 'sidecar' || decidedAt - told.at > ANSWER_AGE)
      this.violated('answer', `a pod of ${key} was evicted without a fresh answer: ${JSON.stringify(told)}`);
    else if (pod && isForIstio && isSame(pod.facts.sidecar, told.answer.sidecar))
      this.violated('evicted-current', `${pod.facts.name} was evicted, and has the sidecar that it should have`);
    if (pod && isForIstio) this.#isWanted(attempt, [pod]);
  }

  /** A pod is evicted: no other that was evicted may be missing still, of the workload or of others of its rollout group. */
  evicted({ key, entry, process }: Attempt, workload: Controlled, pod: Pod): void {
    const { time } = this.#world;
    this.#world.log(() => `${process.id}: evicts ${pod.facts.name}`);
    const name = `${key} ${entry?.restartedAt}`;
    const before = this.#evicted.get(name) ?? new Set<string>();
    if (before.has(pod.facts.name) && !pod.deleting)
      this.violated('evicted-twice', `${pod.facts.name} was evicted twice by one restart`);
    // nothing tells of which template the pods of a ReplicaSet are
    if (
      workload.kind !== 'ReplicaSet' &&
      pod.template !== workload.template &&
      time.now - workload.changedAt > LONGEST_LOOK
    )
      this.violated(
        'evicted-template',
        `${pod.facts.name} was evicted, and its owners had not rolled out their template`,
      );
    const missing = this.#missing(workload, before).filter((one) => one !== pod.facts.name);
    if (missing.length > 0 && pod.ready)
      this.violated('evicted-overlap', `${pod.facts.name} was evicted while ${missing.join(', ')} was missing`);
    this.#evicted.set(name, before.add(pod.facts.name));
    this.#overlap(workload, pod);
  }

  /** Whether a restart has not ended. */
  isOpen(restart: Restart): boolean {
    if (restart.outcome !== undefined) return false;
    const { attempt, workload } = restart;
    const isJournalled = this.#world.lease.journal.get(workload.key)?.restartedAt === attempt.entry?.restartedAt;
    // what is being deleted is followed no longer
    return isJournalled || !(this.#hasDoneNothing(restart) || workload.workload.deleting);
  }

  /** Whether a restart counts as made: one that has done nothing may be forgotten. */
  #isMade = (one: Restart): boolean => one.outcome !== undefined || this.isOpen(one);

  /** Its record was written, or the journal alone has it, and it has evicted no pod: it may be forgotten and made again. */
  #hasDoneNothing({ attempt, workload }: Restart): boolean {
    const { entry } = attempt;
    return entry?.evicts === true && !this.#evicted.has(`${workload.key} ${entry.restartedAt}`);
  }

  /** Pods that a restart has evicted and that are not Ready again. */
  #missing(workload: Controlled, evicted: ReadonlySet<string>): string[] {
    const ready = new Set(workload.live.flatMap((one) => (one.ready ? one.facts.name : [])));
    if (workload.kind === 'ReplicaSet') {
      // the next pod has another name
      const lacking = Math.max(0, workload.desired - ready.size);
      return [...evicted].slice(evicted.size - lacking);
    }
    const isWanted = (one: string): boolean =>
      workload.kind === 'DaemonSet' || Number(one.split('-').at(-1)) < workload.desired;
    return [...evicted].filter((one) => !ready.has(one) && isWanted(one));
  }

  #overlap(workload: Controlled, { facts }: Pod): void {
    const group = workload.workload.rolloutGroup?.name;
    if (group === undefined) return;
    const others = this.#world
      .existing()
      .filter(
        (one) => one !== workload && one.namespace === workload.namespace && one.workload.rolloutGroup?.name === group,
      );
    for (const other of others) {
      const theirs = [...this.#evicted].flatMap(([name, pods]) => (name.startsWith(`${other.key} `) ? [...pods] : []));
      const missing = this.#missing(other, new Set(theirs));
      if (missing.length > 0)
        this.violated(
          'evicted-zones',
          `${facts.name} was evicted while ${missing.join(', ')} of its group was missing`,
        );
    }
  }

  landed(attempt: Attempt, workload: Controlled, before: Manifest): void {
    if (attempt.restart) this.#restarted(attempt, workload, before);
    else if (JSON.stringify(before.spec) !== JSON.stringify(workload.manifest.spec))
      this.violated('record', `writing an outcome changed the spec of ${workload.key}`);
  }

  /** The restart annotation was taken away while the restart was in flight. */
  tookBack(workload: Controlled): void {
    for (const source of SOURCES) {
      const last = this.lastFor(workload, source);
      if (last && last.outcome === undefined) last.reverted = true;
    }
  }

  #verified({ workload, target, source, attempt }: Restart, writer: OperatorProcess): void {
    if (source !== undefined) return;
    const now = this.#world.time.now;
    const { plane } = this.#world;
    const { revision, image } = plane.expected(workload);
    const fine = new Set([target, this.#world.plane.target({ image, revision })]);
    const policies = this.#world.scenario.shifts ? writer.policies.since(now - LONGEST_LOOK) : [];
    const isRight = ({ facts }: Pod): boolean =>
      policies.some((policy) =>
        [attempt.named, { revision, image }].some(
          (wanted) => wanted && driftsUnder(policy, wanted, facts.sidecar).length === 0,
        ),
      );
    const isRemoved = ({ placement }: Sidecar): boolean =>
      placement === 'none' && (target === REMOVAL || !plane.injects(workload.namespace));
    const wrong = workload.replaceable.find(
      ({ facts, editedAt, ...pod }) =>
        now - Math.max(editedAt, facts.createdAt) > 30_000 &&
        now - plane.changedAt > 30_000 &&
        now - (plane.labelledAt.get(workload.namespace) ?? 0) > 30_000 &&
        !fine.has(this.#world.plane.target(facts.sidecar)) &&
        !isRemoved(facts.sidecar) &&
        !isRight({ facts, editedAt, ...pod }),
    );
    if (wrong)
      this.violated(
        'verified',
        `${workload.key} was called verified with ${wrong.facts.sidecar.image} in ${wrong.facts.name}`,
      );
  }

  #restarted(attempt: Attempt, workload: Controlled, before: Manifest): void {
    const { key, entry, process } = attempt;
    const targets = entry ? targetsOfRestart(entry) : [];
    this.#world.log(
      () => `${process.id}: restarts ${key} for ${targets.map(({ restartedFor }) => restartedFor).join()}`,
    );
    this.#target(attempt, workload, before);
    const previous = this.lastOf(workload);
    if (previous && previous.outcome === undefined && !this.#hasDoneNothing(previous))
      this.violated('episode', `${key} was restarted while its restart was in flight`);
    const restarts = targets.map(({ restartedFor, run }) =>
      this.#restartFor(attempt, workload, before, { target: restartedFor, run }),
    );
    const [restart] = restarts;
    if (!restart) return;
    this.#limits(restart);
    this.#pace(restart, previous);
    for (const one of restarts) {
      this.#bound(one);
      this.#lastFor.set(bookKey(key, one.source), one);
    }
    this.restarts.push(restart);
    this.#last.set(key, restart);
  }

  #restartFor(
    attempt: Attempt,
    workload: Controlled,
    before: Manifest,
    { target, run }: { target: string; run: string },
  ): Restart {
    const source = sourceIn(target);
    if (source !== undefined && this.#world.drafts.get(workload.key)?.ownVault === true)
      this.violated('target', `${workload.key} was restarted for a container of its own template`);
    const previous = this.lastFor(workload, source);
    if (source === undefined) this.#behind(workload, target, run, previous);
    const count = this.#episode(workload, before, previous, target);
    const isAnswered = previous?.outcome === 'verified' && previous.retry === before.metadata.annotations[RETRY];
    if (previous?.target === target && isAnswered && this.#isResizedOnly(workload, target))
      this.violated('config-repeated', `${workload.key} was restarted again for a configuration that it had`);
    return {
      source,
      workload,
      uid: before.metadata.uid,
      attempt,
      sentAt: attempt.sentAt,
      landedAt: this.#world.time.now,
      target,
      run,
      count,
      retry: before.metadata.annotations[RETRY],
      owner: ownerKind(workload.workload.owner),
      reverted: false,
      outcome: undefined,
      outcomeAt: 0,
      endedAt: undefined,
      endedBy: undefined,
    };
  }

  /** A replica that has not read its configuration is behind for a while only: what it answers is no reason to take back a restart. */
  #behind({ key, namespace }: Controlled, target: string, run: string, previous: Restart | undefined): void {
    const { plane } = this.#world;
    const revision = plane.revisionOf(namespace);
    const { behind, configured } = plane.state(revision);
    if (behind === undefined || previous?.outcome !== 'verified' || previous.run !== run) return;
    const targetOf = (version: string): string => plane.target({ image: imageOf(version), revision });
    if (target === targetOf(behind) && previous.target === targetOf(configured))
      this.violated('behind', `${key} was restarted back to ${behind}, because one replica is behind`);
  }

  /** Whether all pods have had the proxy of a target for a while, and somebody has changed only how it is configured. */
  #isResizedOnly({ replaceable }: Controlled, target: string): boolean {
    const { plane, time } = this.#world;
    const isOld = ({ facts }: Controlled['replaceable'][number]): boolean => time.now - facts.createdAt > LONGEST_LOOK;
    return replaceable.every((pod) => isOld(pod) && plane.target(pod.facts.sidecar) === target);
  }

  /** What must never be written, by the version that the write replaced. */
  #target({ policies }: Attempt, { key, kind, workload }: Controlled, before: Manifest): void {
    const { policy } = this.#world.scenario;
    const forbidden: Readonly<Record<string, boolean>> = {
      'it is paused': before.spec.paused === true,
      'its strategy is OnDelete':
        (kind !== 'StatefulSet' || policies.every(({ onDelete }) => onDelete !== 'annotate')) &&
        (before.spec.updateStrategy ?? before.spec.strategy)?.type === 'OnDelete' &&
        JSON.stringify(before.spec) !== JSON.stringify(this.#world.find(key)?.manifest.spec),
      'it is a Rollout, and its template was written':
        workload.kind === 'Rollout' &&
        JSON.stringify(before.spec.template) !== JSON.stringify(this.#world.find(key)?.manifest.spec.template),
      'its update is not over': workload.kind === 'Rollout' && before.status.stableRS !== before.status.currentPodHash,
      'it is opted out': before.metadata.annotations['meltemi.dev/restart'] === 'false',
      'it is scaled to zero': before.spec.replicas === 0,
      'its pods ask not to be disrupted':
        policy.doNotDisrupt === 'hold' && doNotDisruptIn(before.spec.template.metadata.annotations) !== undefined,
      'it may lose all pods': policy.recreate === 'hold' && workload.strategy === 'Recreate' && !isDown(workload),
    };
    for (const [why, is] of Object.entries(forbidden))
      if (is) this.violated('target', `${key} was restarted though ${why}`);
  }

  /** @returns which restart of its episode this is */
  #episode(workload: Controlled, before: Manifest, previous: Restart | undefined, target: string): number {
    if (!previous) return 1;
    const { key } = workload;
    const retry = before.metadata.annotations[RETRY];
    const another = previous.target !== target || previous.outcome === 'verified' || retry !== previous.retry;
    // a newer expectation came and went meanwhile: its end said nothing about this one
    const provedNothing = ['superseded:expectation', 'interrupted'].includes(previous.outcome ?? '');
    if (another || provedNothing) return another ? 1 : previous.count + 1;
    if (previous.outcome === undefined && this.#hasDoneNothing(previous)) return previous.count;
    const count = previous.count + 1;
    if (previous.reverted)
      this.violated('reverted', `${key} was restarted again after its owner had taken the restart back`);
    else if (count > this.#world.scenario.policy.maxAttempts)
      this.violated(
        'episode',
        `${key} was restarted ${count} times for the same sidecar, last outcome ${previous.outcome}`,
      );
    return count;
  }

  #limits(restart: Restart): void {
    const { policy } = this.#world.scenario;
    const { workload } = restart;
    const others = this.inFlight().filter((one) => one.workload !== workload);
    const here = others.filter((one) => one.workload.namespace === workload.namespace);
    const say = (list: readonly Restart[]): string => list.map((one) => one.workload.key).join(', ');
    this.#peak('max-in-flight', others.length + 1);
    this.#peak('max-in-flight-per-namespace', here.length + 1);
    const most = Math.max(...restart.attempt.policies.map(({ maxInFlight }) => maxInFlight));
    if (others.length >= most) this.violated('max-in-flight', `${workload.key} beside ${say(others)}, allowed ${most}`);
    if (here.length >= policy.maxInFlightPerNamespace)
      this.violated(
        'max-in-flight-per-namespace',
        `${workload.key} beside ${say(here)}, allowed ${policy.maxInFlightPerNamespace}`,
      );
    this.#limitOfWave(restart, others);
    const kind = ownerKind(workload.workload.owner);
    // a tenant says of his own whatever he likes, at any time
    const honest = others.filter((one) => !this.#world.isTenants(one.workload) && !this.#world.isTenants(workload));
    const kin = honest.filter((one) => kind !== undefined && one.owner === kind);
    if (kin.length > 0) this.violated('owner-kind', `${workload.key} beside ${say(kin)}, all owned by a ${kind}`);
    // one that begins while this one is looked at before its write is late, not ahead
    const isAhead = ({ attempt }: Restart): boolean => attempt.decidedAt < restart.attempt.decidedAt - LONGEST_LOOK;
    // with `pdb: ignore` a rollout does not wait for evictions that were planned just before it
    const shares = policy.pdb === 'respect' ? honest : honest.filter(isAhead);
    if (this.#waitsForBudgets(restart.attempt, workload)) this.#sharing(workload, shares);
    const ahead = others.filter(isAhead);
    if (workload.key === this.#world.scenario.own && ahead.length > 0)
      this.violated('own-last', `${workload.key} is the operator's own and went beside ${say(ahead)}`);
  }

  /** As long as the waves stay as they are. */
  #limitOfWave({ workload, attempt }: Restart, others: readonly Restart[]): void {
    const [{ waves = [] } = this.#world.policy, another] = attempt.policies;
    if (another) return;
    const index = waveIndexOf(waves, workload);
    const most = waves[index]?.maxInFlight;
    const beside = others.filter((one) => waveIndexOf(waves, one.workload) === index);
    if (most !== undefined && beside.length >= most)
      this.violated('max-in-flight-per-wave', `${workload.key} beside ${beside.length} of its wave, allowed ${most}`);
  }

  #sharing({ key, workload }: Controlled, others: readonly Restart[]): void {
    const budgets = this.#world.budgets(workload.namespace).filter((one) => covers(one, workload));
    for (const other of others) {
      const theirs = other.workload.workload;
      const shared = budgets.find((one) => one.namespace === theirs.namespace && covers(one, theirs));
      if (shared && lowers(theirs))
        this.violated('pdb-shared', `${key} beside ${other.workload.key}, both under ${shared.name}`);
    }
  }

  /**
   * By the times at which the writes were decided on, which are those that are recorded; how long a request waits for a connection is not
   * known then.
   */
  #pace({ workload, attempt }: Restart, previous: Restart | undefined): void {
    const { restartDelay, maxRestartsPerMinute, annotationCooldown } = this.#world.scenario.policy;
    const { decidedAt } = attempt;
    const since = (one: Restart): number => Math.abs(decidedAt - one.attempt.decidedAt);
    const earlier = this.restarts.filter((one) => !one.workload.gone && this.#isMade(one));
    const nearest = Math.min(...earlier.map(since));
    if (restartDelay > 0 && nearest <= restartDelay - CUT)
      this.violated('restart-delay', `${workload.key} was restarted ${nearest} ms from another, delay ${restartDelay}`);
    const times = [...earlier.map((one) => one.attempt.decidedAt), decidedAt].sort((a, b) => a - b);
    const recent = Math.max(
      ...times.map((time) => times.filter((other) => other >= time && other < time + 60_000).length),
    );
    this.#peak('max-restarts-per-minute', recent);
    if (maxRestartsPerMinute > 0 && recent > maxRestartsPerMinute)
      this.violated(
        'rate',
        `with ${workload.key} there were ${recent} within a minute, allowed ${maxRestartsPerMinute}`,
      );
    if (previous && this.#isMade(previous) && since(previous) <= annotationCooldown - CUT)
      this.violated(
        'cooldown',
        `${workload.key} was restarted ${since(previous)} ms after its last, cooldown ${annotationCooldown}`,
      );
    const bad = this.#today(workload, false);
    if (this.isCapped(workload))
      this.violated('daily-cap', `${workload.key} was restarted though ${bad} restarts within a day ended badly`);
  }

  #today(workload: Controlled, well: boolean): number {
    const recent = (one: Restart): boolean => this.#world.time.now - one.sentAt < DAY - CUT;
    const all = this.restarts.filter((one) => one.workload === workload && recent(one) && this.#isMade(one));
    return all.filter(({ outcome = '' }) => /^(verified|superseded|interrupted)/.test(outcome) === well).length;
  }

  /**
   * Whether a workload has been restarted as often within a day as it may.
   * @param unseen more of them that did not end well
   */
  isCapped(workload: Controlled, unseen = 0): boolean {
    const { maxRestartsPerDay } = this.#world.scenario.policy;
    return this.#today(workload, false) + unseen >= maxRestartsPerDay || this.#today(workload, true) >= WELL_PER_DAY;
  }

  /**
   * What a failing run can cost: fewer failures than its budget are known when a restart begins, no more than its share of any namespace is
   * counted, and all that are in flight then may fail too.
   */
  #bound({ run, workload, attempt }: Restart): void {
    const { failureBudget, failureBudgetPerNamespace } = this.#world.scenario.policy;
    const maxInFlight = Math.max(...attempt.policies.map((one) => one.maxInFlight));
    const share = Math.min(failureBudget, failureBudgetPerNamespace);
    const failed = this.#counted(run).filter(({ outcome }) => outcome?.startsWith('failed:'));
    const others = this.inFlight().filter((one) => one.run === run && one.workload !== workload);
    const sum = shared(failed, share) + others.length + 1;
    const allowed = maxInFlight + Math.max(failureBudget - 1, share);
    if (sum > allowed)
      this.violated('halted', `${sum} restarts of a run have failed or are in flight, allowed ${allowed}`);
  }

  #peak(limit: string, value: number): void {
    this.peaks.set(limit, Math.max(this.peaks.get(limit) ?? 0, value));
  }
}

/** Whether all pods of a workload have the image that the policy wants for the second sidecar. */
export const hasVault = ({ replaceable }: Controlled): boolean =>
  replaceable.every(({ facts }) => facts.others?.[CONTAINER]?.image === WANTED);

/** The sidecars that a restart may be for. */
const SOURCES = [undefined, 'vault'] as const;

/** Whether a restart is to remove Istio's proxy. */
const removes = (entry: StoredEntry | undefined): boolean =>
  entry !== undefined && targetsOfRestart(entry).some(({ restartedFor }) => restartedFor === REMOVAL);

const bookKey = (key: string, source: string | undefined): string => `${key} ${source ?? 'istio'}`;

const say = ({ workload, outcome }: Restart): string => `${workload.key} ended ${outcome}`;

/** What was seen in one namespace holds that one, what was seen in two holds all. */
function holdsNamespace(seen: readonly Restart[], namespace: string): boolean {
  const where = new Set(seen.map((one) => one.workload.namespace));
  return where.has(namespace) || where.size > 1;
}

/** Failures as they count for a run: of each namespace no more than its share. */
function shared(failed: readonly Restart[], share: number): number {
  const counts = new Map<string, number>();
  for (const { workload } of failed) counts.set(workload.namespace, (counts.get(workload.namespace) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum + Math.min(count, share), 0);
}

/** The last restart that a specification names. A Rollout may have one in its template, which is not ours, and one beside it. */
function restartTimeOf(spec: object | undefined): number | undefined {
  const { template, restartAt } = spec as { template?: { metadata?: { annotations?: Labels } }; restartAt?: string };
  const times = [template?.metadata?.annotations?.[RESTARTED_AT], restartAt].flatMap((text) => parseTime(text) ?? []);
  return times.length > 0 ? Math.max(...times) : undefined;
}

const ownerKind = (owner: Owner | undefined): string | undefined =>
  owner && `${owner.apiVersion.split('/')[0]}/${owner.kind}`;

/** There is nothing left to take away. */
const isDown = ({ rollout }: Workload): boolean => rollout.available === 0;

const lowers = ({ maxUnavailable, rollout }: Workload): boolean => maxUnavailable > 0 && rollout.desired > 0;

export const covers = (
  { selector }: { readonly selector: { readonly matchLabels?: Labels } | undefined },
  { template }: Workload,
): boolean => Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => template.labels[key] === value);

/** Whether a pod has the sidecar that an injector has named, its configuration included where that counts. */
const isSame = (has: Sidecar, named: ExpectedSidecar): boolean =>
  sameSidecar(has, { ...named, placement: 'container', injected: true }) && has.config?.hash === named.config?.hash;
