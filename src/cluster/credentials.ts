import type { RequestOptions } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { KubeConfig } from '@kubernetes/client-node';
import { ApiError, type Call } from './apiError.ts';

/** The material for a TLS connection. */
export interface TlsMaterial {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
}

const TLS_FIELDS = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const;

/**
 * Gets the current credentials from the kubeconfig's authentication. Certificates and token files are read again when they rotate; exec
 * plugins run again when their answer has expired.
 * @throws ApiError with reason `Authentication`
 */
export async function readCredentials(config: KubeConfig, call: Call): Promise<Credentials> {
  const options: RequestOptions = {};
  try {
    await config.applyToHTTPSOptions(options);
  } catch (thrown) {
    throw authenticationError(call, thrown, config);
  }
  const tls = Object.fromEntries(
    TLS_FIELDS.filter((field) => options[field] != null).map((field) => [field, options[field]]),
  );
  return { headers: headersOf(options), tls };
}

/** Whether open connections may be kept with the new material. */
export const sameTls = (one: TlsMaterial, other: TlsMaterial): boolean => isDeepStrictEqual(one, other);

function headersOf({ headers = {}, auth }: RequestOptions): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value).trim()]);
  const basic = auth ? { authorization: `Basic ${Buffer.from(auth).toString('base64')}` } : {};
  return { ...basic, ...Object.fromEntries(entries) };
}

/** Neither cause nor text of a JSON error is kept, because it would quote the output of an exec plugin, which contains a token. */
function authenticationError(call: Call, thrown: unknown, config: KubeConfig): ApiError {
  const said = thrown instanceof SyntaxError ? 'the credential plugin did not print JSON' : firstLine(thrown);
  const { caFile } = config.getCurrentCluster() ?? {};
  const [what, where] =
    caFile !== undefined && fileOf(thrown) === caFile
      ? ['no certificate authority', 'certificate-authority of the cluster']
      : ['no credentials', 'the user'];
  const message = `${call.method} ${call.path}: ${what}: ${said.slice(0, 200)}; check ${where} in the kubeconfig`;
  return new ApiError({ ...call, reason: 'Authentication', message });
}

/** The file that could not be read, if that was it. */
const fileOf = (thrown: unknown): unknown => (thrown instanceof Error && 'path' in thrown ? thrown.path : undefined);

const firstLine = (thrown: unknown): string =>
  String(thrown instanceof Error ? thrown.message : thrown).split('\n')[0] ?? '';
