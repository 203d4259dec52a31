import type { Labels, Owner, Workload } from '../../src/model.ts';
import { ANNOTATION, RESTARTED_AT, RETRY } from '../../src/names.ts';
import { fingerprint } from '../../src/plan/record.ts';
import { matchOf } from '../../src/survey.ts';
import type { Controlled } from './controlled.ts';
import type { Manifest } from './manifest.ts';
import type { OperatorProcess } from './operatorProcess.ts';
import type { World } from './world.ts';

/** A write on its way, from the decision to its landing. */
export interface Attempt {
  readonly key: string;
  readonly process: OperatorProcess;
  readonly annotations: Labels;
  /** Or else it records an outcome. */
  readonly restart: boolean;
  readonly decidedAt: number;
  sentAt: number;
  outcomeOf?: Restart;
}

/** One restart in the referee's own book, kept from what landed. */
export interface Restart {
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
  /** The owner took it back. */
  reverted: boolean;
  outcome: string | undefined;
  outcomeAt: number;
  /** Processes to which the landing of the outcome was confirmed. */
  readonly heardBy: Set<OperatorProcess>;
}

/** Recorded times are whole seconds. */
const CUT = 1000;
const DAY = 24 * 60 * 60 * 1000;
const ANSWER_AGE = 20_000;
const LONGEST_LOOK = 30_000;
/** A followed restart is read each second, and twice when its pods are looked at. */
const READ_WINDOW = 10_000;
const READS = 30;

/**
 * Watches every write from the cluster's side and holds it to the rules of restarting. It keeps its own book of what landed, and of what
 * each process had been told when it decided; it believes nothing that an operator thinks.
 */
export class Referee {
  readonly #world: World;
  readonly restarts: Restart[] = [];
  readonly #last = new Map<string, Restart>();
  readonly #reads = new Map<string, number[]>();
  /** The first breach of each invariant. */
  readonly violations = new Map<string, string>();
  /** The most that was seen at a time of what is limited. */
  readonly peaks = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  violated(invariant: string, detail: string): void {
    if (this.violations.has(invariant)) return;
    this.#world.log(() => `*** ${invariant}: ${detail}`);
    this.violations.set(invariant, detail);
  }

  lastOf(workload: Controlled): Restart | undefined {
    return this.#last.get(workload.key);
  }

  /** Restarts that landed and have no outcome yet. */
  inFlight(): Restart[] {
    return [...this.#last.values()].filter(({ outcome, workload }) => outcome === undefined && !workload.gone);
  }

  /** A process has decided to write: with what it has been told so far. */
  decided(process: OperatorProcess, key: string, body: object): Attempt {
    const { metadata, spec } = body as { metadata: { annotations: Labels; resourceVersion?: string }; spec?: object };
    const { annotations } = metadata;
    const now = this.#world.time.now;
    const attempt: Attempt = { key, process, annotations, restart: spec !== undefined, decidedAt: now, sentAt: now };
    if (metadata.resourceVersion === undefined) this.violated('unconditional', `${key} was written without a version`);
    const workload = this.#world.find(key);
    if (attempt.restart && workload) {
      this.#decidedRestart(attempt, workload);
      if (annotations[ANNOTATION.restartedFor] === undefined || annotations[ANNOTATION.writes] === undefined)
        this.violated('record', `${key} was restarted without a record in the same write`);
    }
    return attempt;
  }

  #decidedRestart(attempt: Attempt, workload: Controlled): void {
    const { process, key, annotations, decidedAt } = attempt;
    const stale = process.view.stale();
    if (stale !== undefined) this.violated('stale', `${key} was restarted by ${process.id} with ${stale}`);
    if (process.paused !== undefined)
      this.violated('operator-paused', `${key} was restarted by ${process.id}, which knew "${process.paused}"`);
    const told = process.told.get(`${workload.namespace}/${workload.manifest.metadata.name}`);
    const target = annotations[ANNOTATION.restartedFor];
    if (told?.answer.kind !== 'sidecar' || decidedAt - told.at > ANSWER_AGE)
      this.violated('answer', `${key} was restarted without a fresh answer: ${JSON.stringify(told)}`);
    else if (fingerprint(told.answer.sidecar) !== target)
      this.violated('answer', `${key} was restarted for another sidecar than the injector had just named`);
    this.#gates(attempt, workload);
    this.#halts(attempt, workload);
    this.#budgetsSpent(attempt, workload);
  }

  #gates({ process, key }: Attempt, { workload }: Controlled): void {
    const matched = matchOf(process.view.mesh(), workload);
    if (matched.kind !== 'entry') this.violated('gate', `${key} was restarted though ${matched.reason.detail}`);
    const rollout = matched.kind === 'entry' ? matched.entry.istiod?.rollout : undefined;
    if (rollout && rollout.updated < rollout.desired)
      this.violated('gate', `${key} was restarted while its istiod was rolling`);
  }

  /** Whether a process must count an outcome: it heard of it, or it began to lead when the record was there to be read. */
  #knows(process: OperatorProcess, { heardBy, outcomeAt, workload, outcome }: Restart): boolean {
    if (heardBy.has(process)) return true;
    return outcomeAt < process.termBeganAt && workload.manifest.metadata.annotations[ANNOTATION.outcome] === outcome;
  }

  #halts({ process, key, annotations }: Attempt, workload: Controlled): void {
    const run = annotations[ANNOTATION.run] ?? '';
    const counted = this.#counted(run).filter((one) => this.#knows(process, one));
    const failed = counted.filter(({ outcome }) => outcome?.startsWith('failed:'));
    const { failureBudget } = this.#world.scenario.policy;
    if (failed.length >= failureBudget)
      this.violated(
        'halted',
        `${key} was restarted after ${failed.length} failures of its run, allowed ${failureBudget}`,
      );
    const open = failed.find(({ outcome }) => outcome === 'failed:not-injected');
    if (open)
      this.violated('failing-open', `${key} was restarted after ${open.workload.key} had come up without sidecar`);
    const kind = ownerKind(workload.workload.owner);
    const reverted = counted.find(
      (one) => one.outcome === 'reverted' && ownerKind(one.workload.workload.owner) === kind,
    );
    if (kind !== undefined && reverted)
      this.violated(
        'owner-reverts',
        `${key} was restarted after ${reverted.workload.key} of the same owner kind was reverted`,
      );
  }

  /** The last restarts of a run that no resume has forgiven. */
  #counted(run: string): Restart[] {
    const { resumedAt } = this.#world.lease;
    const since = (one: Restart): number => Date.parse(one.attempt.annotations[ANNOTATION.restartedAt] ?? '') || 0;
    return [...this.#last.values()].filter(
      (one) => one.run === run && !one.workload.gone && since(one) > resumedAt && one.outcome !== undefined,
    );
  }

  #budgetsSpent({ process, key }: Attempt, controlled: Controlled): void {
    const { workload } = controlled;
    if (this.#world.scenario.policy.pdb === 'ignore' || !lowers(workload) || this.#isOwnFailure(controlled)) return;
    const read = process.budgetsRead.get(workload.namespace) ?? [];
    const spent = read.find((one) => covers(one, workload) && one.allowed < 1);
    if (spent) this.violated('pdb-spent', `${key} was restarted with ${spent.name} at ${spent.allowed}`);
  }

  /** Its own failed restart is what spends the budget; only another rollout can mend that. */
  #isOwnFailure(workload: Controlled): boolean {
    const last = this.lastOf(workload);
    const template = workload.manifest.spec.template.metadata.annotations[RESTARTED_AT];
    return (
      last?.outcome?.startsWith('failed:') === true && template === last.attempt.annotations[ANNOTATION.restartedAt]
    );
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
    if (holder !== attempt.process.id)
      this.violated(
        'lease',
        `${attempt.key} was written by ${attempt.process.id} while ${holder || 'nobody'} held the lease`,
      );
  }

  landed(attempt: Attempt, workload: Controlled, before: Manifest): void {
    if (attempt.restart) this.#restarted(attempt, workload, before);
    else this.#ended(attempt, workload, before);
  }

  answered({ process, outcomeOf }: Attempt): void {
    outcomeOf?.heardBy.add(process);
  }

  /** An owner has taken the restart annotation away. */
  tookBack(workload: Controlled): void {
    const last = this.lastOf(workload);
    if (last) last.reverted = true;
  }

  #ended(attempt: Attempt, workload: Controlled, before: Manifest): void {
    const outcome = attempt.annotations[ANNOTATION.outcome] ?? '';
    this.#world.log(() => `${attempt.process.id}: ${workload.key} has the outcome ${outcome}`);
    if (JSON.stringify(before.spec) !== JSON.stringify(workload.manifest.spec))
      this.violated('record', `recording an outcome changed the spec of ${workload.key}`);
    const last = this.lastOf(workload);
    if (!last) {
      this.violated('record', `${workload.key} has an outcome and was never restarted`);
      return;
    }
    last.outcome = outcome;
    last.outcomeAt = this.#world.time.now;
    last.heardBy.clear();
    attempt.outcomeOf = last;
    if (outcome === 'verified') this.#verified(last);
  }

  #verified({ workload, target }: Restart): void {
    const now = this.#world.time.now;
    const { plane } = this.#world;
    const { revision, image } = plane.expected(workload.namespace);
    const fine = new Set([target, fingerprint({ image, revision, placement: 'container' })]);
    const wrong = workload.replaceable.find(
      ({ facts }) =>
        now - facts.createdAt > 30_000 &&
        now - plane.changedAt > 30_000 &&
        !fine.has(fingerprint({ ...facts.sidecar, placement: 'container' })),
    );
    if (wrong)
      this.violated(
        'verified',
        `${workload.key} was called verified with ${wrong.facts.sidecar.image} in ${wrong.facts.name}`,
      );
  }

  #restarted(attempt: Attempt, workload: Controlled, before: Manifest): void {
    const { key, annotations, process } = attempt;
    this.#world.log(() => `${process.id}: restarts ${key} for ${annotations[ANNOTATION.restartedFor]}`);
    const target = annotations[ANNOTATION.restartedFor] ?? '';
    const run = annotations[ANNOTATION.run] ?? '';
    this.#target(workload, before);
    const previous = this.lastOf(workload);
    const count = this.#episode(workload, before, previous, target);
    const restart: Restart = {
      workload,
      uid: before.metadata.uid,
      attempt,
      sentAt: attempt.sentAt,
      landedAt: this.#world.time.now,
      target,
      run,
      count,
      retry: before.metadata.annotations[RETRY],
      reverted: false,
      outcome: undefined,
      outcomeAt: 0,
      heardBy: new Set(),
    };
    this.#limits(restart);
    this.#pace(restart, previous);
    this.#bound(restart);
    this.restarts.push(restart);
    this.#last.set(key, restart);
  }

  /** What must never be written, by the version that the write replaced. */
  #target({ key, workload }: Controlled, before: Manifest): void {
    const { policy } = this.#world.scenario;
    const forbidden: Readonly<Record<string, boolean>> = {
      'it is paused': before.spec.paused === true,
      'its strategy is OnDelete': (before.spec.updateStrategy ?? before.spec.strategy)?.type === 'OnDelete',
      'it is opted out': before.metadata.annotations['meltemi.dev/restart'] === 'false',
      'another manager applies its annotation': before.metadata.managedFields.some(
        ({ manager, operation }) => operation === 'Apply' && manager !== 'meltemi',
      ),
      'it is scaled to zero': before.spec.replicas === 0,
      'it may lose all pods': policy.recreate === 'hold' && workload.strategy === 'Recreate',
    };
    for (const [why, is] of Object.entries(forbidden))
      if (is) this.violated('target', `${key} was restarted though ${why}`);
  }

  /** @returns which restart of its episode this is */
  #episode(workload: Controlled, before: Manifest, previous: Restart | undefined, target: string): number {
    if (!previous) return 1;
    const { key } = workload;
    if (previous.outcome === undefined)
      this.violated('episode', `${key} was restarted while its restart was in flight`);
    const retry = before.metadata.annotations[RETRY];
    const another = previous.target !== target || previous.outcome === 'verified' || retry !== previous.retry;
    // a newer expectation came and went meanwhile: its end said nothing about this one
    if (another || previous.outcome === 'superseded:expectation') return another ? 1 : previous.count + 1;
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
    if (others.length >= policy.maxInFlight)
      this.violated('max-in-flight', `${workload.key} beside ${say(others)}, allowed ${policy.maxInFlight}`);
    if (here.length >= policy.maxInFlightPerNamespace)
      this.violated(
        'max-in-flight-per-namespace',
        `${workload.key} beside ${say(here)}, allowed ${policy.maxInFlightPerNamespace}`,
      );
    const kind = ownerKind(workload.workload.owner);
    const kin = others.filter((one) => kind !== undefined && ownerKind(one.workload.workload.owner) === kind);
    if (kin.length > 0) this.violated('owner-kind', `${workload.key} beside ${say(kin)}, all owned by a ${kind}`);
    if (policy.pdb === 'respect') this.#sharing(workload, others);
    // one that begins while the own one is looked at before its write is late, not ahead
    const ahead = others.filter(({ attempt }) => attempt.decidedAt < restart.attempt.decidedAt - LONGEST_LOOK);
    if (workload.key === this.#world.scenario.own && ahead.length > 0)
      this.violated('own-last', `${workload.key} is the operator's own and went beside ${say(ahead)}`);
  }

  #sharing({ key, workload }: Controlled, others: readonly Restart[]): void {
    if (!lowers(workload)) return;
    const budgets = this.#world.budgets(workload.namespace).filter((one) => covers(one, workload));
    for (const other of others) {
      const theirs = other.workload.workload;
      const shared = budgets.find((one) => one.namespace === theirs.namespace && covers(one, theirs));
      if (shared && lowers(theirs))
        this.violated('pdb-shared', `${key} beside ${other.workload.key}, both under ${shared.name}`);
    }
  }

  /** By the times at which the writes were decided on, which are those that are recorded; how long a request waits for a connection is not known then. */
  #pace({ workload, attempt }: Restart, previous: Restart | undefined): void {
    const { restartDelay, maxRestartsPerMinute, annotationCooldown } = this.#world.scenario.policy;
    const { decidedAt } = attempt;
    const since = (one: Restart): number => Math.abs(decidedAt - one.attempt.decidedAt);
    const earlier = this.restarts.filter((one) => !one.workload.gone);
    const nearest = Math.min(...earlier.map(since));
    if (restartDelay > 0 && nearest <= restartDelay - CUT)
      this.violated('restart-delay', `${workload.key} was restarted ${nearest} ms from another, delay ${restartDelay}`);
    const recent = earlier.filter((one) => since(one) < 60_000).length + 1;
    this.#peak('max-restarts-per-minute', recent);
    if (maxRestartsPerMinute > 0 && recent > maxRestartsPerMinute)
      this.violated('rate', `${workload.key} was number ${recent} within a minute, allowed ${maxRestartsPerMinute}`);
    if (previous && since(previous) <= annotationCooldown - CUT)
      this.violated(
        'cooldown',
        `${workload.key} was restarted ${since(previous)} ms after its last, cooldown ${annotationCooldown}`,
      );
    const today = earlier.filter((one) => one.workload === workload && since(one) < DAY - CUT).length + 1;
    this.#peak('daily-cap', today);
    if (today > 3) this.violated('daily-cap', `${workload.key} was restarted ${today} times within a day`);
  }

  /**
   * What a failing run can cost: two failures are known at the most when a restart begins, and all that are in flight then may fail too. So no
   * more than max-in-flight + budget - 1 have failed or are in flight, however late their ends are heard of.
   */
  #bound({ run, workload }: Restart): void {
    const { maxInFlight, failureBudget } = this.#world.scenario.policy;
    const failed = this.#counted(run).filter(({ outcome }) => outcome?.startsWith('failed:'));
    const others = this.inFlight().filter((one) => one.run === run);
    const sum = new Set([...failed, ...others].map((one) => one.workload.key)).add(workload.key).size;
    const allowed = maxInFlight + failureBudget - 1;
    if (sum > allowed)
      this.violated('halted', `${sum} restarts of a run have failed or are in flight, allowed ${allowed}`);
  }

  #peak(limit: string, value: number): void {
    this.peaks.set(limit, Math.max(this.peaks.get(limit) ?? 0, value));
  }
}

const ownerKind = (owner: Owner | undefined): string | undefined =>
  owner && `${owner.apiVersion.split('/')[0]}/${owner.kind}`;

const lowers = ({ maxUnavailable, rollout }: Workload): boolean => maxUnavailable > 0 && rollout.desired > 0;

const covers = (
  { selector }: { readonly selector: { readonly matchLabels?: Labels } | undefined },
  { template }: Workload,
): boolean => Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => template.labels[key] === value);
