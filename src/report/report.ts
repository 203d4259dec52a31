import type { Cluster } from '../cluster/cluster.ts';
import { sidecarWord } from '../compare/verdict.ts';
import { counted } from '../counted.ts';
import { sourcesIn } from '../expect/matchOf.ts';
import { type AskedInjection, isAsked, type Mesh } from '../expect/mesh.ts';
import type { Question, QuestionResult } from '../expect/question.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import type { WorkloadKey, WorkloadRef } from '../model.ts';
import type { Assessed } from '../plan/assessed.ts';
import type { LongClosed } from '../plan/closedSince.ts';
import type { Forecast } from '../plan/eta/forecast.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import type { MetricGate, MetricGateState } from '../plan/metricGate.ts';
import { type Outcome, resultOf } from '../plan/outcomes.ts';
import type { RestartListener } from '../restart/restarterOptions.ts';
import { BudgetEvents } from './budgetEvents.ts';
import { DecisionLog } from './decisionLog.ts';
import { cut } from './escaped.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import { EventSender, type EventSubject } from './eventSender.ts';
import { GateEvents } from './gateEvents.ts';
import { HaltNews } from './haltNews.ts';
import { errorFields, type Logger } from './logger.ts';
import { MetricGateNews } from './metricGateNews.ts';
import type { Metrics } from './metrics.ts';
import { OutdatedEvents } from './outdatedEvents.ts';
import { RolloutGroupNews } from './rolloutGroupNews.ts';
import { WaveCounts } from './waveCounts.ts';
import { WorkloadCounts } from './workloadCounts.ts';

export interface ReportOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly cluster: Pick<Cluster, 'emit'>;
  /** Where Events that concern no workload are sent. */
  readonly namespace: string;
  /** The wall clock, in milliseconds; by default that of this machine. */
  readonly wall?: () => number;
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

/** Results of restarts that were followed to an end of their own. */
const TIMED: ReadonlySet<string> = new Set(['verified', 'failed']);

/** A file that is not a policy has as many problems as lines. */
const PROBLEMS_SHOWN = 10;

/** Reports to the log, the metrics and as Events. Each fact is reported once: a decision is repeated only when it changes. */
export class Report implements Omit<RestartListener, 'sending'> {
  readonly #options: ReportOptions;
  readonly #events: EventSender;
  readonly #subscribers: readonly EvaluationSubscriber[];
  /** Those that say how long something has lasted. */
  #lasting: readonly EvaluationSubscriber[] = [];
  readonly #metricGates: MetricGateNews;
  readonly #unreachable = new Set<string>();
  /** Namespaces in which records were refused. */
  readonly #refused = new Set<string>();
  readonly #wall: () => number;
  #injectors: string | undefined;

  constructor(options: ReportOptions) {
    this.#options = options;
    const { logger, metrics, cluster, namespace, wall = Date.now } = options;
    this.#wall = wall;
    const events = new EventSender(cluster, logger, namespace);
    this.#events = events;
    this.#metricGates = new MetricGateNews(logger, metrics, events);
    this.#subscribers = [
      new DecisionLog(logger),
      new OutdatedEvents(events),
      new HaltNews(logger, metrics, events),
      new RolloutGroupNews(logger, events),
      new WaveCounts(metrics),
    ];
    this.begin();
  }

  /** A term of leading begins. What lasted in an earlier term need not have lasted all the time since. */
  begin(): void {
    const { metrics } = this.#options;
    this.#lasting = [
      new GateEvents(metrics, this.#events),
      new BudgetEvents(this.#events),
      new WorkloadCounts(metrics, this.#wall),
    ];
  }

  /** Nothing of a term is under way any more. An evaluation that was may have set metrics since the process stopped leading. */
  end(): void {
    this.#options.metrics.leads(false);
  }

  mesh(mesh: Mesh): void {
    const entries = mesh.injections.filter(isAsked).map(({ entry }) => entry);
    const configurations = new Set(entries.map(({ configuration }) => configuration));
    for (const one of this.#unreachable) if (!configurations.has(one)) this.#unreachable.delete(one);
    const injectors = [
      ...new Set(
        entries.map(({ configuration, revision }) => (revision ? `${configuration} (${revision})` : configuration)),
      ),
    ];
    const text = injectors.join(', ');
    if (text === this.#injectors) return;
    this.#injectors = text;
    if (injectors.length > 0) this.#options.logger.info('Found injectors', { injectors });
    else if (sourcesIn(mesh).includes(ISTIO)) {
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
   * Counts every failure, and logs it if it is new.
   * @param retryIn milliseconds until the next try
   */
  scanFailed(error: unknown, retryIn: number, { namespace, isGone, isNews }: FailedScan): void {
    this.#options.metrics.scanFailed();
    if (!isNews) return;
    const hint = isGone ? { hint: `namespace ${namespace} does not exist; check --namespaces` } : {};
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

  reachable(injection: AskedInjection, problem: string | undefined): void {
    const { configuration, name } = injection.entry;
    if (problem) this.#unreachable.add(configuration);
    else this.#unreachable.delete(configuration);
    this.#options.metrics.unreachable(this.#unreachable.size);
    if (!problem) {
      this.#options.logger.info('Injector answers again', { configuration });
      return;
    }
    this.#options.logger.warn('Injector unreachable', { configuration, entry: name, problem });
    this.#events.general('InjectorUnreachable', `${configuration}/${name}: ${problem}`);
  }

  /** No watched object has changed, for example because the control plane is outside the cluster. */
  answersChanged({ entry }: AskedInjection): void {
    this.#options.logger.info('Injector has changed its answers', {
      configuration: entry.configuration,
      entry: entry.name,
    });
  }

  /** From now on, templates like this one are asked about one by one. */
  answersDiffer({ injection: { entry }, namespace, name }: Question): void {
    this.#options.logger.warn('Injector answers similar templates differently, asking about each of them', {
      configuration: entry.configuration,
      entry: entry.name,
      namespace,
      name,
    });
  }

  metricGateAnswered(gate: MetricGate, state: MetricGateState): void {
    this.#metricGates.answered(gate, state);
  }

  metricGatesAsked(names: ReadonlySet<string>, closedLong: number): void {
    this.#metricGates.asked(names, closedLong);
  }

  metricGateClosedLong(long: LongClosed): void {
    this.#metricGates.closedLong(long);
  }

  /** Tells each subscriber in turn. */
  async evaluated(evaluation: Evaluation): Promise<void> {
    for (const subscriber of [...this.#subscribers, ...this.#lasting]) await subscriber.evaluated(evaluation);
    this.#options.metrics.unreachable(this.#unreachable.size);
  }

  /** Another estimate of when everything will be done; undefined if there is nothing to wait for. */
  forecast(forecast: Forecast | undefined): void {
    this.#options.metrics.forecast(forecast?.eta);
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

  evicted(workload: WorkloadRef, pod: string): void {
    this.#options.logger.info('Pod evicted', { ...refOf(workload), pod });
  }

  ended({ workload, verdict, entry }: Assessed, outcome: Outcome, detail: string): void {
    this.#restartEnded(workload, outcome, detail);
    if (entry && TIMED.has(resultOf(outcome)))
      this.#options.metrics.restartTook(Math.max(0, this.#wall() - entry.restartedAt) / 1000);
    if (resultOf(outcome) !== 'verified') return;
    if (verdict.state === 'current')
      this.#events.about(workload, 'SidecarRestarted', `every pod has ${sidecarWord(verdict.expected)}`);
    if (verdict.state === 'skipped')
      this.#events.about(
        workload,
        'SidecarRestarted',
        'no pod has the sidecar any more, because no injector would inject it',
      );
  }

  lost(workload: EventSubject, outcome: Outcome, detail: string): void {
    this.#restartEnded(workload, outcome, detail);
  }

  #restartEnded(workload: EventSubject, outcome: Outcome, detail: string): void {
    const result = resultOf(outcome);
    this.#options.metrics.restarted(workload.kind, result);
    const bad = result === 'failed' || result === 'reverted';
    this.#options.logger[bad ? 'error' : 'info']('Restart ended', { ...refOf(workload), outcome, detail });
    if (bad) this.#events.about(workload, 'RestartFailed', `${outcome}: ${detail}`);
  }

  recordRefused({ workload }: Assessed, why: string): void {
    this.#options.logger.info('Admission rejected the restart record, restarting without it', {
      ...refOf(workload),
      why,
    });
    if (this.#refused.has(workload.namespace)) return;
    this.#refused.add(workload.namespace);
    const message = `admission rejects Meltemi's annotations: ${why}; only the journal keeps the record`;
    this.#events.about(workload, 'RecordRefused', message);
  }

  /** Once for each rewriting. */
  learnt({ workload }: Assessed, words: string): void {
    this.#options.logger.info('Learned how the cluster rewrites images', { ...refOf(workload), rewriting: words });
    this.#events.about(workload, 'ImageRewritten', `${words}; pods with that image are current`);
  }

  journalUnreadable(why: string): void {
    this.#options.logger.error('Journal cannot be read, starting a new one', { why });
    this.#events.general('JournalLost', `the journal cannot be read: ${why}; Meltemi starts a new one`);
  }

  /** The journal was missing, and these restarts were found on their workloads. */
  journalRebuilt(restarts: readonly WorkloadKey[]): void {
    this.#options.logger.warn('Journal was missing, restored it from the workloads', { restarts });
    this.#events.general(
      'JournalLost',
      `the journal was missing; restarts in flight were found on ${counted(restarts.length, 'workload')}`,
    );
  }

  trouble(subject: WorkloadRef | string, error: unknown): void {
    this.#options.metrics.error();
    const what = typeof subject === 'string' ? { subject } : refOf(subject);
    this.#options.logger.warn('Operation failed, retrying', { ...what, ...errorFields(error) });
  }

  /** An optional owner kind has no workloads, because the API server does not know it. */
  notServed(resource: string): void {
    this.#options.logger.info('API is not served, skipping its workloads', { resource });
  }

  /** Owners of a kind that cannot be restarted cannot be read either. Their pods are listed all the same. */
  ownerUnread(kind: string, error: unknown): void {
    this.#options.logger.info('Owner cannot be read, listing its pods under it', { kind, ...errorFields(error) });
  }

  /** The policy file is in force, from the start or after an edit. Only an edit is reported as an Event. */
  policyLoaded(file: string, when: 'start' | 'edit' = 'edit'): void {
    const { logger, metrics } = this.#options;
    metrics.policyLoaded();
    logger.info('Policy loaded', { file });
    if (when === 'edit') this.#events.general('PolicyLoaded', `the policy in ${file} is now in force`);
  }

  /** The policy file has become unusable; the last good content stays in force. */
  policyRejected(file: string, problems: readonly string[]): void {
    const { logger, metrics } = this.#options;
    metrics.policyRejected();
    const shown = problems.slice(0, PROBLEMS_SHOWN);
    const more = problems.length - shown.length;
    if (more > 0) shown.push(`and ${more} more`);
    logger.error('Policy rejected, keeping the last good one', { file, problems: shown });
    this.#events.general('PolicyRejected', cut(`the last good policy stays in force. ${shown.join('; ')}`, 1000));
  }
}

const refOf = ({ kind, namespace, name }: WorkloadRef) => ({ kind, namespace, name });
