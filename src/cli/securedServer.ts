import { hostname } from 'node:os';
import { AccessReview } from '../cluster/accessReview.ts';
import type { KubeClient } from '../cluster/client.ts';
import { type Clock, systemClock } from '../cluster/clock.ts';
import { type GuardListener, guarded } from '../report/guard.ts';
import { errorFields, type Logger } from '../report/logger.ts';
import { type Guarded, type ListenAddress, listen, type Server, serveWith } from '../report/server.ts';
import {
  CertificateFiles,
  type CertificateListener,
  type KeyPair,
  type KeyPairFiles,
  readKeyPair,
} from '../report/servingCertificate.ts';
import type { Settings } from './settings.ts';

/** What a listener for authorized readers needs besides the settings. */
export interface SecuredParts {
  readonly client: KubeClient;
  readonly logger: Logger;
  /** Stops the reloading of the certificate. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
}

export type CertificateSettings = Pick<Settings, 'metricsCertPath' | 'metricsCertName' | 'metricsCertKey'>;

const LOOK_EVERY_MS = 10_000;

/**
 * Serves over TLS to clients that the API server authorizes.
 * @throws {Error} when the certificate cannot be used, or it cannot listen on the address
 */
export async function securedServer(
  address: ListenAddress,
  served: Guarded,
  settings: CertificateSettings,
  { client, logger, signal, clock = systemClock }: SecuredParts,
): Promise<Server> {
  const review = new AccessReview(client, served.right, () => clock.now());
  const handler = guarded(served, review, sayingOnce(logger, served.name));
  const files = filesOf(settings);
  const pair = files ? await readKeyPair(files) : await makeKeyPair();
  const server = await listen(address, handler, pair);
  if (files) void keepUp(new CertificateFiles(files, pair, telling(server, logger, served.name)), clock, signal);
  else logger.info(`Created a self-signed certificate for the ${served.name} listener`);
  return server;
}

/** Logs a problem when it begins, not at every request. Otherwise any client that reaches the port could fill the log. */
function sayingOnce(logger: Logger, name: string): GuardListener {
  let trouble = '';
  return {
    checked: () => {
      trouble = '';
    },
    uncheckable: (error) => {
      if (error.message !== trouble) logger.warn(`Cannot check the token of a ${name} reader`, errorFields(error));
      trouble = error.message;
    },
  };
}

function filesOf({ metricsCertPath, metricsCertName, metricsCertKey }: CertificateSettings): KeyPairFiles | undefined {
  return metricsCertPath ? { folder: metricsCertPath, cert: metricsCertName, key: metricsCertKey } : undefined;
}

/** Loads the certificate library only if a certificate is needed. */
async function makeKeyPair(): Promise<KeyPair> {
  const { selfSigned } = await import('../report/selfSigned.ts');
  return selfSigned(['localhost', hostname(), '127.0.0.1', '::1'], Date.now());
}

function telling(server: Server, logger: Logger, name: string): CertificateListener {
  return {
    changed: (pair) => {
      serveWith(server, pair);
      logger.info(`Reloaded the ${name} certificate`);
    },
    unusable: (error) =>
      logger.warn(`Cannot use the new ${name} certificate, keeping the last one`, errorFields(error)),
  };
}

async function keepUp(certificate: CertificateFiles, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined);
    if (!signal.aborted) await certificate.look();
  }
}
