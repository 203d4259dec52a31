import { existsSync, readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { parse } from 'yaml';

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The source of a kubeconfig that is made of a pod's service account. */
export const IN_CLUSTER = 'in-cluster';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The message names the file, what is wrong with it, and how to fix it. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

export interface KubeconfigOptions {
  /** Explicit file; it takes precedence over everything. */
  readonly path?: string;
  /** Context instead of the current one. */
  readonly context?: string;
  /** Environment variables. Only main.ts reads those of the process. */
  readonly env: Environment;
  /** Prefix for the paths of the service account's files; for tests. */
  readonly root?: string;
}

export interface LoadedKubeconfig {
  readonly config: KubeConfig;
  readonly context: string;
  /** The context's namespace, or `default`. */
  readonly namespace: string;
  /** URL of the API server. */
  readonly server: string;
  /** The file or files, or `IN_CLUSTER`. */
  readonly source: string;
}

/**
 * Finds and loads the cluster configuration: from the explicit path, else from KUBECONFIG (several files are merged, the first to name an
 * entry wins, and missing files are skipped, as in client-go clientcmd/loader.go), else from ~/.kube/config, else from the pod's service
 * account.
 * @throws KubeconfigError
 */
export function loadKubeconfig(options: KubeconfigOptions): LoadedKubeconfig {
  const { env } = options;
  const files = filesToRead(options.path, env);
  if (files.length > 0) return chosen(merged(files), files.join(delimiter), options.context);
  const root = options.root ?? '';
  if (env.KUBERNETES_SERVICE_HOST && existsSync(join(root, SERVICE_ACCOUNT, 'token')))
    return inCluster(root, env, options.context);
  throw new KubeconfigError(
    'no kubeconfig: KUBECONFIG is not set and ~/.kube/config does not exist; give --kubeconfig or set KUBECONFIG',
  );
}

/**
 * The names of all contexts, in the order of the kubeconfig; none in a pod without a kubeconfig.
 * @throws KubeconfigError
 */
export function contextNames({ path, env }: Pick<KubeconfigOptions, 'path' | 'env'>): string[] {
  const files = filesToRead(path, env);
  return files.length > 0 ? merged(files).contexts.map(({ name }) => name) : [];
}

function filesToRead(path: string | undefined, env: Environment): string[] {
  if (path) return [path];
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter(Boolean);
  if (listed.length === 1) return listed;
  const present = listed.filter((file) => existsSync(file));
  if (listed.length > 0 && present.length === 0) {
    throw new KubeconfigError(`none of the files in KUBECONFIG exists: ${listed.join(', ')}`);
  }
  if (present.length > 0) return present;
  const home = join(env.HOME || homedir(), '.kube', 'config');
  return existsSync(home) ? [home] : [];
}

function inCluster(root: string, env: Environment, context: string | undefined): LoadedKubeconfig {
  const config = new KubeConfig();
  config.loadFromCluster(root);
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '443' } = env;
  const server = `https://${isIPv6(host) ? `[${host}]` : host}:${port}`;
  config.clusters = config.clusters.map((cluster) => ({ ...cluster, server }));
  return chosen(config, IN_CLUSTER, context);
}

function merged(files: readonly string[]): KubeConfig {
  const [first, ...rest] = files.map(readOne);
  const config = first ?? new KubeConfig();
  for (const other of rest) {
    config.currentContext ||= other.currentContext;
    addMissing(config.clusters, other.clusters);
    addMissing(config.contexts, other.contexts);
    addMissing(config.users, other.users);
  }
  return config;
}

function addMissing<T extends { readonly name: string }>(into: T[], from: readonly T[]): void {
  for (const entry of from) if (!into.some(({ name }) => name === entry.name)) into.push(entry);
}

function readOne(file: string): KubeConfig {
  const text = textOf(file);
  const raw = yamlOf(file, text);
  const config = new KubeConfig();
  try {
    config.loadFromString(text);
  } catch (error) {
    throw new KubeconfigError(`${file} is not a usable kubeconfig: ${firstLine(error)}`);
  }
  refuseDuplicates(file, config);
  config.makePathsAbsolute(dirname(file));
  completeUsers(config, raw, dirname(file));
  allowPlainHttp(config);
  return config;
}

/** kubectl refuses such a file, too (client-go clientcmd/api/v1/conversion.go): it does not say which of the two is meant. */
function refuseDuplicates(file: string, config: KubeConfig): void {
  for (const kind of ['clusters', 'contexts', 'users'] as const) {
    const names = config[kind].map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) < index);
    if (twice !== undefined) {
      throw new KubeconfigError(`${file} has two ${kind} named ${JSON.stringify(twice)}; rename or remove one`);
    }
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const wrong = READ_ERRORS[code] ?? `cannot be read (${code || firstLine(error)})`;
    throw new KubeconfigError(`kubeconfig ${file} ${wrong}`);
  }
}

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist; correct --kubeconfig or KUBECONFIG',
  EACCES: 'cannot be read: permission denied; give this user the right to read it',
  EISDIR: 'is a directory; give the path of a file in it',
};

interface RawKubeconfig {
  readonly users?: readonly { readonly name?: string; readonly user?: { readonly tokenFile?: string } | null }[];
}

/** Contents are never quoted: a kubeconfig contains secrets, and YAML errors show the line that they refer to. */
function yamlOf(file: string, text: string): RawKubeconfig {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (error) {
    const at = error instanceof Error ? / at line \d+, column \d+/.exec(error.message)?.[0] : '';
    throw new KubeconfigError(`kubeconfig ${file} is not YAML${at ?? ''}; correct the file`);
  }
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw new KubeconfigError(
      `${file} is not a kubeconfig: it has no clusters, contexts and users; is it the right file?`,
    );
  }
  return raw;
}

/**
 * Adds what client-node 2.0.1 lacks: `tokenFile` (which takes precedence over `token` and is read again when it rotates), the environment
 * for exec plugins (KEP-541; GKE's plugin needs it), and the CA of contexts without a user.
 */
function completeUsers(config: KubeConfig, raw: RawKubeconfig, folder: string): void {
  config.users = config.users.map((user) => {
    const tokenFile = raw.users?.find(({ name }) => name === user.name)?.user?.tokenFile;
    if (tokenFile) return { ...withoutToken(user), authProvider: tokenFileProvider(tokenFile, folder) };
    return user.exec ? { ...user, exec: { ...user.exec, env: [...(user.exec.env ?? []), execInfo(user.exec)] } } : user;
  });
  config.contexts = config.contexts.map((context) => (context.user ? context : { ...context, user: ANONYMOUS.name }));
  config.users.push(ANONYMOUS);
}

const ANONYMOUS = { name: '(none)' };

function withoutToken<T extends { readonly token?: string }>(user: T): Omit<T, 'token'> {
  const { token: _, ...rest } = user;
  return rest;
}

function tokenFileProvider(tokenFile: string, folder: string): { name: string; config: { tokenFile: string } } {
  return { name: 'tokenFile', config: { tokenFile: isAbsolute(tokenFile) ? tokenFile : join(folder, tokenFile) } };
}

function execInfo(exec: { readonly apiVersion?: string }): { name: string; value: string } {
  const apiVersion = exec.apiVersion ?? 'client.authentication.k8s.io/v1';
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  return { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) };
}

/** client-node rejects http unless TLS verification is off, although http has no TLS to verify. */
function allowPlainHttp(config: KubeConfig): void {
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
}

function chosen(config: KubeConfig, source: string, wanted: string | undefined): LoadedKubeconfig {
  const known = config.contexts.map(({ name }) => name);
  const name = wanted ?? config.currentContext;
  if (!name) throw new KubeconfigError(`${source} has no current context; give --context with one of: ${list(known)}`);
  const context = config.contexts.find((one) => one.name === name);
  if (!context) throw new KubeconfigError(`${source} has no context "${name}"; it has: ${list(known)}`);
  config.setCurrentContext(name);
  const cluster = config.clusters.find((one) => one.name === context.cluster);
  if (!cluster) throw missing(source, name, 'cluster', context.cluster);
  if (!isHttpUrl(cluster.server)) {
    throw new KubeconfigError(
      `${source}: the server of cluster "${cluster.name}" is not an http or https URL; correct it`,
    );
  }
  if (!config.users.some((one) => one.name === context.user)) throw missing(source, name, 'user', context.user);
  return { config, context: name, namespace: context.namespace?.trim() || 'default', server: cluster.server, source };
}

function missing(source: string, context: string, what: string, name: string): KubeconfigError {
  return new KubeconfigError(`${source}: context "${context}" names the ${what} "${name}", which does not exist`);
}

const isHttpUrl = (text: string): boolean => /^https?:$/.test(URL.parse(text)?.protocol ?? '');

const list = (names: readonly string[]): string => (names.length > 0 ? names.join(', ') : '(none)');

const firstLine = (error: unknown): string =>
  String(error instanceof Error ? error.message : error).split('\n')[0] ?? '';
