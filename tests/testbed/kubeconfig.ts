import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { Credentials } from './certificates.ts';

/** Writes a kubeconfig that holds all it needs, so that it can be copied elsewhere. */
export function writeKubeconfig(
  path: string,
  server: string,
  ca: string,
  user: string,
  who: Credentials | { readonly token: string },
  namespace?: string,
): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'testbed', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [{ name: user, user: userEntry(who) }],
    contexts: [{ name: 'testbed', context: { cluster: 'testbed', user, ...(namespace && { namespace }) } }],
    'current-context': 'testbed',
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const userEntry = (who: Credentials | { readonly token: string }): Record<string, string> =>
  'token' in who
    ? { token: who.token }
    : { 'client-certificate-data': base64(who.certificate), 'client-key-data': base64(who.key) };
