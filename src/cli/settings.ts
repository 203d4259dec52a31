import { InvalidArgumentError } from 'commander';
import { type Drift, RESTARTABLE } from '../compare/drift.ts';
import { WORKLOAD_KINDS, type WorkloadKind } from '../model.ts';
import { ENV_PREFIX } from '../names.ts';
import { GATES, type Gate } from '../plan/gates.ts';
import { PDB_CHOICES, RECREATE_CHOICES } from '../plan/policy.ts';
import { LOG_LEVELS, type LogLevel } from '../report/logger.ts';
import type { ListenAddress } from '../report/server.ts';
import { parseDuration } from './duration.ts';

export type CommandName = 'run' | 'plan' | 'pause' | 'resume';

/** One setting: its flag and environment variable follow from its name; help, README and chart are made from this table. */
export interface Setting<T> {
  readonly help: string;
  /** Placeholder of the value in the help; absent for switches, which also take `true` or `false`. */
  readonly value?: string;
  readonly default: string;
  readonly commands: readonly CommandName[];
  /** @throws {InvalidArgumentError} saying what would be right */
  readonly parse: (text: string) => T;
}

const ALL = ['run', 'plan', 'pause', 'resume'] as const;
const BOTH = ['run', 'plan'] as const;
const RUN = ['run'] as const;
const PLAN = ['plan'] as const;

const toggle = (help: string, commands: readonly CommandName[], fallback = false): Setting<boolean> => ({
  help,
  default: String(fallback),
  commands,
  parse: parseBoolean,
});

const duration = (help: string, fallback: string, commands: readonly CommandName[]): Setting<number> => ({
  help,
  value: 'duration',
  default: fallback,
  commands,
  parse: parseDurationArgument,
});

const count = (help: string, fallback: number, commands: readonly CommandName[]): Setting<number> => ({
  help,
  value: 'number',
  default: String(fallback),
  commands,
  parse: parseCount,
});

const text = (help: string, value: string, commands: readonly CommandName[]): Setting<string> => ({
  help,
  value,
  default: '',
  commands,
  parse: (given) => given,
});

/** One of several words, the first by default. */
const choice = <T extends string>(
  help: string,
  words: readonly [T, ...T[]],
  commands: readonly CommandName[],
): Setting<T> => ({
  help: `${help}: ${words.join(' or ')}`,
  value: 'choice',
  default: words[0],
  commands,
  parse: (given) => {
    const word = words.find((known) => known === given);
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`It must be ${words.join(' or ')}.`);
  },
});

const address = (help: string, fallback: string): Setting<ListenAddress | undefined> => ({
  help,
  value: 'address',
  default: fallback,
  commands: RUN,
  parse: parseListenAddress,
});

export const SETTINGS = {
  kubeconfig: text(
    'kubeconfig file; without it KUBECONFIG, ~/.kube/config, then the pod’s service account',
    'file',
    ALL,
  ),
  context: text('kubeconfig context; without it the current one', 'name', ALL),
  dryRun: toggle('decide and report, write nothing', RUN),
  leaderElect: toggle('lead only while holding the Lease; false where there is one replica for certain', RUN, true),
  compareHub: toggle('a different registry alone makes a sidecar outdated', BOTH),
  ignoreDigest: toggle('ignore image digests, for clusters where a webhook pins them', BOTH),
  restartOn: {
    help: `drifts that restart, comma-separated, of ${RESTARTABLE.join(', ')}; the others are reported only`,
    value: 'drifts',
    default: RESTARTABLE.join(','),
    commands: BOTH,
    parse: oneOfEach(RESTARTABLE),
  } as Setting<ReadonlySet<Drift>>,
  ignoreGate: {
    help: `gates that hold nothing back, comma-separated, of ${GATES.join(', ')}`,
    value: 'gates',
    default: '',
    commands: BOTH,
    parse: oneOfEach(GATES),
  } as Setting<ReadonlySet<Gate>>,
  skipNamespaces: {
    help: 'namespaces that are never looked at, comma-separated',
    value: 'names',
    default: 'kube-system,istio-system',
    commands: BOTH,
    parse: parseNames,
  } as Setting<ReadonlySet<string>>,
  maxInFlight: count('restarts under way at a time', 5, BOTH),
  maxInFlightPerNamespace: count('restarts under way at a time in one namespace', 1, BOTH),
  maxRestartsPerMinute: {
    ...count('restarts within any minute; 0 is no limit', 0, BOTH),
    parse: parseCountOrNone,
  } as Setting<number>,
  pdb: choice('whether a rollout that takes pods away waits for PodDisruptionBudgets', PDB_CHOICES, BOTH),
  recreate: choice('what to do where a rollout would leave no pod for a while', RECREATE_CHOICES, BOTH),
  restartDelay: duration('least time between two restarts', '0s', BOTH),
  annotationCooldown: duration('least time between two restarts of one workload', '5m', BOTH),
  istiodConfigReadDelay: duration('extra wait after the injector configuration changed', '10s', RUN),
  restartTimeout: duration('time for a restarted workload to become ready', '10m', RUN),
  failureBudget: count('failed restarts of a run that halt it', 3, BOTH),
  maxAttempts: count('restarts for one sidecar before giving up', 1, BOTH),
  reconcilePeriod: duration('time between scans that nothing else asked for; 0 turns them off', '30m', RUN),
  metricsBindAddress: address('where /metrics is served; 0 turns it off', ':8080'),
  metricsSecure: toggle(
    'serve /metrics over TLS, to those whom the API server lets get it; false: plain HTTP',
    RUN,
    true,
  ),
  metricsCertPath: text(
    'folder of the certificate for /metrics, read again when it changes; without it a self-signed one is made at start',
    'folder',
    RUN,
  ),
  metricsCertName: { ...text('name of the certificate in that folder', 'file', RUN), default: 'tls.crt' },
  metricsCertKey: { ...text('name of its private key in that folder', 'file', RUN), default: 'tls.key' },
  healthProbeBindAddress: address('where /livez and /readyz are served; 0 turns them off', ':8081'),
  logLevel: {
    help: `one of ${LOG_LEVELS.join(', ')}`,
    value: 'level',
    default: 'info',
    commands: RUN,
    parse: parseLogLevel,
  } as Setting<LogLevel>,
  namespace: text('plan: only this one; pause, resume: where Meltemi runs, without it the context’s', 'name', [
    'plan',
    'pause',
    'resume',
  ]),
  reason: text('why, for those who ask later', 'text', ['pause']),
  output: {
    help: 'table, json or yaml',
    value: 'format',
    default: 'table',
    commands: PLAN,
    parse: parseOutput,
  } as Setting<'table' | 'json' | 'yaml'>,
  explain: {
    help: 'show how the verdict on one workload comes about, for example Deployment/web; needs --namespace',
    value: 'kind/name',
    default: '',
    commands: PLAN,
    parse: parseWorkload,
  } as Setting<{ readonly kind: WorkloadKind; readonly name: string } | undefined>,
  all: toggle('also list workloads that no injector matches', PLAN),
  injectorAddress: {
    help: 'host:port to reach every injector at, for your own port-forward',
    value: 'address',
    default: '',
    commands: PLAN,
    parse: parseDialAddress,
  } as Setting<{ readonly host: string; readonly port: number } | undefined>,
} as const;

export type SettingName = keyof typeof SETTINGS;
export type Settings = { readonly [K in SettingName]: ReturnType<(typeof SETTINGS)[K]['parse']> };

/** `maxInFlight` → `--max-in-flight`. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** `maxInFlight` → `MELTEMI_MAX_IN_FLIGHT`. */
export const envOf = (name: string): string =>
  ENV_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

function parseBoolean(given: string): boolean {
  if (given === 'true' || given === 'false') return given === 'true';
  throw new InvalidArgumentError('It must be true or false.');
}

function parseCount(given: string): number {
  if (/^[1-9]\d{0,5}$/.test(given)) return Number(given);
  throw new InvalidArgumentError('It must be a whole number from 1 to 999999.');
}

function parseCountOrNone(given: string): number {
  if (/^\d{1,6}$/.test(given)) return Number(given);
  throw new InvalidArgumentError('It must be a whole number from 0 to 999999.');
}

function parseDurationArgument(given: string): number {
  const milliseconds = parseDuration(given);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError('It must be a duration such as 10s, 5m or 1h30m.');
}

function parseNames(given: string): ReadonlySet<string> {
  const names = splitList(given);
  const wrong = names.find((name) => !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name));
  if (wrong === undefined) return new Set(names);
  throw new InvalidArgumentError(`"${wrong}" is no namespace name: lower-case letters, digits and dashes, at most 63.`);
}

function parseWorkload(given: string): { kind: WorkloadKind; name: string } | undefined {
  if (given === '') return undefined;
  const [, kind, name] = /^([a-z]+)\/([a-z0-9][-a-z0-9.]*)$/i.exec(given) ?? [];
  const known = WORKLOAD_KINDS.find((one) =>
    [one.toLowerCase(), `${one.toLowerCase()}s`].includes(kind?.toLowerCase() ?? ''),
  );
  if (known && name) return { kind: known, name };
  throw new InvalidArgumentError(`It must be KIND/NAME with KIND one of ${WORKLOAD_KINDS.join(', ')}.`);
}

/** Reads a list of words that are all known. */
function oneOfEach<T extends string>(known: readonly T[]): (given: string) => ReadonlySet<T> {
  return (given) => {
    const words = splitList(given);
    const wrong = words.find((word) => !known.includes(word as T));
    if (wrong !== undefined) throw new InvalidArgumentError(`"${wrong}" is none of ${known.join(', ')}.`);
    return new Set(words as T[]);
  };
}

const splitList = (given: string): string[] =>
  given
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);

function parseLogLevel(given: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === given);
  if (level) return level;
  throw new InvalidArgumentError(`It must be one of ${LOG_LEVELS.join(', ')}.`);
}

function parseOutput(given: string): 'table' | 'json' | 'yaml' {
  if (given === 'table' || given === 'json' || given === 'yaml') return given;
  throw new InvalidArgumentError('It must be table, json or yaml.');
}

function parseListenAddress(given: string): ListenAddress | undefined {
  if (given === '0' || given === '') return undefined;
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(given) ?? [];
  if (host !== undefined && Number(port) <= 65_535)
    return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
  throw new InvalidArgumentError('It must be host:port, :port, or 0 to turn it off.');
}

function parseDialAddress(given: string): { host: string; port: number } | undefined {
  if (given === '') return undefined;
  const parsed = parseListenAddress(given);
  if (parsed?.host && parsed.port > 0) return parsed;
  throw new InvalidArgumentError('It must be host:port, for example localhost:15017.');
}
