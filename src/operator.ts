import type { Cluster } from './cluster/cluster.ts';
import type { Confirmations } from './expect/confirmations.ts';
import type { Injectors } from './expect/injectors.ts';
import type { Mesh } from './expect/mesh.ts';
import { keyOf, type WorkloadKey, type WorkloadRef } from './model.ts';
import type { Surroundings } from './plan/holds.ts';
import { isOutdated, type Judged } from './plan/judged.ts';
import { failuresByRun, type Plan, plan } from './plan/plan.ts';
import type { Policy } from './plan/policy.ts';
import type { Report } from './report/report.ts';
import { Restarter } from './restart/restarter.ts';
import { Retries } from './restart/retries.ts';
import { questionOf, type Sighting, type Survey } from './survey.ts';

import { Alarm } from './watch/alarm.ts';
import { scopeOf } from './watch/changes.ts';
import { Coalesce } from './watch/coalesce.ts';
import type { MeshWatch } from './watch/meshWatch.ts';

export interface OperatorOptions {
  readonly cluster: Cluster;
  readonly watch: MeshWatch;
  readonly injectors: Injectors;
  readonly survey: Survey;
  readonly confirmations: Confirmations;
  readonly policy: Policy;
  readonly reconcilePeriod: number;
  readonly dryRun: boolean;
  readonly report: Report;
  readonly now: () => number;
}

/** Reasons that neither time nor a watch ends: such workloads are read again in turn. */
const REREAD = new Set(['paused', 'rolling', 'unavailable', 'gave-up']);
const REREAD_AFTER = 30_000;
/** Workloads read again in one evaluation at the most. */
const REREAD_AT_ONCE = 20;
/** Between turns, so that nothing overdue can make the loop spin. */
const SHORTEST_SLEEP = 100;
const LONGEST_SLEEP = 60_000;

/**
 * The loop: something changed or a time has come → scan what it concerns → judge → plan → restart. One evaluation runs at a time;
 * restarts run beside it and only report back what they saw last. Everything else is recomputed from the cluster.
 */
export class Operator {
  readonly #options: OperatorOptions;
  readonly #alarm = new Alarm();
  readonly #changes = new Coalesce();
  readonly #sightings = new Map<WorkloadKey, Sighting>();
  readonly #readAt = new Map<WorkloadKey, number>();
  readonly #busy = new Map<WorkloadKey, Promise<void>>();
  readonly #epochSeenAt = new Map<string, number>();
  readonly #retries = new Retries();
  #judged: readonly Judged[] = [];
  #mesh: Mesh | undefined;
  /** When a timed wait ends or an injector may be asked again, as the last evaluation saw it. */
  #wakeAt = 0;
  #scanAt = 0;
  #scanFailures = 0;
  /** A restart has ended: evaluate without waiting for anything. */
  #wanted = false;
  #stale = new Set<string>();

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  /** Runs until the signal aborts; then restarts that are being followed are left to whoever comes next. */
  async run(signal: AbortSignal): Promise<void> {
    const { watch, now, report } = this.#options;
    watch.onChange(() => {
      this.#changes.note(now());
      this.#alarm.ring();
    });
    await watch.settled(signal);
    if (signal.aborted) return;
    this.#mesh = watch.mesh();
    report.mesh(this.#mesh);
    const restarter = this.#options.dryRun ? undefined : this.#restarter(signal);
    while (!signal.aborted) {
      if (this.#wanted || this.#dueAt() <= now()) await this.#turn(restarter, signal);
      await this.#alarm.wait(this.#wanted ? 0 : Math.max(SHORTEST_SLEEP, this.#dueAt() - now()), signal);
    }
    await Promise.all(this.#busy.values());
  }

  #restarter(signal: AbortSignal): Restarter {
    const { cluster, survey, watch, report } = this.#options;
    return new Restarter({
      cluster,
      survey,
      mesh: () => watch.mesh(),
      surroundings: () => this.#surroundings(),
      listener: report,
      signal,
    });
  }

  async #turn(restarter: Restarter | undefined, signal: AbortSignal): Promise<void> {
    this.#wanted = false;
    this.#takeChanges();
    await this.#scanIfDue(signal);
    await this.#reread(signal);
    if (!signal.aborted) await this.#evaluate(restarter);
  }

  /** A burst of changes asks for a scan of what it concerns, or just for another evaluation. */
  #takeChanges(): void {
    const { watch, now, injectors, confirmations, report } = this.#options;
    if (!this.#changes.take(now())) return;
    const mesh = watch.mesh();
    const scope = scopeOf(this.#mesh, mesh);
    this.#mesh = mesh;
    report.mesh(mesh);
    void injectors.keepOnly(mesh.injections);
    confirmations.keepOnly(mesh.injections);
    if (scope.kind === 'everything') this.#scanAt = now();
    if (scope.kind === 'namespaces') for (const name of scope.names) this.#stale.add(name);
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
      if (await this.#scan(undefined, signal))
        this.#scanAt = reconcilePeriod > 0 ? now() + reconcilePeriod : Number.POSITIVE_INFINITY;
      return;
    }
    for (const namespace of [...this.#stale]) {
      if (this.#options.policy.skipNamespaces.has(namespace) || (await this.#scan(namespace, signal)))
        this.#stale.delete(namespace);
    }
  }

  /** A scan that fails is made again with back-off: 1 s, 2 s … 1 min. */
  async #scan(namespace: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { survey, watch, now, report } = this.#options;
    const began = now();
    try {
      const seen = await survey.scan(watch.mesh(), namespace, signal);
      this.#take(seen, namespace);
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

  /** What a restart saw since is newer than the scan's pages, so workloads being restarted keep their last sighting. */
  #take(seen: Map<WorkloadKey, Sighting>, namespace: string | undefined): void {
    for (const [key, { workload }] of this.#sightings) {
      const inScope = namespace === undefined || workload.namespace === namespace;
      if (inScope && !seen.has(key)) this.#sightings.delete(key);
    }
    for (const [key, sighting] of seen) if (!this.#busy.has(key)) this.#sightings.set(key, sighting);
  }

  /** Reads workloads again whose wait nothing else ends, the longest unread first, a few at a time. */
  async #reread(signal: AbortSignal): Promise<void> {
    const now = this.#options.now();
    const due = [...this.#readAt].filter(([key, at]) => at + REREAD_AFTER <= now && !this.#busy.has(key));
    const first = due.sort(([, a], [, b]) => a - b).slice(0, REREAD_AT_ONCE);
    for (const [key] of first) {
      const workload = this.#sightings.get(key)?.workload;
      if (!workload || signal.aborted) this.#readAt.delete(key);
      else await this.#lookAgain(key, workload);
    }
  }

  async #lookAgain(key: WorkloadKey, ref: WorkloadRef): Promise<void> {
    this.#readAt.set(key, this.#options.now());
    try {
      this.#see(key, await this.#options.survey.look(ref));
    } catch (error) {
      this.#options.report.trouble(key, error);
    }
  }

  #see(key: WorkloadKey, sighting: Sighting | undefined): void {
    if (sighting) this.#sightings.set(key, sighting);
    else this.#sightings.delete(key);
  }

  async #evaluate(restarter: Restarter | undefined): Promise<void> {
    const { survey, watch, now, policy, report, injectors } = this.#options;
    const mesh = watch.mesh();
    this.#noteEpochs(mesh);
    const judged = await Promise.all([...this.#sightings.values()].map((sighting) => survey.judge(mesh, sighting)));
    this.#judged = judged;
    const planned = plan(judged, {
      now: now(),
      policy,
      epochSeenAt: this.#epochSeenAt,
      retryAt: this.#retries.pending(),
      unconfirmed: (injection) => this.#options.confirmations.unconfirmed(injection),
      busy: new Set(this.#busy.keys()),
    });
    this.#wakeAt = Math.min(now() + LONGEST_SLEEP, planned.wakeAt ?? Infinity, injectors.retryAt() ?? Infinity);
    report.evaluated(judged, planned, now());
    this.#confirm(judged, planned);
    this.#noteRereads(planned);
    if (restarter) for (const one of judged) this.#carryOut(one, planned, restarter);
  }

  /** What waits for a confirmed answer gets one: any of its workloads can be the question. */
  #confirm(judged: readonly Judged[], { steps }: Plan): void {
    for (const { workload } of judged) {
      const step = steps.get(keyOf(workload));
      const sighting = this.#sightings.get(keyOf(workload));
      if (step?.action !== 'wait' || step.reason.code !== 'unconfirmed-answer' || !sighting) continue;
      const question = questionOf(this.#options.watch.mesh(), sighting);
      if (question) this.#options.confirmations.begin(question);
    }
  }

  /** Evaluates now, because something outside the watches has changed. */
  ring(): void {
    this.#wanted = true;
    this.#alarm.ring();
  }

  #noteRereads({ steps }: Plan): void {
    for (const [key, step] of steps) {
      const wanted = step.action === 'wait' && REREAD.has(step.reason.code);
      if (!wanted) this.#readAt.delete(key);
      else if (!this.#readAt.has(key)) this.#readAt.set(key, this.#options.now());
    }
    for (const key of this.#readAt.keys()) if (!steps.has(key)) this.#readAt.delete(key);
  }

  #carryOut(judged: Judged, { steps }: Plan, restarter: Restarter): void {
    const key = keyOf(judged.workload);
    const action = steps.get(key)?.action;
    if (this.#busy.has(key)) return;
    if (action === 'restart' && isOutdated(judged)) this.#start(key, judged.workload, () => restarter.restart(judged));
    if (action === 'follow') this.#start(key, judged.workload, () => restarter.follow(judged.workload));
    if (action === 'close') this.#start(key, judged.workload, () => restarter.close(judged));
  }

  /** Runs one restart beside the loop. An error leaves what is known as it was, to be tried again with back-off. */
  #start(key: WorkloadKey, ref: WorkloadRef, work: () => Promise<Sighting | undefined>): void {
    const { report, now } = this.#options;
    const running = work()
      .then((sighting) => {
        this.#retries.succeeded(key);
        this.#see(key, sighting);
      })
      .catch((error: unknown) => {
        this.#retries.failed(key, now(), error);
        report.trouble(key, error);
        return this.#lookAgain(key, ref);
      })
      .finally(() => {
        this.#busy.delete(key);
        this.ring();
      });
    this.#busy.set(key, running);
  }

  #surroundings(): Surroundings {
    const { now, policy } = this.#options;
    return {
      now: now(),
      policy,
      epochSeenAt: this.#epochSeenAt,
      retryAt: new Map(),
      unconfirmed: (injection) => this.#options.confirmations.unconfirmed(injection),
      failures: failuresByRun(this.#latest()),
    };
  }

  /** The judged workloads with the newest records: an outcome written since the last evaluation counts at once. */
  #latest(): Judged[] {
    return this.#judged.map((one) => ({
      ...one,
      workload: this.#sightings.get(keyOf(one.workload))?.workload ?? one.workload,
    }));
  }

  /** When the next turn is due, unless something rings before. */
  #dueAt(): number {
    const rereads = [...this.#readAt.values()].map((at) => at + REREAD_AFTER);
    const times = [this.#changes.dueAt(), this.#wakeAt, this.#scanAt, ...rereads];
    return Math.min(...times.filter((time) => time !== undefined));
  }
}
