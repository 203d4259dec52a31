import type { Cluster } from './cluster/cluster.ts';
import { Confirmations } from './expect/confirmations.ts';
import { Injectors, type InjectorsOptions } from './expect/injectors.ts';
import { Journal } from './journal/journal.ts';
import { type Leadership, NotLeading } from './leader/leadership.ts';
import { askPrometheus } from './metricGates/askPrometheus.ts';
import { MetricGates, type MetricGatesOptions } from './metricGates/metricGates.ts';
import { MetricGateUpkeep, type MetricGateUpkeepOptions } from './metricGates/metricGateUpkeep.ts';
import type { Origin } from './notify/messages.ts';
import { type NewsListener, Notifier } from './notify/notifier.ts';
import type { Post } from './notify/receiverQueue.ts';
import { Observer } from './observe/observer.ts';
import { Operator, type OperatorOptions } from './operator.ts';
import { LeaderView } from './page/leaderView.ts';
import type { Report } from './report/report.ts';
import { PublishedStatus } from './status/publishedStatus.ts';
import type { AnswersVersion } from './watch/meshAssembly.ts';
import type { MeshWatch } from './watch/meshWatch.ts';

/** The watches as the operator uses them. */
export type WiredWatch = OperatorOptions['watch'] & Pick<MeshWatch, 'answersChanged'>;

/** All that differs between `meltemi run`, the simulation and a test: clocks, transports, settings and listeners. */
export interface OperatorParts
  extends Pick<
    OperatorOptions,
    'policy' | 'reconcilePeriod' | 'namespaces' | 'dryRun' | 'own' | 'now' | 'wall' | 'sleep' | 'phases'
  > {
  readonly cluster: Cluster;
  /** The Lease: it keeps the journal, the status and the requests of users. */
  readonly lease: Pick<Leadership, 'text' | 'keep' | 'pauseState' | 'onPauseState' | 'publishes'>;
  /** Makes the watches. They ask `answersVersion` for each entry, because its count is part of the entry's epoch. */
  readonly watch: (answersVersion: AnswersVersion) => WiredWatch;
  /** Asks injectors without a network. */
  readonly post?: InjectorsOptions['post'];
  /** Asks metric gates without a network. */
  readonly askGate?: MetricGatesOptions['ask'];
  readonly report: OperatorOptions['report'] &
    MetricGateUpkeepOptions['report'] &
    Pick<
      Report,
      'question' | 'reachable' | 'answersChanged' | 'answersDiffer' | 'notServed' | 'ownerUnread' | 'metricGateAnswered'
    >;
  /** Sends notifications, and says what came of them. */
  readonly notify: { readonly origin: Origin; readonly post: Post; readonly listener: NewsListener };
  /** Ends what waits in the background: the operator has stopped or has failed. */
  readonly signal: AbortSignal;
}

/** The operator, and those of its parts that its owner talks to. */
export interface Wired {
  readonly operator: Operator;
  readonly injectors: Injectors;
  readonly journal: Journal;
  readonly watch: WiredWatch;
  /** The last evaluation, as the status page shows it. */
  readonly page: LeaderView;
}

/**
 * Builds the operator from its parts. This is the only place that does: what `meltemi run` does between the watches and the writes, the
 * simulation and the tests do too. Nothing runs before `operator.run` is called.
 */
export function wireOperator(parts: OperatorParts): Wired {
  const { cluster, lease, report, now, wall, sleep, policy, signal } = parts;
  const injectors = new Injectors({
    cluster,
    now,
    ...(parts.post && { post: parts.post }),
    onQuestion: (result) => report.question(result),
    onReachable: (injection, problem) => report.reachable(injection, problem),
    onTried: () => operator.ring(),
    onAnswerChanged: (injection) => {
      report.answersChanged(injection);
      watch.answersChanged();
    },
    onUnlike: (asked) => report.answersDiffer(asked),
  });
  const watch = parts.watch((entry) => injectors.generationOf({ entry }));
  const journal = new Journal({
    store: lease,
    now,
    wall,
    // the next leader reads what the Lease has
    onError: (error) => error instanceof NotLeading || report.trouble('journal', error),
    sleep: (milliseconds) => sleep(milliseconds, signal),
  });
  const observer = new Observer({
    cluster,
    injectors,
    journal,
    policy,
    podsLast: true,
    onMissingRight: (what, error) => report.trouble(`reading ${what}`, error),
    onForbidden: (what, error) => report.trouble(`reading ${what}`, error),
    onUnreadOwner: (kind, error) => report.ownerUnread(kind, error),
    onNotServed: (resource) => report.notServed(resource),
  });
  const wait = (milliseconds: number): Promise<void> => sleep(milliseconds, signal).catch(() => undefined);
  const confirmations = new Confirmations({
    probe: (question) => injectors.probe(question),
    wait,
    signal,
    onEnd: (injection) => {
      injectors.forget(injection);
      operator.ring();
    },
  });
  const published = new PublishedStatus({
    journal,
    policy,
    now,
    wall,
    onError: (error) => report.trouble('status', error),
  });
  lease.publishes(() => published.text());
  const notifier = new Notifier({ ...parts.notify, journal, policy, sleep, wall });
  const gates = new MetricGates({
    ask: parts.askGate ?? ((gate) => askPrometheus(gate, { signal })),
    policy,
    now,
    wait,
    signal,
    onAnswer: (gate, state) => report.metricGateAnswered(gate, state),
    onChange: () => operator.ring(),
  });
  const page = new LeaderView({
    journal,
    wall,
    mesh: () => watch.mesh(),
    policy,
    metricGates: () => gates.states(),
  });
  const operator = new Operator({
    cluster,
    journal,
    watch,
    injectors,
    observer,
    confirmations,
    metricGates: new MetricGateUpkeep({ gates, journal, dryRun: parts.dryRun, report }),
    policy,
    reconcilePeriod: parts.reconcilePeriod,
    namespaces: parts.namespaces,
    dryRun: parts.dryRun,
    report,
    now,
    wall,
    sleep,
    pauseState: () => lease.pauseState(),
    status: {
      evaluated: (evaluation) => {
        published.evaluated(evaluation);
        page.evaluated(evaluation);
      },
      clear: () => {
        published.clear();
        page.clear();
      },
    },
    own: parts.own,
    notifier,
    phases: parts.phases,
  });
  lease.onPauseState(() => operator.ring());
  return { operator, injectors, journal, watch, page };
}
