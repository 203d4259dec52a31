import type { KubeConfig } from '@kubernetes/client-node';
import { readCredentials } from './credentials.ts';

/**
 * The ServiceAccount that a process calls the API server as, in the form of an owner reference. When it is deleted, the objects that it
 * owns are deleted too.
 */
export interface OwnAccount {
  readonly apiVersion: 'v1';
  readonly kind: 'ServiceAccount';
  readonly name: string;
  readonly uid: string;
}

interface Claims {
  readonly 'kubernetes.io'?: {
    readonly namespace?: unknown;
    readonly serviceaccount?: { readonly name?: unknown; readonly uid?: unknown };
  };
}

/**
 * Reads the account from a pod's token (kubernetes pkg/serviceaccount/claims.go). The API server checks the uid with every request, so it
 * is right as long as the token is valid.
 * @param authorization the header
 * @returns undefined for every other credential, and for an account of another namespace, which cannot own objects in this one
 */
export function accountOf(authorization: string | undefined, namespace: string): OwnAccount | undefined {
  const payload = /^Bearer [^.]+\.([^.]+)\.[^.]*$/i.exec(authorization ?? '')?.[1];
  const { namespace: of, serviceaccount } = claims(payload)?.['kubernetes.io'] ?? {};
  const { name, uid } = serviceaccount ?? {};
  if (of !== namespace || typeof name !== 'string' || typeof uid !== 'string') return undefined;
  return { apiVersion: 'v1', kind: 'ServiceAccount', name, uid };
}

/** The account of a kubeconfig. If credentials cannot be read now, the first request reports it. */
export async function ownAccount(config: KubeConfig, namespace: string): Promise<OwnAccount | undefined> {
  const credentials = await readCredentials(config, { method: 'GET', path: '/' }).catch(() => undefined);
  return accountOf(credentials?.headers.authorization, namespace);
}

function claims(payload = ''): Claims | undefined {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Claims;
  } catch {
    return undefined;
  }
}
