import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../cluster/kubeconfig.ts';
import { remembering } from '../cluster/memory.ts';
import { readOnly } from '../cluster/readOnly.ts';
import { Confirmations } from '../expect/confirmations.ts';
import { Injectors } from '../expect/injectors.ts';
import { Operator } from '../operator.ts';
import { createLogger, errorFields } from '../report/logger.ts';
import { Metrics } from '../report/metrics.ts';
import { Report } from '../report/report.ts';
import { type Check, healthHandler, listen, metricsHandler, portOf } from '../report/server.ts';
import { Survey } from '../survey.ts';
import { COMMIT, VERSION } from '../version.ts';
import { MeshWatch } from '../watch/meshWatch.ts';
import { connect, policyOf } from './connect.ts';
import type { Settings } from './settings.ts';

/**
 * Runs the operator until the signal aborts; then connections and listeners are closed and the exit code is 0.
 * @throws {Error} before anything is touched, when the kubeconfig cannot be used or an address cannot be listened on
 */
export async function runCommand(settings: Settings, environment: Environment, signal: AbortSignal): Promise<number> {
  const logger = createLogger(settings.logLevel);
  const { client, cluster: writable, namespace, server } = connect(settings, environment);
  const cluster = settings.dryRun ? readOnly(writable) : remembering(writable);
  const metrics = new Metrics(VERSION);
  const report = new Report({ logger, metrics, cluster, namespace });
  const ready: { watch?: MeshWatch } = {};
  const servers = await serve(settings, metrics, () => ready.watch?.problems()[0]);
  logger.info('Started', {
    version: VERSION,
    commit: COMMIT,
    server,
    dryRun: settings.dryRun,
    ...Object.fromEntries(servers.map(([name, bound]) => [`${name}Port`, portOf(bound)])),
  });
  const injectors = new Injectors({
    cluster,
    now: Date.now,
    onQuestion: (result) => report.question(result),
    onReachable: (injection, problem) => report.reachable(injection, problem),
    onTried: () => operator.ring(),
  });
  const watch = new MeshWatch(client, signal, (watched, error) =>
    logger.warn('Watch failed, will be tried again', { watched, ...errorFields(error) }),
  );
  ready.watch = watch;
  const policy = policyOf(settings);
  const survey = new Survey({ cluster, injectors, rules: policy, skipNamespaces: settings.skipNamespaces });
  const { reconcilePeriod, dryRun } = settings;
  const confirmations = new Confirmations({
    probe: (question) => injectors.probe(question),
    wait: (milliseconds) => sleep(milliseconds, undefined, { signal, ref: false }).catch(() => undefined),
    signal,
    onEnd: (injection) => {
      injectors.forget(injection);
      operator.ring();
    },
  });
  const operator = new Operator({
    cluster,
    watch,
    injectors,
    survey,
    confirmations,
    policy,
    reconcilePeriod,
    dryRun,
    report,
    now: Date.now,
  });
  try {
    await operator.run(signal);
  } finally {
    await Promise.all([injectors.close(), client.close(), ...servers.map(([, bound]) => stopped(bound))]);
  }
  logger.info('Stopped');
  return 0;
}

/** Listens on what the settings name, and on nothing else. */
async function serve(settings: Settings, metrics: Metrics, watches: Check): Promise<[name: string, server: Server][]> {
  const health = healthHandler({
    livez: { ping: () => undefined },
    readyz: { watches },
    healthz: { ping: () => undefined },
  });
  const wanted = [
    ['metrics', settings.metricsBindAddress, metricsHandler(() => metrics.registry.metrics())],
    ['health', settings.healthProbeBindAddress, health],
  ] as const;
  const bound: [string, Server][] = [];
  for (const [name, address, handler] of wanted) if (address) bound.push([name, await listen(address, handler)]);
  return bound;
}

function stopped(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
