import { overLoopback } from '../page/loopbackHost.ts';
import { type Guarded, isLoopback, type ListenAddress, listen, type Server } from '../report/server.ts';
import { type CertificateSettings, type SecuredParts, securedServer } from './securedServer.ts';

/** What a user must be allowed to `get` who reads the status page. */
const PAGE_RIGHT = '/status';

/**
 * Serves the status page: on a loopback address over plain HTTP to everyone who reaches it there, and elsewhere over TLS to clients that
 * the API server authorizes. No setting serves it plain to a network.
 * @throws {Error} when the certificate cannot be used, or it cannot listen on the address
 */
export async function pageServer(
  address: ListenAddress,
  handler: Guarded['handler'],
  settings: CertificateSettings,
  parts: SecuredParts,
): Promise<Server> {
  const served = { name: 'status page', right: PAGE_RIGHT, guards: () => true, handler };
  if (!isLoopback(address)) return securedServer(address, served, settings, parts);
  // a resolver may give a name any address
  const host = address.host === 'localhost' ? '127.0.0.1' : address.host;
  return listen({ ...address, host }, overLoopback(handler));
}
