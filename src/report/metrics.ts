import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { STATES, type Verdict } from '../compare/verdict.ts';
import type { QuestionResult } from '../expect/question.ts';
import { WORKLOAD_KINDS } from '../kinds/kinds.ts';
import { COUNTED_KINDS } from '../kinds/unsupportedKinds.ts';
import { PRODUCT } from '../names.ts';
import type { Eta } from '../plan/eta/eta.ts';
import { OUTCOMES, type resultOf } from '../plan/outcomes.ts';
import type { ReasonCode } from '../plan/reasonCatalogue.ts';
import { RECEIVER_KINDS, type Receiver } from '../plan/receiver.ts';
import { WAVE_STATES, type WaveProgress } from '../plan/wave.ts';

const RESULTS: readonly QuestionResult[] = ['sidecar', 'no-sidecar', 'refused', 'bad-answer', 'unreachable'];
const RESTART_RESULTS = new Set(Object.values(OUTCOMES).map(({ result }) => result));

/** Words that a label may have. */
const oneOf = (words: Iterable<string>): string => [...words].join(', ').replace(/, ([^,]*)$/, ' or $1');

/** Every metric with its help. The table in docs/reporting.md is made from here. */
export const METRICS = {
  build_info: {
    labels: ['version', 'node_version'],
    help: 'Always 1. The labels have the versions of Meltemi and of Node.js.',
  },
  leader: { labels: [], help: 'Whether this process leads, and so may write.' },
  workloads: { labels: ['state'], help: `Workloads by verdict at the last evaluation: ${oneOf(STATES)}.` },
  waiting_workloads: { labels: ['reason'], help: 'Outdated workloads that are not restarted now, by reason.' },
  unsupported_outdated_pods: {
    labels: ['kind'],
    help: 'Outdated pods that are not restarted because Meltemi cannot restart their kind of owner, by kind.',
  },
  proxies: {
    labels: ['version'],
    help: 'Pods by the version of their proxy: the 20 most frequent, and the rest as `other`.',
  },
  oldest_outdated_timestamp_seconds: {
    labels: [],
    help: 'When the leader first saw the workload that has been outdated for the longest time; 0 if none is outdated.',
  },
  restarts_in_flight: { labels: [], help: 'Restarts that have been written and have not ended.' },
  restarts_total: {
    labels: ['kind', 'result'],
    help: `Ended restarts by workload kind and result: ${oneOf(RESTART_RESULTS)}.`,
  },
  wave_workloads: {
    labels: ['wave', 'state'],
    help: 'Workloads of each wave of the policy that are current, in flight (`in-flight`), failed or waiting for their restart.',
  },
  wave_state: {
    labels: ['wave', 'state'],
    help: '1 for the state that a wave of the policy is in: waiting, running, baking, failed or done.',
  },
  restart_duration_seconds: {
    labels: [],
    help: 'How long verified and failed restarts took, from the write to the end.',
  },
  injector_questions_total: { labels: ['result'], help: `Questions to injectors by result: ${oneOf(RESULTS)}.` },
  halted_runs: { labels: [], help: 'Runs that failures have halted and that keep workloads waiting.' },
  gates_closed_long: { labels: [], help: 'Gates that have been closed for 30 minutes or longer.' },
  metric_gate_open: {
    labels: ['gate'],
    help: 'Whether a metric gate of the policy is open. Absent while Meltemi does not ask the gate.',
  },
  metric_gate_answered_timestamp_seconds: {
    labels: ['gate'],
    help: 'When Prometheus last gave a usable answer to a metric gate. Absent while Meltemi does not ask the gate.',
  },
  metric_gates_closed_long: {
    labels: [],
    help: 'Metric gates that have kept restarts waiting for longer than their `timeLimit`.',
  },
  injectors_unreachable: { labels: [], help: 'Injectors that do not answer now.' },
  watch_stale: { labels: [], help: 'Whether something that every decision rests on cannot be watched now.' },
  eta_timestamp_seconds: {
    labels: ['estimate'],
    help:
      'When all restarts that wait for nothing but time are expected to be done: `median` is as likely too early as too late, ' +
      '`p90` is too early once in ten times. 0 if there is nothing to wait for.',
  },
  scans_total: { labels: ['result'], help: 'Scans of the cluster by result: success or error.' },
  scan_duration_seconds: {
    labels: [],
    help: 'How long a scan takes, reading workloads and pods and asking injectors.',
  },
  last_scan_timestamp_seconds: { labels: [], help: 'When the last complete scan ended.' },
  policy_invalid: { labels: [], help: '1 while the policy file is not valid and the last valid one stays in force.' },
  policy_loaded_timestamp_seconds: { labels: [], help: 'When the policy file in force was read; 0 without one.' },
  notifications_total: {
    labels: ['receiver', 'result'],
    help: `Notifications by kind of receiver (${oneOf(RECEIVER_KINDS)}): sent, or failed and not tried again.`,
  },
  errors_total: {
    labels: [],
    help: 'Errors met while reading, evaluating, restarting or keeping the journal; what failed is tried again.',
  },
} as const;

export type RestartResult = ReturnType<typeof resultOf>;

/** Gauges of the runtime that are named like counters, which `promtool check metrics` refuses; each only sums up another gauge. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/**
 * Gauges of the event loop's lag over time. A timer has to wake the process for them, by default a hundred times a second, which was most
 * of what an idle operator took of the processor. `nodejs_eventloop_lag_seconds`, the lag at a scrape, needs none.
 */
const SAMPLED = ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map((of) => `nodejs_eventloop_lag_${of}_seconds`);
/** Milliseconds until the first sample: hundreds of thousands of years. */
const NEVER = Number.MAX_SAFE_INTEGER;

/** A wave of all runs together. */
export type WaveCount = Pick<WaveProgress, 'name' | 'state' | 'current' | 'inFlight' | 'failed' | 'waiting'>;

/** The metrics of one process in a registry of their own; label sets are closed and counters start at zero. */
export class Metrics {
  readonly registry = new Registry();
  readonly #leader = this.#gauge('leader');
  readonly #workloads = this.#gauge('workloads');
  readonly #waiting = this.#gauge('waiting_workloads');
  readonly #unsupported = this.#gauge('unsupported_outdated_pods');
  readonly #proxies = this.#gauge('proxies');
  readonly #oldestOutdated = this.#gauge('oldest_outdated_timestamp_seconds');
  readonly #waveWorkloads = this.#gauge('wave_workloads');
  readonly #waveState = this.#gauge('wave_state');
  readonly #inFlight = this.#gauge('restarts_in_flight');
  readonly #restarts = this.#counter('restarts_total');
  readonly #questions = this.#counter('injector_questions_total');
  readonly #unreachable = this.#gauge('injectors_unreachable');
  readonly #halted = this.#gauge('halted_runs');
  readonly #gates = this.#gauge('gates_closed_long');
  readonly #eta = this.#gauge('eta_timestamp_seconds');
  readonly #metricGate = this.#gauge('metric_gate_open');
  readonly #metricGateAnswered = this.#gauge('metric_gate_answered_timestamp_seconds');
  readonly #metricGatesLong = this.#gauge('metric_gates_closed_long');
  /** The metric gates that have values. */
  readonly #metricGates = new Set<string>();
  readonly #scans = this.#counter('scans_total');
  readonly #lastScan = this.#gauge('last_scan_timestamp_seconds');
  readonly #policyInvalid = this.#gauge('policy_invalid');
  readonly #policyLoaded = this.#gauge('policy_loaded_timestamp_seconds');
  readonly #notifications = this.#counter('notifications_total');
  readonly #errors = this.#counter('errors_total');
  readonly #scanDuration = new Histogram({
    name: `${PRODUCT}_scan_duration_seconds`,
    help: METRICS.scan_duration_seconds.help,
    buckets: [0.1, 0.3, 1, 3, 10, 30, 100, 300],
    registers: [this.registry],
  });

  readonly #restartDuration = new Histogram({
    name: `${PRODUCT}_restart_duration_seconds`,
    help: METRICS.restart_duration_seconds.help,
    buckets: [5, 15, 30, 60, 120, 300, 600, 1800, 3600],
    registers: [this.registry],
  });

  constructor(version: string) {
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: NEVER });
    for (const name of [...MISNAMED, ...SAMPLED]) this.registry.removeSingleMetric(name);
    this.#gauge('build_info').set({ version, node_version: process.version }, 1);
    for (const result of RESULTS) this.#questions.inc({ result }, 0);
    this.forecast(undefined);
    for (const receiver of RECEIVER_KINDS)
      for (const result of ['sent', 'failed']) this.#notifications.inc({ receiver, result }, 0);
    for (const result of ['success', 'error']) this.#scans.inc({ result }, 0);
    for (const kind of WORKLOAD_KINDS) {
      for (const result of RESTART_RESULTS) this.#restarts.inc({ kind, result }, 0);
    }
  }

  #options(name: keyof typeof METRICS) {
    const { help, labels } = METRICS[name];
    return { name: `${PRODUCT}_${name}`, help, labelNames: [...labels], registers: [this.registry] };
  }

  #gauge(name: keyof typeof METRICS): Gauge {
    return new Gauge(this.#options(name));
  }

  #counter(name: keyof typeof METRICS): Counter {
    return new Counter(this.#options(name));
  }

  question(result: QuestionResult): void {
    this.#questions.inc({ result });
  }

  /** A process that has stopped leading no longer knows the workloads. Its last values must not keep an alert firing. */
  leads(leading: boolean): void {
    this.#leader.set(Number(leading));
    if (leading) return;
    this.#workloads.reset();
    this.#waiting.reset();
    this.#unsupported.reset();
    this.#proxies.reset();
    this.#oldestOutdated.set(0);
    this.waves([]);
    this.#inFlight.set(0);
    this.#halted.set(0);
    this.#gates.set(0);
    this.metricGates(new Set(), 0);
    this.#unreachable.set(0);
    this.forecast(undefined);
  }

  /** @param eta when everything is expected to be done, in milliseconds; undefined if there is nothing to wait for */
  forecast(eta: Eta | undefined): void {
    this.#eta.set({ estimate: 'median' }, (eta?.median ?? 0) / 1000);
    this.#eta.set({ estimate: 'p90' }, (eta?.p90 ?? 0) / 1000);
  }

  halted(runs: number): void {
    this.#halted.set(runs);
  }

  /** @param isStale called at each scrape, because a watch can fail without an evaluation */
  watches(isStale: () => boolean): void {
    new Gauge({
      ...this.#options('watch_stale'),
      collect() {
        this.set(Number(isStale()));
      },
    });
  }

  gates(closed: number): void {
    this.#gates.set(closed);
  }

  /** @param gate its name in the policy */
  metricGate(gate: string, isOpen: boolean, isAnswered: boolean): void {
    this.#metricGates.add(gate);
    this.#metricGate.set({ gate }, Number(isOpen));
    if (isAnswered) this.#metricGateAnswered.setToCurrentTime({ gate });
  }

  /** @param asked the gates that are asked now; the last answers of others say nothing any more */
  metricGates(asked: ReadonlySet<string>, closedLong: number): void {
    for (const gate of this.#metricGates) {
      if (asked.has(gate)) continue;
      this.#metricGate.remove({ gate });
      this.#metricGateAnswered.remove({ gate });
      this.#metricGates.delete(gate);
    }
    this.#metricGatesLong.set(closedLong);
  }

  unreachable(injectors: number): void {
    this.#unreachable.set(injectors);
  }

  /** @param states workloads by their verdict @param waiting those that wait, by their reason */
  evaluated(
    states: ReadonlyMap<Verdict['state'], number>,
    waiting: ReadonlyMap<ReasonCode, number>,
    inFlight: number,
  ): void {
    for (const state of STATES) this.#workloads.set({ state }, states.get(state) ?? 0);
    this.#waiting.reset();
    for (const [reason, count] of waiting) this.#waiting.set({ reason }, count);
    this.#inFlight.set(inFlight);
  }

  /** Waves are as many as the policy names, which is bounded. Those that it no longer names are gone. */
  waves(waves: readonly WaveCount[]): void {
    this.#waveWorkloads.reset();
    this.#waveState.reset();
    for (const { name: wave, state, current, inFlight, failed, waiting } of waves) {
      for (const [word, count] of Object.entries({ current, 'in-flight': inFlight, failed, waiting }))
        this.#waveWorkloads.set({ wave, state: word }, count);
      for (const one of WAVE_STATES) this.#waveState.set({ wave, state: one }, Number(one === state));
    }
  }

  /** @param pods outdated pods by the kind of their owner */
  unsupported(pods: ReadonlyMap<string, number>): void {
    for (const kind of COUNTED_KINDS) this.#unsupported.set({ kind }, pods.get(kind) ?? 0);
  }

  /** @param pods by the version of their proxy, which is bounded already */
  proxies(pods: ReadonlyMap<string, number>): void {
    this.#proxies.reset();
    for (const [version, count] of pods) this.#proxies.set({ version }, count);
  }

  /** @param since milliseconds of the wall clock; undefined if nothing is outdated */
  oldestOutdated(since: number | undefined): void {
    this.#oldestOutdated.set((since ?? 0) / 1000);
  }

  restartTook(seconds: number): void {
    this.#restartDuration.observe(seconds);
  }

  scanned(seconds: number, endedAt: number): void {
    this.#scans.inc({ result: 'success' });
    this.#scanDuration.observe(seconds);
    this.#lastScan.set(endedAt / 1000);
  }

  scanFailed(): void {
    this.#scans.inc({ result: 'error' });
  }

  policyLoaded(): void {
    this.#policyInvalid.set(0);
    this.#policyLoaded.setToCurrentTime();
  }

  policyRejected(): void {
    this.#policyInvalid.set(1);
  }

  restarted(kind: string, result: RestartResult): void {
    this.#restarts.inc({ kind, result });
  }

  notified(receiver: Receiver['kind'], result: 'sent' | 'failed', count: number): void {
    this.#notifications.inc({ receiver, result }, count);
  }

  error(): void {
    this.#errors.inc();
  }
}
