import type { Metrics } from '../report/metrics.ts';
import { type ListenAddress, listen, METRICS_PATH, metricsHandler, type Server } from '../report/server.ts';
import { type CertificateSettings, type SecuredParts, securedServer } from './securedServer.ts';
import type { Settings } from './settings.ts';

/** What the metrics listener needs besides the settings. */
export interface MetricsParts extends SecuredParts {
  readonly metrics: Metrics;
}

export type MetricsSettings = CertificateSettings & Pick<Settings, 'metricsSecure'>;

/**
 * Serves the metrics according to the settings: over TLS to clients that the API server authorizes, or over plain HTTP to all clients.
 * @throws {Error} when the certificate cannot be used, or it cannot listen on the address
 */
export async function metricsServer(
  address: ListenAddress,
  settings: MetricsSettings,
  { metrics, ...parts }: MetricsParts,
): Promise<Server> {
  const handler = metricsHandler(() => metrics.registry.metrics());
  if (!settings.metricsSecure) return listen(address, handler);
  const guards = (path: string): boolean => path === METRICS_PATH;
  return securedServer(address, { name: 'metrics', right: METRICS_PATH, guards, handler }, settings, parts);
}
