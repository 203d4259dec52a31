import { InvalidArgumentError } from 'commander';
import { type Drift, RESTARTABLE } from '../compare/drift.ts';
import { KINDS, WORKLOAD_KINDS } from '../kinds/kinds.ts';
import type { LabelSelector, WorkloadKind } from '../model.ts';
import { ENV_PREFIX, RESTART_ANNOTATION } from '../names.ts';
import { GATES, type Gate } from '../plan/gates.ts';
import { PDB_CHOICES, RECREATE_CHOICES } from '../plan/policy.ts';
import { LOG_LEVELS, type LogLevel } from '../report/logger.ts';
import type { ListenAddress } from '../report/server.ts';
import { parseDuration } from './duration.ts';
import { parseLabelSelector } from './labelSelector.ts';

export type CommandName = 'run' | 'plan' | 'pause' | 'resume';

/** One setting: its flag and environment variable follow from its name; help, README and chart are made from this table. */
export interface Setting<T> {
  readonly help: string;
  /** Placeholder of the value in the help; absent for switches, which also take `true` or `false`. */
  readonly value?: string;
  readonly default: string;
  readonly commands: readonly CommandName[];
  /** Whether its text is a list of words between commas; in the policy file it is a list then. */
  readonly list?: true;
  /** Whether it may also stand in the policy file, under its own name: what is allowed and how much, not where and how. */
  readonly policy?: true;
  /** All the words that there are for it, or for an entry of its list. */
  readonly words?: readonly string[];
  /**
   * The value of a setting that is not given, if no text stands for it. An empty text would mean everything (all namespaces, no policy) and is
   * more likely a forgotten variable, so `parse` refuses it.
   */
  readonly unset?: { readonly value: T };
  /** The smallest and the largest sensible value of a number, or of a duration in milliseconds. */
  readonly bounds?: Bounds;
  /** @throws {InvalidArgumentError} saying what would be right */
  readonly parse: (text: string) => T;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
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

/** A year. A longer time would mean never, which no duration is meant to say. */
const LONGEST_DURATION = 8760 * 3_600_000;
const SECOND = 1000;
const GREATEST_COUNT = 999_999;

/** @param min milliseconds */
const duration = (help: string, fallback: string, commands: readonly CommandName[], min = 0): Setting<number> => {
  const bounds = { min, max: LONGEST_DURATION };
  return { help, value: 'duration', default: fallback, commands, bounds, parse: durationIn(bounds) };
};

const count = (help: string, fallback: number, commands: readonly CommandName[], min = 1): Setting<number> => {
  const bounds = { min, max: GREATEST_COUNT };
  return { help, value: 'number', default: String(fallback), commands, bounds, parse: countIn(bounds) };
};

/** Marks a setting as policy. */
const policy = <S extends Setting<unknown>>(setting: S): S & { readonly policy: true } => ({
  ...setting,
  policy: true,
});

const patterns = (help: string): Setting<readonly string[]> => ({
  help,
  value: 'patterns',
  default: '',
  commands: BOTH,
  list: true,
  parse: parseNamespacePatterns,
});

/** The same setting, but it refuses an empty value, which would mean everything. @param right what to give instead, in words */
const neverEmpty = <T>(setting: Setting<T>, right: string): Setting<T> => ({
  ...setting,
  unset: { value: setting.parse('') },
  parse: (given) => {
    if (given.replace(/[\s,]/g, '') !== '') return setting.parse(given);
    throw new InvalidArgumentError(`It must ${right}`);
  },
});

const names = (help: string, commands: readonly CommandName[]): Setting<ReadonlySet<string>> => ({
  help,
  value: 'names',
  default: '',
  commands,
  list: true,
  parse: parseNames,
});

const SOME_NAMESPACE = 'name at least one namespace, such as shop,bank; leave it out for all.';

const selector = (help: string): Setting<LabelSelector | undefined> => ({
  help,
  value: 'selector',
  default: '',
  commands: BOTH,
  parse: (given) => (given.trim() === '' ? undefined : parseLabelSelector(given)),
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
  words,
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
  policy: neverEmpty(
    text('YAML file with the settings that are policy; flags and environment win over it', 'file', BOTH),
    'be the path of a file; leave it out to have no policy file.',
  ),
  namespaces: neverEmpty(
    names('look after these namespaces only, comma-separated, with rights in no others; without it after all', RUN),
    SOME_NAMESPACE,
  ),
  istioNamespaces: neverEmpty(
    names(
      'look for istiods in these namespaces only, comma-separated, with rights in no others; without it in those that webhooks name',
      BOTH,
    ),
    SOME_NAMESPACE,
  ),
  dryRun: toggle('decide and report, write nothing', RUN),
  leaderElect: toggle('lead only while holding the Lease; false where there is one replica for certain', RUN, true),
  compareHub: policy(toggle('a different registry alone makes a sidecar outdated', BOTH)),
  ignoreDigest: policy(toggle('ignore image digests, for clusters where a webhook pins them', BOTH)),
  restartOn: policy({
    help: `drifts that restart, comma-separated, of ${RESTARTABLE.join(', ')}; the others are reported only`,
    value: 'drifts',
    default: RESTARTABLE.join(','),
    commands: BOTH,
    list: true,
    words: RESTARTABLE,
    parse: oneOfEach(RESTARTABLE),
  } as Setting<ReadonlySet<Drift>>),
  ignoreGate: policy({
    help: `gates that hold nothing back, comma-separated, of ${GATES.join(', ')}`,
    value: 'gates',
    default: '',
    commands: BOTH,
    list: true,
    words: GATES,
    parse: oneOfEach(GATES),
  } as Setting<ReadonlySet<Gate>>),
  skipNamespaces: policy({
    ...names(
      'namespaces where nothing is restarted, comma-separated; outdated workloads there are listed as skipped',
      BOTH,
    ),
    default: 'kube-system,istio-system',
  }),
  optIn: policy(
    toggle(`restart only what carries the annotation ${RESTART_ANNOTATION}: "true", itself or its namespace`, BOTH),
  ),
  includeNamespaces: policy(
    neverEmpty(
      patterns(
        'restart only in these namespaces, comma-separated, * is any characters; the others are assessed and reported',
      ),
      SOME_NAMESPACE,
    ),
  ),
  excludeNamespaces: policy(
    patterns(
      'restart nothing in these namespaces, comma-separated, * is any characters; they are assessed and reported',
    ),
  ),
  includeLabels: policy(
    neverEmpty(
      selector('restart only workloads whose pod template labels this selector matches, as kubectl -l takes it'),
      'be a label selector such as tier=db; leave it out for all workloads.',
    ),
  ),
  excludeLabels: policy(selector('restart no workload whose pod template labels this selector matches')),
  maxInFlight: policy(count('restarts under way at a time', 5, BOTH)),
  maxInFlightPerNamespace: policy(count('restarts under way at a time in one namespace', 1, BOTH)),
  maxRestartsPerMinute: policy(count('restarts within any minute; 0 is no limit', 0, BOTH, 0)),
  pdb: policy(choice('whether a rollout that takes pods away waits for PodDisruptionBudgets', PDB_CHOICES, BOTH)),
  recreate: policy(choice('what to do where a rollout would leave no pod for a while', RECREATE_CHOICES, BOTH)),
  restartDelay: policy(duration('least time between two restarts', '0s', BOTH)),
  annotationCooldown: policy(duration('least time between two restarts of one workload', '5m', BOTH)),
  istiodConfigReadDelay: policy(duration('extra wait after the injector configuration changed', '10s', RUN)),
  restartTimeout: policy(duration('time for a restarted workload to become ready', '10m', RUN, SECOND)),
  failureBudget: policy(count('failed restarts of a run that halt it', 3, BOTH)),
  failureBudgetPerNamespace: policy(count('failed restarts in one namespace that halt that namespace', 2, BOTH)),
  maxAttempts: policy(count('restarts for one sidecar before giving up', 1, BOTH)),
  maxRestartsPerDay: policy(
    count(
      'restarts of one workload within 24 hours that may end badly before it waits; restarts that end well have a limit of 10',
      3,
      BOTH,
    ),
  ),
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
    words: LOG_LEVELS,
    parse: parseLogLevel,
  } as Setting<LogLevel>,
  namespace: neverEmpty(
    text('plan: only this one; pause, resume: where Meltemi runs, without it the context’s', 'name', [
      'plan',
      'pause',
      'resume',
    ]),
    'be the name of a namespace; leave it out to give none.',
  ),
  reason: text('why, for those who ask later', 'text', ['pause']),
  output: {
    help: 'table, json or yaml',
    value: 'format',
    default: 'table',
    commands: PLAN,
    parse: parseOutput,
  } as Setting<'table' | 'json' | 'yaml'>,
  explain: {
    help: `show how the verdict on one workload comes about, for example ${KINDS[0]?.kind}/web; needs --namespace`,
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

/** The value of a setting that is not given. */
export const defaultOf = <T>({ unset, parse, default: text }: Setting<T>): T => (unset ? unset.value : parse(text));

/** All settings with the values that they have when they are not given. */
export function defaults(): Settings {
  const entries = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => [name, defaultOf(setting)]);
  return Object.fromEntries(entries) as Settings;
}

/**
 * Whether an empty environment variable counts as not set; templates leave such variables where they have no value. It does where the default
 * is empty too, and then it does not override the policy file. For a list of known words, and where the default is a list, an empty variable
 * means "none".
 */
export const emptyIsUnset = (setting: Setting<unknown>): boolean => setting.default === '' && !setting.words;

export type PolicyName = {
  [K in SettingName]: (typeof SETTINGS)[K] extends { readonly policy: true } ? K : never;
}[SettingName];

/** The settings that are policy, in the table's order. */
export const POLICY_NAMES = Object.entries<Setting<unknown>>(SETTINGS)
  .filter(([, setting]) => setting.policy)
  .map(([name]) => name as PolicyName);

/** `maxInFlight` → `--max-in-flight`. */
export const flagOf = (name: string): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** `maxInFlight` → `MELTEMI_MAX_IN_FLIGHT`. */
export const envOf = (name: string): string =>
  ENV_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

function parseBoolean(given: string): boolean {
  if (given === 'true' || given === 'false') return given === 'true';
  throw new InvalidArgumentError('It must be true or false.');
}

function countIn({ min, max }: Bounds): (given: string) => number {
  return (given) => {
    const number = /^(0|[1-9]\d{0,15})$/.test(given) ? Number(given) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** Whole seconds: the times in records have no fractions (RFC 3339, as `kubectl rollout restart` writes it), so a fraction would be lost. */
function durationIn({ min, max }: Bounds): (given: string) => number {
  const range = min > 0 ? `from ${min / SECOND}s to ${max / 3_600_000}h` : `at most ${max / 3_600_000}h`;
  return (given) => {
    const milliseconds = parseDuration(given);
    if (milliseconds === undefined || milliseconds < min || milliseconds > max)
      throw new InvalidArgumentError(`It must be a duration such as 10s, 5m or 1h30m, ${range}.`);
    const whole = Math.round(milliseconds / SECOND) * SECOND;
    if (Math.abs(milliseconds - whole) < 1e-3) return whole;
    throw new InvalidArgumentError(`It must be whole seconds, such as 10s, 5m or 1h30m, ${range}.`);
  };
}

function parseNames(given: string): ReadonlySet<string> {
  const names = splitList(given);
  const wrong = names.find((name) => !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name));
  if (wrong === undefined) return new Set(names);
  throw new InvalidArgumentError(`"${wrong}" is no namespace name: lower-case letters, digits and dashes, at most 63.`);
}

function parseNamespacePatterns(given: string): readonly string[] {
  const found = splitList(given);
  const wrong = found.find((pattern) => !/^[a-z0-9*][-a-z0-9*]{0,62}$/.test(pattern));
  if (wrong === undefined) return found;
  throw new InvalidArgumentError(
    `"${wrong}" is no namespace name or pattern: lower-case letters, digits, dashes and *, at most 63.`,
  );
}

function parseWorkload(given: string): { kind: WorkloadKind; name: string } | undefined {
  if (given === '') return undefined;
  const [, kind, name] = /^([a-z]+)\/([a-z0-9][-a-z0-9.]*)$/i.exec(given) ?? [];
  const known = KINDS.find((one) => [one.kind.toLowerCase(), one.resource].includes(kind?.toLowerCase() ?? ''));
  if (known && name) return { kind: known.kind, name };
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

/** An empty text is an empty list. Commas without words are a mistake. */
function splitList(given: string): string[] {
  const words = given
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);
  if (words.length > 0 || given.trim() === '') return words;
  throw new InvalidArgumentError('It must have words between its commas, such as a,b. An empty text means none.');
}

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
