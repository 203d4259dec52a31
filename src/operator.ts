import type { Clock } from './cluster/clock.ts';
import type { RememberingCluster } from './cluster/memory.ts';
import type { Standing } from './cluster/standing.ts';
import type { Confirmations } from './expect/confirmations.ts';
import type { Injectors } from './expect/injectors.ts';
import type { Mesh } from './expect/mesh.ts';
import { keyOf, type WorkloadKey, type WorkloadRef } from './model.ts';
import { historyOf } from './plan/history.ts';
import { isOutdated, type Judged } from './plan/judged.ts';
import { type Plan, plan } from './plan/plan.ts';
import type { Policy } from './plan/policy.ts';
import type { Surroundings } from './plan/rule.ts';
import type { ReasonCode } from './reasons.ts';
import type { Report } from './report/report.ts';
import { MaybeWritten, NotBorneOut, Restarter } from './restart/restarter.ts';
import { Retries } from './restart/retries.ts';
import { Sightings } from './sightings.ts';
import { questionOf, type Sighting, type Survey } from './survey.ts';
import { Alarm } from './watch/alarm.ts';
import { Changes, unmixed } from './watch/changes.ts';
import { Coalesce } from './watch/coalesce.ts';
import type { MeshWatch } from './watch/meshWatch.ts';
import { Rereads } from './watch/rereads.ts';

export interface OperatorOptions {
  readonly cluster: RememberingCluster;
  readonly watch: Pick<MeshWatch, 'onChange' | 'settled' | 'mesh' | 'stale'>;
  readonly injectors: Injectors;
  readonly survey: Survey;
  readonly confirmations: Confirmations;
  /** What is allowed at the moment of the call. */
  readonly policy: () => Policy;
  readonly reconcilePeriod: number;
  /** The namespaces that it looks after; empty is all of them. */
  readonly namespaces: readonly string[];
  readonly dryRun: boolean;
  readonly report: Pick<Report, 'mesh' | 'trouble' | 'restarted' | 'ended' | 'scanned' | 'scanFailed' | 'evaluated'>;
  /** Wall clock, milliseconds. */
  readonly now: () => number;
  readonly sleep: Clock['sleep'];
  /** What people have asked for on the Lease. */
  readonly standing: () => Standing;
  /** The workload that this process runs in, if it does. */
  readonly own?: WorkloadKey | undefined;
}

/** A time of leading. In a dry run nobody restarts. */
interface Term {
  readonly signal: AbortSignal;
  readonly restarter: Restarter | undefined;
}

/** Between turns, so that nothing overdue can make the loop spin. */
const SHORTEST_SLEEP = 100;
const LONGEST_SLEEP = 60_000;
const TURN_RETRY = 5000;

/**
 * The loop: something changed or a time has come → scan what it concerns → judge → plan → restart. One evaluation runs at a time;
 * restarts run beside it and only report back what they saw last. Everything else is recomputed from the cluster.
 */
export class Operator {
  readonly #options: OperatorOptions;
  readonly #alarm: Alarm;
  readonly #burst = new Coalesce();
  readonly #sightings = new Sightings();
  readonly #rereads = new Rereads();
  readonly #busy = new Map<WorkloadKey, Promise<void>>();
  #term: Term | undefined;
  #turning: Promise<void> = Promise.resolve();
  readonly #epochSeenAt = new Map<string, number>();
  readonly #retries = new Retries();
  #judged: readonly Judged[] = [];
  /** The mesh as it was when the last burst of changes had ended; plans rest on it, writes on the mesh of their moment. */
  #mesh: Mesh = { injections: [], namespaces: new Map() };
  /** What has happened to it since; absent until it was listed once. */
  #changes: Changes | undefined;
  /** When a timed wait ends or an injector may be asked again, as the last evaluation saw it. */
  #wakeAt = 0;
  #scanAt = 0;
  #scanFailures = 0;
  /** The namespaces that the last scan left out. */
  #skipped = '';
  /** The first scan, or the one that changed epochs ask for, is still to come: what was seen says nothing yet. */
  #unscanned = true;
  /** A restart has ended: evaluate without waiting for anything. */
  #wanted = false;
  #stale = new Set<string>();

  constructor(options: OperatorOptions) {
    this.#options = options;
    this.#alarm = new Alarm(options.sleep);
  }

  /** Keeps up with the mesh until the signal aborts. It acts only while it leads. */
  async run(signal: AbortSignal): Promise<void> {
    const { watch, now, report } = this.#options;
    watch.onChange((change) => {
      this.#burst.note(now());
      this.#changes?.note(() => watch.mesh(), change);
      this.#alarm.ring();
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
      if (term && (this.#wanted || this.#dueAt() <= now())) await this.#tryTurn(term);
      const dueAt = this.#term ? this.#dueAt() : (this.#burst.dueAt() ?? now() + LONGEST_SLEEP);
      await this.#alarm.wait(this.#wanted && this.#term ? 0 : Math.max(SHORTEST_SLEEP, dueAt - now()), signal);
    }
  }

  /**
   * Acts until the term ends: what others may have done before is read anew. Resolves when nothing of it is under way any more; restarts
   * that are being followed are left to whoever leads next.
   */
  async lead(signal: AbortSignal): Promise<void> {
    await this.#recall(signal);
    if (signal.aborted) return;
    this.#unscanned = true;
    this.#scanAt = 0;
    this.#term = { signal, restarter: this.#options.dryRun ? undefined : this.#restarter(signal) };
    this.ring();
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    this.#term = undefined;
    await this.#turning;
    await Promise.all(this.#busy.values());
  }

  /** Records that nobody can read are not waited for; whatever else goes wrong is tried again: what is not known must not be made twice. */
  async #recall(signal: AbortSignal): Promise<void> {
    const { cluster, report, sleep } = this.#options;
    while (!signal.aborted) {
      try {
        for (const namespace of this.#places())
          for (const error of await cluster.recall(namespace, signal)) report.trouble('earlier restarts', error);
        return;
      } catch (error) {
        if (!signal.aborted) report.trouble('earlier restarts', error);
        await sleep(TURN_RETRY, signal).catch(() => undefined);
      }
    }
  }

  #restarter(signal: AbortSignal): Restarter {
    const { cluster, survey, watch, report, sleep } = this.#options;
    return new Restarter({
      cluster,
      survey,
      mesh: () => watch.mesh(),
      surroundings: () => this.#surroundings(),
      listener: {
        restarted: (judged, written) => {
          this.#sightings.wrote(written);
          report.restarted(judged);
        },
        ended: (judged, outcome, detail) => {
          this.#sightings.wrote(judged.workload);
          report.ended(judged, outcome, detail);
        },
        trouble: (ref, error) => report.trouble(ref, error),
      },
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
    await this.#scanIfDue(signal);
    await this.#reread(signal);
    this.#wakeAt = this.#options.now() + LONGEST_SLEEP;
    if (!signal.aborted && !this.#unscanned) await this.#evaluate(term);
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
    if (scope.kind === 'everything') {
      // istiod is given time to read what changed: an answer from before would be kept for the new epoch
      this.#unscanned = true;
      this.#scanAt = now() + policy().istiodConfigReadDelay;
    }
    if (scope.kind === 'namespaces') for (const name of scope.names) this.#stale.add(name);
    this.#wanted = true;
  }

  #noteEpochs({ injections }: Mesh): void {
    const { now } = this.#options;
    const epochs = new Set(injections.map(({ epoch }) => epoch));
    for (const epoch of epochs) if (!this.#epochSeenAt.has(epoch)) this.#epochSeenAt.set(epoch, now());
    for (const epoch of this.#epochSeenAt.keys()) if (!epochs.has(epoch)) this.#epochSeenAt.delete(epoch);
  }

  async #scanIfDue(signal: AbortSignal): Promise<void> {
    const { now, reconcilePeriod } = this.#options;
    if (this.#scanAt <= now()) {
      this.#stale.clear();
      this.#skipped = this.#skips();
      if (!(await this.#scanAll(signal))) return;
      this.#unscanned = false;
      this.#scanAt = reconcilePeriod > 0 ? now() + reconcilePeriod : Number.POSITIVE_INFINITY;
      return;
    }
    for (const namespace of [...this.#stale]) {
      if (!this.#isLookedAfter(namespace) || (await this.#scan(namespace, signal))) this.#stale.delete(namespace);
    }
  }

  async #scanAll(signal: AbortSignal): Promise<boolean> {
    for (const namespace of this.#places()) if (!(await this.#scan(namespace, signal))) return false;
    return true;
  }

  /** The namespaces to scan one by one; undefined is the whole cluster. */
  #places(): readonly (string | undefined)[] {
    const { namespaces } = this.#options;
    return namespaces.length === 0 ? [undefined] : namespaces;
  }

  #isLookedAfter(namespace: string): boolean {
    const { namespaces, policy } = this.#options;
    return !policy().skipNamespaces.has(namespace) && (namespaces.length === 0 || namespaces.includes(namespace));
  }

  /** A scan that fails is made again with back-off: 1 s, 2 s … 1 min. */
  async #scan(namespace: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { survey, now, report } = this.#options;
    const began = now();
    try {
      const seen = await survey.scan(this.#mesh, namespace, signal);
      this.#sightings.scanned(seen, namespace, began, this.#busy);
      this.#scanFailures = 0;
      report.scanned({ began, ended: now(), workloads: seen.size, namespace });
      return true;
    } catch (error) {
      this.#scanFailures += 1;
      this.#scanAt = now() + Math.min(60_000, 500 * 2 ** this.#scanFailures);
      if (!signal.aborted) report.scanFailed(error, this.#scanAt - now());
      return false;
    }
  }

  /** Reads workloads again whose wait nothing else ends. */
  async #reread(signal: AbortSignal): Promise<void> {
    for (const key of this.#rereads.take(this.#options.now(), this.#busy)) {
      const workload = this.#sightings.of(key)?.workload;
      if (workload && !signal.aborted) await this.#lookAgain(key, workload);
    }
  }

  async #lookAgain(key: WorkloadKey, ref: WorkloadRef): Promise<boolean> {
    try {
      this.#sightings.looked(key, await this.#options.survey.look(ref), this.#options.now());
      return true;
    } catch (error) {
      this.#options.report.trouble(key, error);
      return false;
    }
  }

  /** A write whose answer was lost may have been done: until that is seen, the workload counts as being restarted. */
  async #lookUntilSeen(key: WorkloadKey, ref: WorkloadRef, signal: AbortSignal): Promise<void> {
    const { sleep } = this.#options;
    while (!signal.aborted && !(await this.#lookAgain(key, ref)))
      await sleep(TURN_RETRY, signal).catch(() => undefined);
  }

  async #evaluate({ restarter, signal }: Term): Promise<void> {
    const { survey, watch, now, policy, report, injectors, confirmations, standing, own } = this.#options;
    const mesh = this.#mesh;
    // one that ends while the others are judged is in no fresh sighting of this evaluation: it counts as it was when that began
    const busy = [...this.#busy.keys()];
    const judged = await Promise.all(this.#sightings.all().map((sighting) => survey.judge(mesh, sighting)));
    if (signal.aborted) return;
    this.#judged = judged;
    const { paused, resumedAt } = standing();
    const planned = plan(judged, {
      now: now(),
      policy: policy(),
      epochSeenAt: this.#epochSeenAt,
      retryAt: this.#retries.pending(),
      unconfirmed: (injection) => confirmations.unconfirmed(injection),
      stale: watch.stale(),
      busy: new Set([...busy, ...this.#busy.keys()]),
      paused,
      resumedAt,
      own,
    });
    this.#wakeAt = Math.min(now() + LONGEST_SLEEP, planned.wakeAt ?? Infinity, injectors.retryAt() ?? Infinity);
    report.evaluated(judged, planned, now());
    this.#confirm(judged, planned);
    this.#rereads.note(waitingFor(planned), now());
    for (const [key, { action }] of planned.steps) if (action === 'none') this.#retries.succeeded(key);
    if (restarter) for (const one of judged) this.#carryOut(one, planned, restarter, signal);
  }

  /** What waits for a confirmed answer gets one: any of its workloads can be the question. */
  #confirm(judged: readonly Judged[], { steps }: Plan): void {
    for (const { workload } of judged) {
      const step = steps.get(keyOf(workload));
      const sighting = this.#sightings.of(keyOf(workload));
      if (step?.action !== 'wait' || step.reason.code !== 'unconfirmed-answer' || !sighting) continue;
      const question = questionOf(this.#mesh, sighting);
      if (question) this.#options.confirmations.begin(question);
    }
  }

  /** Another policy is in force: evaluates now. Only other skipped namespaces ask for another scan, which may be due anyway. */
  policyChanged(): void {
    if (!this.#unscanned && this.#skips() !== this.#skipped) this.#scanAt = this.#options.now();
    this.ring();
  }

  #skips(): string {
    return [...this.#options.policy().skipNamespaces].sort().join();
  }

  /** Evaluates now, because something outside the watches has changed. */
  ring(): void {
    this.#wanted = true;
    this.#alarm.ring();
  }

  #carryOut(judged: Judged, { steps }: Plan, restarter: Restarter, signal: AbortSignal): void {
    const key = keyOf(judged.workload);
    const action = steps.get(key)?.action;
    if (this.#busy.has(key)) return;
    if (action === 'restart' && isOutdated(judged))
      this.#start(key, judged.workload, () => restarter.restart(judged), signal);
    if (action === 'follow') this.#start(key, judged.workload, () => restarter.follow(judged.workload), signal);
    if (action === 'close') this.#start(key, judged.workload, () => restarter.close(judged.workload), signal);
  }

  /** Runs one restart beside the loop. An error leaves what is known as it was, to be tried again with back-off. */
  #start(key: WorkloadKey, ref: WorkloadRef, work: () => Promise<Sighting | undefined>, signal: AbortSignal): void {
    const { report, now } = this.#options;
    const running = work()
      .then((sighting) => {
        this.#retries.succeeded(key);
        if (!signal.aborted) this.#sightings.looked(key, sighting, now());
      })
      .catch(async (error: unknown) => {
        // a term that has ended: what it leaves is seen anew by who leads next
        if (signal.aborted) return;
        this.#retries.failed(key, now(), error);
        const unsure = error instanceof MaybeWritten;
        if (!(error instanceof NotBorneOut)) report.trouble(key, unsure ? error.cause : error);
        if (unsure) await this.#lookUntilSeen(key, ref, signal);
        else await this.#lookAgain(key, ref);
      })
      .finally(() => {
        this.#busy.delete(key);
        this.ring();
      });
    this.#busy.set(key, running);
  }

  #surroundings(): Surroundings {
    const { now, policy, confirmations, watch, standing } = this.#options;
    const { paused, resumedAt } = standing();
    return {
      now: now(),
      policy: policy(),
      epochSeenAt: this.#epochSeenAt,
      retryAt: new Map(),
      unconfirmed: (injection) => confirmations.unconfirmed(injection),
      stale: watch.stale(),
      paused,
      history: historyOf(this.#latest(), now(), resumedAt),
    };
  }

  /** The judged workloads with the newest records: an outcome written since the last evaluation counts at once. */
  #latest(): Judged[] {
    return this.#judged.map((one) => ({
      ...one,
      workload: this.#sightings.of(keyOf(one.workload))?.workload ?? one.workload,
    }));
  }

  /** When the next turn is due, unless something rings before. */
  #dueAt(): number {
    const times = [this.#burst.dueAt(), this.#wakeAt, this.#scanAt, this.#rereads.dueAt()];
    return Math.min(...times.filter((time) => time !== undefined));
  }
}

/** Of every planned workload, the reason why it waits. */
const waitingFor = ({ steps }: Plan): Map<WorkloadKey, ReasonCode | undefined> =>
  new Map([...steps].map(([key, step]) => [key, step.action === 'wait' ? step.reason.code : undefined]));
