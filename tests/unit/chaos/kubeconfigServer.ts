import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** The server that a kubeconfig names. */
export const readServer = (path: string): string =>
  (parse(readFileSync(path, 'utf8')) as { clusters: { cluster: { server: string } }[] }).clusters[0]?.cluster.server ??
  '';
