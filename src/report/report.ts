import type { Cluster } from '../cluster/cluster.ts';
import { sidecarWord } from '../compare/verdict.ts';
import type { QuestionResult } from '../expect/injectors.ts';
import type { Injection, Mesh } from '../expect/mesh.ts';
import { type EventTarget, keyOf, type Workload, type WorkloadKey, type WorkloadRef } from '../model.ts';
import { LEASE_NAME } from '../names.ts';
import { isGate } from '../plan/gates.ts';
import type { Judged } from '../plan/judged.ts';
import type { Plan } from '../plan/plan.ts';
import { fingerprint, isInFlight, type Outcome, recordOf } from '../plan/record.ts';
import type { ReasonCode } from '../reasons.ts';
import type { RestartListener } from '../restart/restarter.ts';
import { EVENT_REASONS, type EventReason } from './events.ts';
import { Lasting } from './lasting.ts';
import { errorFields, type Logger } from './logger.ts';
import type { Metrics, RestartResult } from './metrics.ts';
import { type Row, rowsOf } from './row.ts';

export interface ReportOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly cluster: Pick<Cluster, 'emit'>;
  /** Where Events that concern no workload are sent. */
  readonly namespace: string;
}

const MINUTE = 60_000;
/** Milliseconds that a gate may stay closed before it is told; an upgrade of a control plane takes minutes. */
const GATE_PATIENCE = 30 * MINUTE;
/** Milliseconds that a workload may wait for its PodDisruptionBudget before it is told. */
const BUDGET_PATIENCE = 60 * MINUTE;

/** A file that is no policy at all has as many problems as lines. */
const PROBLEMS_SHOWN = 10;

/** Tells log, metrics and Events what happened, each thing once: a decision is repeated only when it changes. */
export class Report implements RestartListener {
  readonly #options: ReportOptions;
  readonly #said = new Map<WorkloadKey, string>();
  readonly #outdated = new Map<WorkloadKey, string>();
  readonly #unreachable = new Set<string>();
  readonly #closed = new Lasting(GATE_PATIENCE);
  readonly #held = new Lasting(BUDGET_PATIENCE);
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

  scanFailed(error: unknown, retryIn: number): void {
    this.#options.metrics.scanFailed();
    this.#options.logger.error('Scan failed', { ...errorFields(error), retryInSeconds: retryIn / 1000 });
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

  evaluated(judged: readonly Judged[], planned: Plan, now: number): void {
    const rows = rowsOf(judged, planned);
    for (const row of rows) this.#decision(row);
    for (const one of judged) this.#noteOutdated(one);
    this.#noteHalts(judged, planned);
    this.#noteGates(judged, planned, now);
    this.#noteBudgets(judged, planned, now);
    const waiting = rows.flatMap((row) => (row.action === 'wait' ? [row.reason as ReasonCode] : []));
    const inFlight = judged.filter(({ workload }) => isInFlight(workload)).length;
    this.#options.metrics.evaluated(
      rows.map((row) => row.verdict),
      waiting,
      inFlight,
    );
    this.#options.metrics.unreachable(this.#unreachable.size);
    const known = new Set(judged.map(({ workload }) => keyOf(workload)));
    for (const key of this.#said.keys()) if (!known.has(key)) this.#said.delete(key);
    for (const key of this.#outdated.keys()) if (!known.has(key)) this.#outdated.delete(key);
  }

  #decision(row: Row): void {
    const key = `${row.kind}/${row.namespace}/${row.name}` as WorkloadKey;
    const text = [row.verdict, row.action, row.reason, row.from, row.to].join(' ');
    if (this.#said.get(key) === text) return;
    this.#said.set(key, text);
    const outside = row.reason === 'not-injected';
    this.#options.logger[outside ? 'debug' : 'info']('Decided', row);
  }

  /** One Event per workload and target: `SidecarOutdated` is news once. */
  #noteOutdated({ workload, verdict }: Judged): void {
    const key = keyOf(workload);
    if (verdict.state !== 'outdated') {
      if (verdict.state === 'current') this.#outdated.delete(key);
      return;
    }
    const target = fingerprint(verdict.expected);
    if (this.#outdated.get(key) === target || recordOf(workload)?.restartedFor === target) return;
    this.#outdated.set(key, target);
    const { outdatedPods, pods, actual, expected, drifts } = verdict;
    const drift = drifts.join(', ');
    const message = `${outdatedPods} of ${pods} pods have ${sidecarWord(actual)}, expected ${sidecarWord(expected)} (${drift})`;
    this.#emit('SidecarOutdated', targetOf(workload), message);
  }

  #noteHalts(judged: readonly Judged[], { steps }: Plan): void {
    const halted = new Map<string, string>();
    for (const { workload, injection } of judged) {
      const step = steps.get(keyOf(workload));
      if (step?.action === 'wait' && step.reason.code === 'halted' && injection)
        halted.set(injection.run, step.reason.detail);
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
  #noteGates(judged: readonly Judged[], { steps }: Plan, now: number): void {
    const closed = new Map<string, string>();
    for (const { workload, injection } of judged) {
      const step = steps.get(keyOf(workload));
      if (step?.action !== 'wait' || !isGate(step.reason.code) || !injection) continue;
      closed.set(`${injection.entry.configuration}: ${step.reason.code}`, step.reason.detail);
    }
    for (const gate of this.#closed.note(now, new Set(closed.keys())))
      this.#emit('GateClosed', this.#ourselves(), `${gate} for ${GATE_PATIENCE / MINUTE} minutes: ${closed.get(gate)}`);
    this.#options.metrics.gates(this.#closed.count);
  }

  /** A budget that never allows a disruption would keep its workloads outdated for ever, and nobody would know. */
  #noteBudgets(judged: readonly Judged[], { steps }: Plan, now: number): void {
    const held = new Map<string, { readonly workload: Workload; readonly detail: string }>();
    for (const { workload } of judged) {
      const step = steps.get(keyOf(workload));
      if (step?.action === 'wait' && step.reason.code === 'pdb')
        held.set(keyOf(workload), { workload, detail: step.reason.detail });
    }
    for (const key of this.#held.note(now, new Set(held.keys()))) {
      const { workload, detail } = held.get(key) ?? {};
      if (workload) this.#emit('RestartHeld', targetOf(workload), `for ${BUDGET_PATIENCE / MINUTE} minutes: ${detail}`);
    }
  }

  restarted({ workload, verdict }: Judged): void {
    if (verdict.state !== 'outdated') return;
    const { actual, expected } = verdict;
    this.#options.logger.info('Restarted', {
      ...refOf(workload),
      from: sidecarWord(actual),
      to: sidecarWord(expected),
    });
  }

  ended({ workload, verdict }: Judged, outcome: Outcome, detail: string): void {
    const result = outcome.split(':', 1)[0] as RestartResult;
    this.#options.metrics.restarted(workload.kind, result);
    const bad = result === 'failed' || result === 'reverted';
    this.#options.logger[bad ? 'error' : 'info']('Restart ended', { ...refOf(workload), outcome, detail });
    if (bad) this.#emit('RestartFailed', targetOf(workload), `${outcome}: ${detail}`);
    if (result === 'verified' && verdict.state === 'current') {
      this.#emit('SidecarRestarted', targetOf(workload), `every pod has ${sidecarWord(verdict.expected)}`);
    }
  }

  trouble(subject: WorkloadRef | string, error: unknown): void {
    this.#options.metrics.error();
    const what = typeof subject === 'string' ? { subject } : refOf(subject);
    this.#options.logger.warn('Trouble, will be tried again', { ...what, ...errorFields(error) });
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
      `the last good policy stays in force. ${shown.join('\n')}`.slice(0, 1000),
    );
  }

  /** Events are a courtesy: one that cannot be sent is logged and forgotten. */
  #emit(reason: EventReason, about: EventTarget, message: string): void {
    const { type } = EVENT_REASONS[reason];
    this.#options.cluster.emit({ type, reason, about, message }).catch((error: unknown) => {
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
  apiVersion: 'apps/v1',
  kind,
  namespace,
  name,
  uid,
});
