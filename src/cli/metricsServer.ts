import { hostname } from 'node:os';
import { AccessReview } from '../cluster/accessReview.ts';
import type { KubeClient } from '../cluster/client.ts';
import { type Clock, systemClock } from '../cluster/clock.ts';
import { type GuardListener, guarded } from '../report/guard.ts';
import { errorFields, type Logger } from '../report/logger.ts';
import type { Metrics } from '../report/metrics.ts';
import { type ListenAddress, listen, METRICS_PATH, metricsHandler, type Server, serveWith } from '../report/server.ts';
import {
  CertificateFiles,
  type CertificateListener,
  type KeyPair,
  type KeyPairFiles,
  readKeyPair,
} from '../report/servingCertificate.ts';
import type { Settings } from './settings.ts';

/** What the metrics listener needs besides the settings. */
export interface MetricsParts {
  readonly client: KubeClient;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Stops the reloading of the certificate. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

export type MetricsSettings = Pick<
  Settings,
  'metricsSecure' | 'metricsCertPath' | 'metricsCertName' | 'metricsCertKey'
>;

const LOOK_EVERY_MS = 10_000;

/**
 * Serves the metrics according to the settings: over TLS to clients that the API server authorizes, or over plain HTTP to all clients.
 * @throws {Error} when the certificate cannot be used, or it cannot listen on the address
 */
export async function metricsServer(
  address: ListenAddress,
  settings: MetricsSettings,
  { client, metrics, logger, signal, clock = systemClock }: MetricsParts,
): Promise<Server> {
  const handler = metricsHandler(() => metrics.registry.metrics());
  if (!settings.metricsSecure) return listen(address, handler);
  const review = new AccessReview(client, METRICS_PATH, () => clock.now());
  const secured = guarded(METRICS_PATH, review, handler, sayingOnce(logger));
  const files = filesOf(settings);
  const pair = files ? await readKeyPair(files) : await makeKeyPair();
  const server = await listen(address, secured, pair);
  if (files) void keepUp(new CertificateFiles(files, pair, telling(server, logger)), clock, signal);
  else logger.info('Created a self-signed certificate for metrics');
  return server;
}

/** Logs a problem when it begins, not at every scrape. Otherwise any client that reaches the port could fill the log. */
function sayingOnce(logger: Logger): GuardListener {
  let trouble = '';
  return {
    checked: () => {
      trouble = '';
    },
    uncheckable: (error) => {
      if (error.message !== trouble) logger.warn('Cannot check the token of a metrics reader', errorFields(error));
      trouble = error.message;
    },
  };
}

function filesOf({ metricsCertPath, metricsCertName, metricsCertKey }: MetricsSettings): KeyPairFiles | undefined {
  return metricsCertPath ? { folder: metricsCertPath, cert: metricsCertName, key: metricsCertKey } : undefined;
}

/** Loads the certificate library only if a certificate is needed. */
async function makeKeyPair(): Promise<KeyPair> {
  const { selfSigned } = await import('../report/selfSigned.ts');
  return selfSigned(['localhost', hostname(), '127.0.0.1', '::1'], Date.now());
}

function telling(server: Server, logger: Logger): CertificateListener {
  return {
    changed: (pair) => {
      serveWith(server, pair);
      logger.info('Reloaded the metrics certificate');
    },
    unusable: (error) =>
      logger.warn('Cannot use the new metrics certificate, keeping the last one', errorFields(error)),
  };
}

async function keepUp(certificate: CertificateFiles, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    if (!signal.aborted) await certificate.look();
  }
}
