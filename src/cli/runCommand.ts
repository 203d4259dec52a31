import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '../cluster/client.ts';
import { steadyNow, systemClock } from '../cluster/clock.ts';
import type { Environment } from '../cluster/kubeconfig.ts';
import type { OwnAccount } from '../cluster/ownAccount.ts';
import { readOnly } from '../cluster/readOnly.ts';
import { sourcesIn } from '../expect/matchOf.ts';
import { LeaderElection, newIdentity } from '../leader/leaderElection.ts';
import type { Leadership } from '../leader/leadership.ts';
import { WithoutElection } from '../leader/withoutElection.ts';
import type { EventDraft } from '../model.ts';
import { newsReport } from '../notify/newsReport.ts';
import { postToFile } from '../notify/postToFile.ts';
import { EventQueue } from '../report/eventQueue.ts';
import { EventSender } from '../report/eventSender.ts';
import { leadershipLog, pauseStateLog } from '../report/leadershipLog.ts';
import { createLogger, errorFields, type Logger } from '../report/logger.ts';
import { Metrics } from '../report/metrics.ts';
import { Report } from '../report/report.ts';
import { type Check, healthHandler, listen, portOf, type Server } from '../report/server.ts';
import { RestartTraces } from '../tracing/restartTraces.ts';
import { COMMIT, VERSION } from '../version.ts';
import { followFile } from '../watch/followFile.ts';
import { MeshWatch } from '../watch/meshWatch.ts';
import { wireOperator } from '../wireOperator.ts';
import { connect } from './connect.ts';
import { type MetricsParts, metricsServer } from './metricsServer.ts';
import { ownWorkload } from './ownWorkload.ts';
import { POLICY_SIZE } from './policySize.ts';
import { PolicySource } from './policySource.ts';
import type { Settings } from './settings.ts';
import { StatusPage } from './statusPage.ts';
import { tracingOf } from './tracingOf.ts';

/**
 * Runs the operator until the signal aborts. Then it closes connections and listeners, and the exit code is 0.
 * @throws {Error} before anything is touched, when the policy file or the kubeconfig cannot be used, or it cannot listen on an address
 */
export async function runCommand(
  settings: Settings,
  given: ReadonlySet<string>,
  environment: Environment,
  signal: AbortSignal,
): Promise<number> {
  const source = await PolicySource.open(settings, given);
  const logger = createLogger(settings.logLevel);
  const tracing = await tracingOf(settings, environment, logger);
  const fence = (): void => leadership.assertLeading();
  const { client, cluster: writable, namespace, server, account } = connect(settings, environment, fence);
  const wall = client.serverClock.now;
  const metrics = new Metrics(VERSION);
  const leadership = leadershipOf(settings, { client, namespace, owner: await account() }, logger, metrics);
  const cluster = settings.dryRun ? readOnly(writable) : writable;
  const queue = new EventQueue({
    send: (event) => cluster.emit(event),
    dropped: (count) => logger.warn('Events dropped: too many at once', { count }),
    clock: systemClock,
    signal,
  });
  // a replica that does not lead would report work that it did not do
  const events = { emit: async (event: EventDraft) => (leadership.isLeading ? queue.emit(event) : undefined) };
  const report = new Report({ logger, metrics, cluster: events, namespace, wall });
  const news = newsReport(logger, metrics, new EventSender(events, logger, namespace));
  const ready: { watch?: MeshWatch } = {};
  const page = new StatusPage({ settings, leadership, home: namespace, server, wall, logger, signal });
  const servers = await serve(settings, { client, metrics, logger, signal }, page, {
    watches: () => ready.watch?.problems()[0],
    leading: () => leadership.problem(),
  });
  logger.info('Started', {
    version: VERSION,
    commit: COMMIT,
    server,
    dryRun: settings.dryRun,
    ...Object.fromEntries(servers.map(([name, bound]) => [`${name}Port`, portOf(bound)])),
  });
  if (tracing) logger.info('Sending traces', { endpoint: tracing.endpoint });
  const namespaces = [...settings.namespaces];
  const { reconcilePeriod, dryRun, istioNamespaces } = settings;
  const ended = new AbortController();
  const wired = wireOperator({
    cluster,
    lease: leadership,
    watch: (answersVersion) => {
      ready.watch = new MeshWatch(
        client,
        signal,
        (watched, error, instead) =>
          logger.warn('Watch failed, retrying', {
            watched,
            ...errorFields(error),
            ...(instead && { meanwhile: instead }),
          }),
        { namespaces, istioNamespaces: [...istioNamespaces] },
        answersVersion,
        () => sourcesIn(source.current()),
      );
      return ready.watch;
    },
    policy: () => source.current(),
    reconcilePeriod,
    namespaces,
    dryRun,
    report,
    now: steadyNow,
    wall,
    sleep: systemClock.sleep,
    notify: {
      origin: { cluster: settings.clusterName, statusUrl: settings.statusUrl },
      post: postToFile,
      listener: news,
    },
    own: ownWorkload(environment, hostname(), namespace),
    phases: tracing && new RestartTraces(tracing.tracer),
    signal: AbortSignal.any([signal, ended.signal]),
  });
  const { operator, injectors } = wired;
  page.show(wired.page);
  metrics.watches(() => ready.watch?.stale() !== undefined);
  try {
    await Promise.all([
      operator.run(signal),
      leadership.run(signal, (term) => operator.lead(term)),
      followPolicy(source, report, () => operator.policyChanged(), signal),
    ]);
  } finally {
    ended.abort();
    await Promise.all([
      injectors.close(),
      client.close(),
      tracing?.close(),
      ...servers.map(([, bound]) => stopped(bound)),
    ]);
  }
  logger.info('Stopped');
  return 0;
}

/** How often the policy file is read. An edit takes effect once two reads agree. */
const POLICY_LOOKS = 1000;

/** Puts edits of the policy file into force while the operator runs. */
async function followPolicy(
  source: PolicySource,
  report: Report,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> {
  if (!source.first) return;
  report.policyLoaded(source.file, 'start');
  await followFile({
    path: source.file,
    limit: POLICY_SIZE,
    from: source.first,
    pause: () => sleep(POLICY_LOOKS, undefined, { signal, ref: false }).catch(() => undefined),
    signal,
    onChange: (content) => {
      source.take(content, report);
      changed();
    },
  });
}

/** A dry run does not take the Lease: it may run beside an operator that leads. */
function leadershipOf(
  settings: Settings,
  lease: { readonly client: KubeClient; readonly namespace: string; readonly owner: OwnAccount | undefined },
  logger: Logger,
  metrics: Metrics,
): Leadership {
  const { dryRun, leaderElect } = settings;
  const identity = newIdentity();
  const elected = leaderElect && !dryRun;
  const log = leadershipLog(logger, elected ? { identity } : {});
  const listener = {
    ...log,
    acquired: () => {
      metrics.leads(true);
      log.acquired();
    },
    lost: (why: string) => {
      metrics.leads(false);
      log.lost(why);
    },
  };
  const common = { ...lease, listener, now: lease.client.serverClock.now };
  const leadership = elected
    ? new LeaderElection({ ...common, identity })
    : new WithoutElection({ ...common, writes: !dryRun });
  leadership.onPauseState(pauseStateLog(logger));
  return leadership;
}

/** Listens only on the addresses in the settings. A replica that does not lead also becomes ready, because its watches are listed too. */
async function serve(
  settings: Settings,
  parts: MetricsParts,
  page: StatusPage,
  { watches, leading }: Readonly<Record<'watches' | 'leading', Check>>,
): Promise<[name: string, server: Server][]> {
  const alive = { ping: () => undefined, 'leader-election': leading };
  const ready = { watches };
  // Kubernetes' own names, and what probes for Fortsa and for Grafana's rollout-operator ask for
  const health = healthHandler({ livez: alive, readyz: ready, healthz: alive, ready }, (check, problem) =>
    problem === undefined
      ? parts.logger.info('Health check passes again', { check })
      : parts.logger.warn('Health check fails', { check, problem }),
  );
  const { metricsBindAddress, healthProbeBindAddress, statusBindAddress } = settings;
  const bound: [string, Server][] = [];
  try {
    if (metricsBindAddress) bound.push(['metrics', await metricsServer(metricsBindAddress, settings, parts)]);
    if (statusBindAddress) bound.push(['status', await page.listen(statusBindAddress, parts)]);
    if (healthProbeBindAddress) bound.push(['health', await listen(healthProbeBindAddress, health)]);
    return bound;
  } catch (error) {
    await Promise.all(bound.map(([, server]) => stopped(server)));
    throw error;
  }
}

function stopped(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
