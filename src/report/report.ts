import type { Cluster } from '../cluster/cluster.ts';
import { sidecarWord } from '../compare/verdict.ts';
import type { Injection, Mesh } from '../expect/mesh.ts';
import type { QuestionResult } from '../expect/question.ts';
import { apiVersionOf } from '../kinds/apiResource.ts';
import { ownerKind } from '../kinds/kinds.ts';
import { afterSteps, loopSlices } from '../loopSlices.ts';
import { type EventTarget, keyOf, type Workload, type WorkloadKey, type WorkloadRef } from '../model.ts';
import { LEASE_NAME } from '../names.ts';
import type { Assessed } from '../plan/assessed.ts';
import { isGate } from '../plan/gates/gates.ts';
import { isInFlight, lastRestart } from '../plan/journalEntry.ts';
import { type Outcome, resultOf } from '../plan/outcomes.ts';
import type { Plan, Planned } from '../plan/plan.ts';
import { fingerprint } from '../plan/record.ts';
import type { RestartListener } from '../restart/restarter.ts';
import { cut, escapedBytes } from './escaped.ts';
import { EVENT_REASONS, type EventReason } from './events.ts';
import { errorFields, type Logger } from './logger.ts';
import { LongConditions } from './longConditions.ts';
import type { Metrics } from './metrics.ts';
import { type Row, rowsOf } from './row.ts';

export interface ReportOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly cluster: Pick<Cluster, 'emit'>;
  /** Where Events that concern no workload are sent. */
  readonly namespace: string;
}

/** Which scan failed. */
export interface FailedScan {
  /** Undefined for the whole cluster. */
  readonly namespace: string | undefined;
  /** Whether the namespace does not exist. */
  readonly isGone: boolean;
  /** Whether the last scan did not fail in the same way. */
  readonly isNews: boolean;
}

const MINUTE = 60_000;
/** Milliseconds that a gate may stay closed before it is told; an upgrade of a control plane takes minutes. */
const GATE_PATIENCE = 30 * MINUTE;
/** Milliseconds that a workload may wait for its PodDisruptionBudget before it is told. */
const BUDGET_PATIENCE = 60 * MINUTE;

/** Event.message may have this many bytes (core/v1 validation, ValidateEventCreate's NoteLengthLimit). */
const EVENT_BYTES = 1024;

/** A file that is no policy at all has as many problems as lines. */
const PROBLEMS_SHOWN = 10;

/** Tells log, metrics and Events what happened, each thing once: a decision is repeated only when it changes. */
export class Report implements Omit<RestartListener, 'sending'> {
  readonly #options: ReportOptions;
  readonly #said = new Map<WorkloadKey, string>();
  readonly #outdated = new Map<WorkloadKey, string>();
  readonly #unreachable = new Set<string>();
  readonly #closed = new LongConditions(GATE_PATIENCE);
  readonly #held = new LongConditions(BUDGET_PATIENCE);
  /** Namespaces in which records were refused. */
  readonly #refused = new Set<string>();
  #halted = new Set<string>();
  #injectors: string | undefined;

  constructor(options: ReportOptions) {
    this.#options = options;
  }

  mesh({ injections }: Mesh): void {
    const configurations = new Set(injections.map(({ entry }) => entry.configuration));
    for (const one of this.#unreachable) if (!configurations.has(one)) this.#unreachable.delete(one);
    this.#options.metrics.unreachable(this.#unreachable.size);
    const injectors = [...new Set(injections.map(({ entry }) => `${entry.configuration} (${entry.revision})`))];
    const text = injectors.join(', ');
    if (text === this.#injectors) return;
    this.#injectors = text;
    if (injectors.length > 0) this.#options.logger.info('Found injectors', { injectors });
    else {
      this.#options.logger.warn('Found no Istio injector, waiting for one', {
        hint: 'no MutatingWebhookConfiguration has an entry whose name ends in sidecar-injector.istio.io; is Istio installed?',
      });
    }
  }

  scanned({
    began,
    ended,
    workloads,
    namespace,
  }: {
    began: number;
    ended: number;
    workloads: number;
    namespace: string | undefined;
  }): void {
    this.#options.metrics.scanned((ended - began) / 1000, ended);
    this.#options.logger.info('Scanned', {
      namespace: namespace ?? '(all)',
      workloads,
      seconds: (ended - began) / 1000,
    });
  }

  /**
   * Counts every failure, and logs it if it is news.
   * @param retryIn milliseconds until the next try
   */
  scanFailed(error: unknown, retryIn: number, { namespace, isGone, isNews }: FailedScan): void {
    this.#options.metrics.scanFailed();
    if (!isNews) return;
    const hint = isGone ? { hint: `there is no namespace ${namespace}; is --namespaces right?` } : {};
    this.#options.logger[isGone ? 'warn' : 'error']('Scan failed', {
      namespace: namespace ?? '(all)',
      ...errorFields(error),
      ...hint,
      retryInSeconds: retryIn / 1000,
    });
  }

  question(result: QuestionResult): void {
    this.#options.metrics.question(result);
  }

  reachable(injection: Injection, problem: string | undefined): void {
    const { configuration, name } = injection.entry;
    if (problem) this.#unreachable.add(configuration);
    else this.#unreachable.delete(configuration);
    this.#options.metrics.unreachable(this.#unreachable.size);
    if (!problem) {
      this.#options.logger.info('Injector answers again', { configuration });
      return;
    }
    this.#options.logger.warn('Injector unreachable', { configuration, entry: name, problem });
    this.#emit('InjectorUnreachable', this.#ourselves(), `${configuration}/${name}: ${problem}`);
  }

  /** No watched object has changed, for example because the control plane is outside the cluster. */
  answersChanged({ entry }: Injection): void {
    this.#options.logger.info('Injector gives other answers than before', {
      configuration: entry.configuration,
      entry: entry.name,
    });
  }

  /** Of thousands of decisions there is a line each: they are written in slices, between which other work has its turn. */
  async evaluated(plan: Plan, now: number): Promise<void> {
    const { items } = plan;
    const rows = rowsOf(plan);
    const slices = loopSlices();
    const turn = afterSteps(rows.length);
    if (turn) await turn;
    for (const row of rows) {
      this.#decision(row);
      const pause = slices.step();
      if (pause) await pause;
    }
    for (const one of items) {
      this.#noteOutdated(one);
      const pause = slices.step();
      if (pause) await pause;
    }
    if (turn) await afterSteps(rows.length);
    this.#noteHalts(items);
    this.#noteGates(items, now);
    this.#noteBudgets(items, now);
    const waiting = items.flatMap(({ step }) => (step.action === 'wait' ? [step.reason.code] : []));
    const inFlight = items.filter(isInFlight).length;
    this.#options.metrics.evaluated(
      rows.map((row) => row.verdict),
      waiting,
      inFlight,
    );
    this.#options.metrics.unreachable(this.#unreachable.size);
    const known = new Set(items.map(({ workload }) => keyOf(workload)));
    for (const key of this.#said.keys()) if (!known.has(key)) this.#said.delete(key);
    for (const key of this.#outdated.keys()) if (!known.has(key)) this.#outdated.delete(key);
  }

  #decision(row: Row): void {
    const key = keyOf(row);
    const text = [row.verdict, row.action, row.reason, row.from, row.to].join(' ');
    if (this.#said.get(key) === text) return;
    this.#said.set(key, text);
    const outside = row.reason === 'not-injected';
    this.#options.logger[outside ? 'debug' : 'info']('Decided', row);
  }

  /** One Event per workload and target: `SidecarOutdated` is news once. */
  #noteOutdated(assessed: Assessed): void {
    const { workload, verdict } = assessed;
    const key = keyOf(workload);
    if (verdict.state !== 'outdated') {
      if (verdict.state === 'current') this.#outdated.delete(key);
      return;
    }
    const target = fingerprint(verdict.expected);
    if (this.#outdated.get(key) === target || lastRestart(assessed)?.restartedFor === target) return;
    this.#outdated.set(key, target);
    const { outdatedPods, pods, actual, expected, drifts } = verdict;
    const drift = drifts.join(', ');
    const message = `${outdatedPods} of ${pods} pods have ${sidecarWord(actual)}, expected ${sidecarWord(expected)} (${drift})`;
    this.#emit('SidecarOutdated', targetOf(workload), message);
  }

  #noteHalts(items: readonly Planned[]): void {
    const halted = new Map<string, string>();
    for (const { workload, injection, step } of items) {
      if (step.action === 'wait' && step.reason.code === 'halted' && injection)
        halted.set(
          step.of === 'namespace' ? `${injection.run} in ${workload.namespace}` : injection.run,
          step.reason.detail,
        );
    }
    for (const [run, detail] of halted) {
      if (this.#halted.has(run)) continue;
      this.#options.logger.error('Restarts halted', { run, detail });
      this.#emit('RestartsHalted', this.#ourselves(), detail);
    }
    this.#halted = new Set(halted.keys());
    this.#options.metrics.halted(halted.size);
  }

  /** A gate that stays closed is worth an Event: somebody's upgrade stopped half-way. */
  #noteGates(items: readonly Planned[], now: number): void {
    const closed = new Map<string, string>();
    for (const { injection, step } of items) {
      if (step.action !== 'wait' || !isGate(step.reason.code) || !injection) continue;
      closed.set(`${injection.entry.configuration}: ${step.reason.code}`, step.reason.detail);
    }
    for (const gate of this.#closed.note(now, new Set(closed.keys())))
      this.#emit('GateClosed', this.#ourselves(), `${gate} for ${GATE_PATIENCE / MINUTE} minutes: ${closed.get(gate)}`);
    this.#options.metrics.gates(this.#closed.count);
  }

  /** A budget that never allows a disruption would keep its workloads outdated for ever, and nobody would know. */
  #noteBudgets(items: readonly Planned[], now: number): void {
    const held = new Map<string, { readonly workload: Workload; readonly detail: string }>();
    for (const { workload, step } of items) {
      if (step.action === 'wait' && step.reason.code === 'pdb')
        held.set(keyOf(workload), { workload, detail: step.reason.detail });
    }
    for (const key of this.#held.note(now, new Set(held.keys()))) {
      const { workload, detail } = held.get(key) ?? {};
      if (workload) this.#emit('RestartHeld', targetOf(workload), `for ${BUDGET_PATIENCE / MINUTE} minutes: ${detail}`);
    }
  }

  restarted({ workload, verdict }: Assessed): void {
    if (verdict.state !== 'outdated') return;
    const { actual, expected } = verdict;
    this.#options.logger.info('Restarted', {
      ...refOf(workload),
      from: sidecarWord(actual),
      to: sidecarWord(expected),
    });
  }

  ended({ workload, verdict }: Assessed, outcome: Outcome, detail: string): void {
    const result = resultOf(outcome);
    this.#options.metrics.restarted(workload.kind, result);
    const bad = result === 'failed' || result === 'reverted';
    this.#options.logger[bad ? 'error' : 'info']('Restart ended', { ...refOf(workload), outcome, detail });
    if (bad) this.#emit('RestartFailed', targetOf(workload), `${outcome}: ${detail}`);
    if (result === 'verified' && verdict.state === 'current') {
      this.#emit('SidecarRestarted', targetOf(workload), `every pod has ${sidecarWord(verdict.expected)}`);
    }
  }

  recordRefused({ workload }: Assessed, why: string): void {
    this.#options.logger.info('Record refused, restarting without it', { ...refOf(workload), why });
    if (this.#refused.has(workload.namespace)) return;
    this.#refused.add(workload.namespace);
    const message = `the cluster's admission refuses Meltemi's annotations: ${why}; the journal has the record`;
    this.#emit('RecordRefused', targetOf(workload), message);
  }

  /** Once for each rewriting. */
  learnt({ workload }: Assessed, words: string): void {
    this.#options.logger.info('Learnt how the cluster rewrites images', { ...refOf(workload), rewriting: words });
    this.#emit('ImageRewritten', targetOf(workload), `${words}; pods that carry it are current`);
  }

  journalUnreadable(why: string): void {
    this.#options.logger.error('Journal cannot be read, starting a new one', { why });
    this.#emit('JournalLost', this.#ourselves(), `the journal cannot be read: ${why}; Meltemi starts a new one`);
  }

  /** The journal was gone: these restarts were found on their workloads. */
  journalRebuilt(restarts: readonly WorkloadKey[]): void {
    this.#options.logger.warn('Journal was gone, restored from the workloads', { restarts });
    this.#emit(
      'JournalLost',
      this.#ourselves(),
      `the journal was gone; ${restarts.length} restarts in flight were found on their workloads`,
    );
  }

  trouble(subject: WorkloadRef | string, error: unknown): void {
    this.#options.metrics.error();
    const what = typeof subject === 'string' ? { subject } : refOf(subject);
    this.#options.logger.warn('Trouble, will be tried again', { ...what, ...errorFields(error) });
  }

  /** An optional owner kind has no workloads, because the API server does not know it. */
  notServed(resource: string): void {
    this.#options.logger.info('API is not served, so there are no workloads of it', { resource });
  }

  /** The policy file is in force: from the start, which is no news, or after an edit. */
  policyLoaded(file: string, when: 'start' | 'edit' = 'edit'): void {
    const { logger, metrics } = this.#options;
    metrics.policyLoaded();
    logger.info('Policy loaded', { file });
    if (when === 'edit') this.#emit('PolicyLoaded', this.#ourselves(), `${file} is in force`);
  }

  /** The policy file has become unusable; the last good content stays in force. */
  policyRejected(file: string, problems: readonly string[]): void {
    const { logger, metrics } = this.#options;
    metrics.policyRejected();
    const shown = problems.slice(0, PROBLEMS_SHOWN);
    const more = problems.length - shown.length;
    if (more > 0) shown.push(`and ${more} more`);
    logger.error('Policy rejected, the last good one stays in force', { file, problems: shown });
    this.#emit(
      'PolicyRejected',
      this.#ourselves(),
      cut(`the last good policy stays in force. ${shown.join('; ')}`, 1000),
    );
  }

  /**
   * Events are a courtesy: one that cannot be sent is logged and forgotten. `kubectl describe` and `kubectl get events` print messages as
   * they are, so what is foreign in them must not act on a terminal.
   */
  #emit(reason: EventReason, about: EventTarget, message: string): void {
    const { type } = EVENT_REASONS[reason];
    const shown = escapedBytes(message, EVENT_BYTES);
    this.#options.cluster.emit({ type, reason, about, message: shown }).catch((error: unknown) => {
      this.#options.logger.warn('Event not sent', { reason, ...errorFields(error) });
    });
  }

  #ourselves(): EventTarget {
    const { namespace } = this.#options;
    return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', namespace, name: LEASE_NAME, uid: '' };
  }
}

const refOf = ({ kind, namespace, name }: WorkloadRef) => ({ kind, namespace, name });

const targetOf = ({ kind, namespace, name, uid }: Workload): EventTarget => ({
  apiVersion: apiVersionOf(ownerKind(kind)),
  kind,
  namespace,
  name,
  uid,
});
