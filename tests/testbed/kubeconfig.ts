import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { Credentials } from './certificates.ts';

/** Writes a kubeconfig that holds all it needs, so that it can be copied elsewhere. */
export function writeKubeconfig(path: string, server: string, ca: string, user: string, who: Credentials): void {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'testbed', cluster: { server, 'certificate-authority-data': base64(ca) } }],
    users: [
      { name: user, user: { 'client-certificate-data': base64(who.certificate), 'client-key-data': base64(who.key) } },
    ],
    contexts: [{ name: 'testbed', context: { cluster: 'testbed', user } }],
    'current-context': 'testbed',
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
}
