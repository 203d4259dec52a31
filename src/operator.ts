import type { Clock } from './cluster/clock.ts';
import type { Cluster } from './cluster/cluster.ts';
import { EtaUpkeep } from './etaUpkeep.ts';
import type { Confirmations } from './expect/confirmations.ts';
import type { Injectors } from './expect/injectors.ts';
import { nobodiesOf } from './expect/matchOf.ts';
import type { Mesh } from './expect/mesh.ts';
import { questionOf } from './expect/questionOf.ts';
import type { Journal } from './journal/journal.ts';
import { JournalUpkeep } from './journal/journalUpkeep.ts';
import type { PauseState } from './leader/pauseState.ts';
import { afterSteps, inSlices } from './loopSlices.ts';
import type { MetricGateUpkeep } from './metricGates/metricGateUpkeep.ts';
import type { WorkloadKey } from './model.ts';
import type { Notifier } from './notify/notifier.ts';
import { Observations } from './observe/observations.ts';
import type { Observer } from './observe/observer.ts';
import { Rereads } from './observe/rereads.ts';
import { Scans } from './observe/scans.ts';
import type { Assessed } from './plan/assessed.ts';
import { contradictionsIn } from './plan/contradictions.ts';
import { withEta } from './plan/eta/withEta.ts';
import type { Evaluation } from './plan/evaluate.ts';
import { Evaluator } from './plan/evaluator.ts';
import { FollowedItems } from './plan/followedItems.ts';
import { KeptItems } from './plan/keptItems.ts';
import { orphansIn } from './plan/orphans.ts';
import { type Planned, sidecarsThatWait } from './plan/plan.ts';
import type { PlanContext } from './plan/planContext.ts';
import type { Policy } from './plan/policy.ts';
import type { RuleContext } from './plan/rule.ts';
import { SinceWhen } from './plan/sinceWhen.ts';
import type { Report } from './report/report.ts';
import { Restarter } from './restart/restarter.ts';
import type { RestartPhases } from './restart/restartPhases.ts';
import { isOvertaken, Restarts } from './restart/restarts.ts';
import { SteadyWall } from './steadyWall.ts';
import { Changes, unmixed } from './watch/changes.ts';
import { Coalesce } from './watch/coalesce.ts';
import type { MeshWatch } from './watch/meshWatch.ts';
import { WakeUp } from './watch/wakeUp.ts';

export interface OperatorOptions {
  readonly cluster: Cluster;
  readonly journal: Journal;
  readonly watch: Pick<MeshWatch, 'onChange' | 'settled' | 'mesh' | 'stale' | 'sourcesChanged'>;
  readonly injectors: Injectors;
  readonly observer: Observer;
  readonly confirmations: Confirmations;
  readonly metricGates: MetricGateUpkeep;
  /** What is allowed at the moment of the call. */
  readonly policy: () => Policy;
  readonly reconcilePeriod: number;
  /** The namespaces that it looks after; empty is all of them. */
  readonly namespaces: readonly string[];
  readonly dryRun: boolean;
  readonly report: Pick<
    Report,
    | 'mesh'
    | 'trouble'
    | 'restarted'
    | 'evicted'
    | 'ended'
    | 'lost'
    | 'recordRefused'
    | 'learnt'
    | 'scanned'
    | 'scanFailed'
    | 'evaluated'
    | 'journalUnreadable'
    | 'journalRebuilt'
  > &
    Partial<Pick<Report, 'forecast' | 'begin' | 'end'>>;
  /** Steady clock, milliseconds: it neither jumps nor goes back. */
  readonly now: () => number;
  /** Wall clock, milliseconds: for times that others wrote, and that users read. */
  readonly wall: () => number;
  readonly sleep: Clock['sleep'];
  /** The requests of users on the Lease. */
  readonly pauseState: () => PauseState;
  /** Keeps the last evaluation of the term for `meltemi status`. */
  readonly status: { evaluated(evaluation: Evaluation): void; clear(): void };
  /** The workload that this process runs in, if it does. */
  readonly own?: WorkloadKey | undefined;
  readonly notifier: Pick<Notifier, 'begin' | 'evaluated' | 'isNews'>;
  /** Where restarts are traced, if they are. */
  readonly phases?: RestartPhases | undefined;
}

/** A time of leading. In a dry run there is no restarter. */
interface Term {
  readonly signal: AbortSignal;
  readonly restarter: Restarter | undefined;
}

/** Between turns, so that nothing overdue can make the loop spin. */
const SHORTEST_SLEEP = 100;
const LONGEST_SLEEP = 60_000;
const TURN_RETRY = 5000;
/**
 * Milliseconds between two evaluations: so many for each workload, and at most half a second, which a free slot may wait. Each evaluation
 * goes through all workloads, if only to see that nothing has changed.
 */
const PACE = { each: 0.1, longest: 500 };

/**
 * The loop: something changed or a time has come → scan what it concerns → judge → plan → restart. One evaluation runs at a time;
 * restarts run beside it and only report back what they saw last. Everything else is recomputed from the cluster.
 */
export class Operator {
  readonly #options: OperatorOptions;
  readonly #wakeUp: WakeUp;
  readonly #burst = new Coalesce();
  readonly #observations = new Observations();
  readonly #scans: Scans;
  readonly #rereads: Rereads;
  readonly #restarts: Restarts;
  readonly #upkeep: JournalUpkeep;
  readonly #eta: EtaUpkeep;
  #term: Term | undefined;
  #turning: Promise<void> = Promise.resolve();
  readonly #epochSeenAt = new Map<string, number>();
  readonly #orphanedSince = new SinceWhen(orphansIn);
  readonly #contradictedSince = new SinceWhen(contradictionsIn);
  readonly #evaluator = new Evaluator();
  readonly #items = new FollowedItems();
  readonly #unconfirmed = new KeptItems((one) => unconfirmedOf(one).length > 0);
  readonly #clocks: SteadyWall;
  readonly #managedNamespaces: ReadonlySet<string> | undefined;
  /** The mesh as it was when the last burst of changes had ended; plans rest on it, writes on the mesh of their moment. */
  #mesh: Mesh = { injections: [], namespaces: new Map() };
  /** What has happened to it since; absent until it was listed once. */
  #changes: Changes | undefined;
  /** When a timed wait ends or an injector may be asked again, as the last evaluation saw it. */
  #wakeAt = 0;
  /** When all observations were last outdated by a change of the mesh. */
  #changedAt = Number.NEGATIVE_INFINITY;
  /** A restart has ended: evaluate without waiting for anything else. */
  #wanted = false;
  /** When the next evaluation may begin. */
  #pacedAt = 0;

  constructor(options: OperatorOptions) {
    this.#options = options;
    this.#wakeUp = new WakeUp(options.sleep);
    const { journal, namespaces, now, wall, report } = options;
    this.#clocks = new SteadyWall(now, wall);
    this.#managedNamespaces = namespaces.length > 0 ? new Set(namespaces) : undefined;
    this.#restarts = new Restarts({
      journal,
      now,
      onObserved: (key, observed) => this.#observations.observed(key, observed, now()),
      onError: (key, ref, error) => {
        if (!isOvertaken(error)) report.trouble(key, error);
        return this.#rereads.read(key, ref);
      },
      onEnd: () => this.ring(),
    });
    const seen = { observations: this.#observations, busy: this.#restarts.busy };
    this.#scans = new Scans({ ...options, ...seen });
    this.#rereads = new Rereads({ ...options, ...seen });
    this.#eta = new EtaUpkeep({
      onForecast: report.forecast?.bind(report),
      onError: (error) => report.trouble('estimate', error),
    });
    this.#upkeep = new JournalUpkeep({
      ...options,
      hasSeen: (ref) => this.#scans.hasSeen(ref),
      isRead: (place) => this.#scans.isRead(place),
      uidOf: async (ref) => (await options.cluster.workload(ref))?.uid,
    });
  }

  /** Keeps up with the mesh until the signal aborts. It acts only while it leads. */
  async run(signal: AbortSignal): Promise<void> {
    const { watch, now, report } = this.#options;
    watch.onChange((change) => {
      this.#burst.note(now());
      this.#changes?.note(() => watch.mesh(), change);
      this.#wakeUp.ring();
    });
    await watch.settled(signal);
    if (signal.aborted) return;
    this.#mesh = watch.mesh();
    this.#changes = new Changes(this.#mesh);
    this.#noteEpochs(this.#mesh);
    report.mesh(this.#mesh);
    while (!signal.aborted) {
      this.#takeChanges();
      const term = this.#term;
      if (term && this.#nextTurnAt() <= now()) await this.#tryTurn(term);
      const dueAt = this.#term ? this.#nextTurnAt() : (this.#burst.dueAt() ?? now() + LONGEST_SLEEP);
      await this.#wakeUp.wait(Math.max(this.#wanted && this.#term ? 0 : SHORTEST_SLEEP, dueAt - now()), signal);
    }
  }

  /**
   * Acts until the term ends: what others may have done before is read anew. Resolves when nothing of it is under way any more; restarts
   * that are being followed are left to the next leader.
   */
  async lead(signal: AbortSignal): Promise<void> {
    // another process may have led since: the status of an earlier term must not overwrite its status
    this.#options.status.clear();
    // what was orphaned or contradicted in an earlier term need not have been so all the time since
    this.#orphanedSince.clear();
    this.#contradictedSince.clear();
    this.#options.report.begin?.();
    this.#upkeep.load();
    this.#scans.askForAll(this.#options.now());
    if (!this.#options.dryRun) this.#options.notifier.begin(signal);
    this.#pacedAt = 0;
    this.#term = { signal, restarter: this.#options.dryRun ? undefined : this.#restarter(signal) };
    this.ring();
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    this.#term = undefined;
    await this.#turning;
    this.#options.metricGates.rest();
    this.#eta.rest();
    await this.#restarts.idle();
    this.#options.report.end?.();
  }

  #restarter(signal: AbortSignal): Restarter {
    const { cluster, observer, journal, watch, report, sleep, notifier, phases, confirmations } = this.#options;
    return new Restarter({
      cluster,
      observer,
      journal,
      mesh: () => watch.mesh(),
      ruleContext: () => this.#ruleContext(),
      moment: () => ({
        now: this.#clocks.read().now,
        policy: this.#options.policy(),
        unconfirmed: (injection) => confirmations.unconfirmed(injection),
      }),
      listener: {
        sending: (ref) => this.#restarts.sending(ref),
        restarted: (assessed, written) => {
          this.#observations.wrote(written);
          report.restarted(assessed);
          if (assessed.injection && notifier.isNews(assessed.injection.run)) this.ring();
        },
        evicted: (ref, pod) => report.evicted(ref, pod),
        ended: (assessed, outcome, detail) => {
          report.ended(assessed, outcome, detail);
          this.ring();
        },
        lost: (workload, outcome, detail) => report.lost(workload, outcome, detail),
        recordRefused: (assessed, why) => report.recordRefused(assessed, why),
        learnt: (assessed, words) => report.learnt(assessed, words),
        trouble: (ref, error) => report.trouble(ref, error),
      },
      ...(phases && { phases }),
      signal,
      sleep,
    });
  }

  /** Whatever goes wrong in a turn is said and tried again; the loop goes on for as long as the process is wanted. */
  async #tryTurn(term: Term): Promise<void> {
    const { now, report } = this.#options;
    this.#turning = this.#turn(term).catch((error: unknown) => {
      this.#wakeAt = now() + TURN_RETRY;
      if (!term.signal.aborted) report.trouble('evaluation', error);
    });
    await this.#turning;
  }

  async #turn(term: Term): Promise<void> {
    const { signal } = term;
    this.#wanted = false;
    void this.#options.injectors.recheck(this.#mesh.injections);
    await this.#scans.run(this.#mesh, signal);
    await this.#rereads.run(signal);
    this.#wakeAt = this.#options.now() + LONGEST_SLEEP;
    if (!signal.aborted && this.#scans.isUsable) await this.#evaluate(term);
  }

  /** A burst of changes asks for a scan of what it concerns, or just for another evaluation. */
  #takeChanges(): void {
    const { watch, now, injectors, confirmations, policy, report } = this.#options;
    if (!this.#burst.take(now())) return;
    const mesh = watch.mesh();
    const scope = this.#changes?.take(mesh) ?? { kind: 'everything' };
    for (const injection of unmixed(this.#mesh, mesh)) injectors.forget(injection);
    this.#mesh = mesh;
    this.#noteEpochs(mesh);
    report.mesh(mesh);
    void injectors.keepOnly(mesh.injections);
    confirmations.keepOnly(mesh.injections);
    this.#options.journal.keepOnly([...mesh.injections, ...nobodiesOf(mesh)]);
    // istiod is given time to read what changed: an answer from before would be kept for the new epoch
    if (scope.kind === 'everything') {
      this.#changedAt = now();
      this.#scans.askForAll(this.#changedAt + policy().istiodConfigReadDelay);
    }
    if (scope.kind === 'namespaces') this.#scans.askFor(scope.names);
    this.#wanted = true;
  }

  #noteEpochs({ injections }: Mesh): void {
    const { now } = this.#options;
    const epochs = new Set(injections.map(({ epoch }) => epoch));
    for (const epoch of epochs) if (!this.#epochSeenAt.has(epoch)) this.#epochSeenAt.set(epoch, now());
    for (const epoch of this.#epochSeenAt.keys()) if (!epochs.has(epoch)) this.#epochSeenAt.delete(epoch);
  }

  async #evaluate({ restarter, signal }: Term): Promise<void> {
    const { observer, journal, dryRun, now, report, injectors, metricGates, status } = this.#options;
    if (dryRun) journal.load();
    const mesh = this.#mesh;
    // a restart that ends meanwhile is in no observation of this evaluation: it counts as it was when that began
    const busy = [...this.#restarts.busy.keys()];
    const all = this.#observations.all();
    this.#pacedAt = now() + Math.min(all.length * PACE.each, PACE.longest);
    const observations = await observer.answerAll(mesh, all);
    if (signal.aborted) return;
    if (this.#upkeep.tend(observations)) this.ring();
    await afterSteps(observations.length);
    const context = this.#planContext(busy);
    const learnt = journal.learntSoFar();
    const made = await inSlices(this.#evaluator.evaluate({ mesh, observations, learnt, context }), observations.length);
    if (signal.aborted) return;
    const evaluation = withEta(made, this.#eta.latestFor(made.items));
    if (!dryRun) for (const [run, notes] of evaluation.toNote) journal.note(run, notes);
    const news = this.#items.next(evaluation);
    for (const since of [this.#orphanedSince, this.#contradictedSince])
      since.note(news.added, context.now, news.isAnew);
    this.#wakeAt = Math.min(now() + LONGEST_SLEEP, evaluation.wakeAt ?? Infinity, injectors.retryAt() ?? Infinity);
    this.#confirm(this.#unconfirmed.after(news));
    this.#wakeAt = Math.min(this.#wakeAt, metricGates.tend(evaluation, context) ?? Infinity);
    this.#rereads.note(news);
    this.#restarts.settle(evaluation.items);
    // first what others wait for, then what is only told
    if (restarter) this.#restarts.carryOut(evaluation, restarter, signal);
    status.evaluated(evaluation);
    await report.evaluated(evaluation);
    await this.#takeNews(evaluation, context);
    this.#eta.note({ items: made.items, context });
  }

  /** Has people told what is new, and comes back when a run may have finished. */
  async #takeNews(evaluation: Evaluation, context: PlanContext): Promise<void> {
    const { notifier, now } = this.#options;
    const again = await notifier.evaluated(evaluation, context);
    if (again !== undefined) this.#wakeAt = Math.min(this.#wakeAt, now() + again);
  }

  /** What waits for a confirmed answer gets one: any of its workloads can be the question. */
  #confirm(waiting: Iterable<Planned>): void {
    for (const assessed of [...waiting].flatMap(unconfirmedOf)) {
      const question = questionOf(this.#mesh, assessed);
      if (question) this.#options.confirmations.begin(question);
    }
  }

  /** Another policy is in force: evaluates now. Only other skipped namespaces ask for another scan, which may be due anyway. */
  policyChanged(): void {
    this.#options.watch.sourcesChanged();
    this.#scans.policyChanged();
    // until then nothing is evaluated at all
    this.#scans.awaitNoLongerThan(this.#changedAt + this.#options.policy().istiodConfigReadDelay);
    this.ring();
  }

  /** Evaluates now, because something outside the watches has changed. */
  ring(): void {
    this.#wanted = true;
    this.#wakeUp.ring();
  }

  /**
   * What a plan is made with now. It does not change afterwards, because a plan is made in slices.
   * @param busy workloads that count as busy besides those of this moment
   */
  #planContext(busy: readonly WorkloadKey[] = []): PlanContext {
    const { journal, policy, confirmations, metricGates, watch, pauseState, own } = this.#options;
    const { paused, resumedAt } = pauseState();
    return {
      ...this.#clocks.read(),
      journal: journal.snapshot(),
      policy: policy(),
      epochSeenAt: new Map(this.#epochSeenAt),
      orphanedSince: this.#orphanedSince.times,
      contradictedSince: this.#contradictedSince.times,
      retryAt: new Map(this.#restarts.retries),
      unconfirmed: (injection) => confirmations.unconfirmed(injection),
      stale: watch.stale(),
      busy: new Set([...busy, ...this.#restarts.busy.keys()]),
      starting: new Set(this.#restarts.starting),
      paused,
      resumedAt,
      unseen: this.#scans.unseen(this.#mesh),
      managedNamespaces: this.#managedNamespaces,
      own,
      notes: new Map(journal.notes),
      metricGates: metricGates.states(),
    };
  }

  /** What the rules are asked with in the moment of a write, which is itself a try after the last error. */
  #ruleContext(): RuleContext {
    return this.#evaluator.ruleContext({ ...this.#planContext(), retryAt: new Map() });
  }

  /** When the next turn is due, unless something rings before. */
  #nextTurnAt(): number {
    if (this.#wanted) return this.#pacedAt;
    const times = [this.#burst.dueAt(), this.#wakeAt, this.#scans.dueAt(), this.#rereads.dueAt()];
    return Math.max(this.#pacedAt, Math.min(...times.filter((time) => time !== undefined)));
  }
}

/** The sidecars of a workload that wait for a confirmed answer. */
const unconfirmedOf = (planned: Planned): readonly Assessed[] => sidecarsThatWait(planned, 'unconfirmed-answer');
