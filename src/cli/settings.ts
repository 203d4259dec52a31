import { BY_DEFAULT, type Drift, REPORTED, RESTARTABLE } from '../compare/drift.ts';
import type { Assumption } from '../expect/assumption.ts';
import { ON_DELETE_CHOICES } from '../kinds/kindPolicy.ts';
import { KINDS, WORKLOAD_KINDS } from '../kinds/kinds.ts';
import type { WorkloadKind } from '../model.ts';
import { RESTART_ANNOTATION } from '../names.ts';
import { GATE_CODES, type GateCode } from '../plan/gates/gates.ts';
import { DO_NOT_DISRUPT_CHOICES, PDB_CHOICES, RECREATE_CHOICES } from '../plan/policy.ts';
import { LOG_LEVELS, type LogLevel } from '../report/logger.ts';
import type { OperatorChoice } from './installed/operatorDeployment.ts';
import { ALL, BOTH, defaultOf, PLAN, RUN, type Setting, SHOW, STATUS } from './setting.ts';
import {
  atLeastOne,
  oneOfEach,
  parseContexts,
  parseDialAddress,
  parseLogLevel,
  parseOperatorChoice,
  parseOutput,
  parseStatusUrl,
  parseTracingEndpoint,
  parseWorkload,
  SECOND,
  STATUS_URL,
  TRACING_ENDPOINT,
} from './settingParsers.ts';
import {
  address,
  choice,
  count,
  duration,
  names,
  neverEmpty,
  patterns,
  policy,
  selector,
  text,
  toggle,
} from './settingTypes.ts';
import { ASSUMPTION_FORMS, combined, parseAssumptions } from './whatIf/parseAssumptions.ts';

const SOME_NAMESPACE = 'name at least one namespace, such as shop,bank; leave it out for all.';

/** All flags: one entry each. Its environment variable, help, docs, chart value and key in the policy file follow from the entry. */
export const SETTINGS = {
  kubeconfig: text(
    'kubeconfig file; default: KUBECONFIG, then ~/.kube/config, then the pod’s service account',
    'file',
    ALL,
  ),
  context: text('kubeconfig context; default: the current context', 'name', ALL),
  policy: neverEmpty(
    text('YAML file with policy settings; flags and environment variables override it', 'file', BOTH),
    'be the path of a file; leave it out to have no policy file.',
  ),
  namespaces: neverEmpty(
    names('manage only these namespaces, comma-separated, and need no rights in others; default: all namespaces'),
    SOME_NAMESPACE,
  ),
  istioNamespaces: neverEmpty(
    names(
      'look for istiod only in these namespaces, comma-separated, and need no rights in others; default: those that webhooks name',
    ),
    SOME_NAMESPACE,
  ),
  dryRun: toggle('decide and report, write nothing', RUN),
  leaderElect: toggle(
    'act only while holding the Lease; set it to false only if there is never more than one replica',
    RUN,
    true,
  ),
  compareHub: policy(toggle('a different registry alone makes a sidecar outdated', BOTH)),
  ignoreDigest: policy(toggle('ignore image digests, for clusters where a webhook pins them', BOTH)),
  restartOn: policy({
    help: `kinds of drift that cause restarts, comma-separated, of ${RESTARTABLE.join(', ')}; the others are reported only`,
    value: 'drifts',
    default: BY_DEFAULT.join(','),
    commands: BOTH,
    list: true,
    words: RESTARTABLE,
    parse: oneOfEach(RESTARTABLE),
  } as Setting<ReadonlySet<Drift>>),
  reportOn: policy({
    help: `more kinds of drift to look for and report, comma-separated, of ${REPORTED.join(', ')}`,
    value: 'drifts',
    default: REPORTED.join(','),
    commands: BOTH,
    list: true,
    words: REPORTED,
    parse: oneOfEach(REPORTED),
  } as Setting<ReadonlySet<Drift>>),
  ignoreGate: policy({
    help: `gates to ignore, comma-separated, of ${GATE_CODES.join(', ')}`,
    value: 'gates',
    default: '',
    commands: BOTH,
    list: true,
    words: GATE_CODES,
    parse: oneOfEach(GATE_CODES),
  } as Setting<ReadonlySet<GateCode>>),
  kinds: policy({
    help: `kinds of workloads to keep up to date, comma-separated, of ${WORKLOAD_KINDS.join(', ')}`,
    value: 'kinds',
    default: WORKLOAD_KINDS.join(','),
    commands: BOTH,
    list: true,
    words: WORKLOAD_KINDS,
    atLeastOne: true,
    parse: atLeastOne(oneOfEach(WORKLOAD_KINDS)),
  } as Setting<ReadonlySet<WorkloadKind>>),
  skipNamespaces: policy({
    ...names('never restart in these namespaces, comma-separated; outdated workloads there are listed as skipped'),
    default: 'kube-system,istio-system',
  }),
  optIn: policy(
    toggle(
      `restart only workloads that have, or whose namespace has, the annotation ${RESTART_ANNOTATION}: "true"`,
      BOTH,
    ),
  ),
  includeNamespaces: policy(
    neverEmpty(
      patterns(
        'restart only in these namespaces, comma-separated, * matches any characters; others are assessed and reported',
      ),
      SOME_NAMESPACE,
    ),
  ),
  excludeNamespaces: policy(
    patterns(
      'restart nothing in these namespaces, comma-separated, * matches any characters; they are assessed and reported',
    ),
  ),
  includeLabels: policy(
    neverEmpty(
      selector('restart only workloads whose pod template labels match this selector, as in kubectl -l'),
      'be a label selector such as tier=db; leave it out for all workloads.',
    ),
  ),
  excludeLabels: policy(selector('restart no workload whose pod template labels this selector matches')),
  maxInFlight: policy(count('restarts under way at a time', 5)),
  maxInFlightPerNamespace: policy(count('restarts under way at a time in one namespace', 1)),
  maxRestartsPerMinute: policy(count('restarts within any minute; 0 is no limit', 0, 0)),
  pdb: policy(choice('whether a rollout that takes pods away waits for PodDisruptionBudgets', PDB_CHOICES)),
  recreate: policy(choice('what to do where a rollout would leave no pod for a while', RECREATE_CHOICES)),
  onDelete: policy(
    choice('what to do with StatefulSets and DaemonSets of update strategy OnDelete', ON_DELETE_CHOICES),
  ),
  doNotDisrupt: policy(
    choice(
      'what to do where a pod asks node autoscalers not to disrupt it (karpenter.sh/do-not-disrupt, safe-to-evict)',
      DO_NOT_DISRUPT_CHOICES,
    ),
  ),
  restartDelay: policy(duration('minimum time between two restarts', '0s', BOTH)),
  annotationCooldown: policy(duration('minimum time between two restarts of one workload', '5m', BOTH)),
  istiodConfigReadDelay: policy(duration('extra wait after the configuration of an injector has changed', '10s', RUN)),
  restartTimeout: policy(duration('time for a restarted workload to become ready', '10m', RUN, SECOND)),
  failureBudget: policy(count('failed restarts of a run that halt it', 3)),
  failureBudgetPerNamespace: policy(count('failed restarts in one namespace that halt that namespace', 2)),
  maxAttempts: policy(count('restarts for one sidecar before giving up', 1)),
  maxRestartsPerDay: policy(
    count('a workload waits after this many restarts within 24 hours that ended badly, or after 10 that ended well', 3),
  ),
  reconcilePeriod: duration('time between periodic scans; 0 turns them off', '30m', RUN),
  metricsBindAddress: address('where /metrics is served; 0 turns it off', ':8080'),
  metricsSecure: toggle(
    'serve /metrics over TLS to clients that the API server authorizes; false: plain HTTP to all clients',
    RUN,
    true,
  ),
  metricsCertPath: text(
    'folder of the certificate for /metrics, reloaded when it changes; default: a self-signed one, created at start',
    'folder',
    RUN,
  ),
  metricsCertName: { ...text('name of the certificate in that folder', 'file', RUN), default: 'tls.crt' },
  metricsCertKey: { ...text('name of its private key in that folder', 'file', RUN), default: 'tls.key' },
  healthProbeBindAddress: address('where /livez and /readyz are served; 0 turns them off', ':8081'),
  statusBindAddress: address(
    'where the status page is served: on a loopback address such as 127.0.0.1:8082 plain HTTP to all clients; ' +
      'elsewhere over TLS, to clients that the API server authorizes; 0 turns it off',
    '0',
  ),
  clusterName: text('name of this cluster in notifications', 'name', RUN),
  statusUrl: {
    ...text('address of a page about this cluster that notifications link to', 'url', RUN),
    pattern: STATUS_URL,
    parse: parseStatusUrl,
  },
  tracingEndpoint: {
    ...text('base URL of an OpenTelemetry collector (OTLP over HTTP) that gets a trace of each restart', 'url', RUN),
    pattern: TRACING_ENDPOINT,
    parse: parseTracingEndpoint,
  },
  logLevel: {
    help: `one of ${LOG_LEVELS.join(', ')}`,
    value: 'level',
    default: 'info',
    commands: RUN,
    words: LOG_LEVELS,
    parse: parseLogLevel,
  } as Setting<LogLevel>,
  namespace: neverEmpty(
    text(
      'plan, status: only this namespace; pause, resume: the namespace of Meltemi, by default the context’s',
      'name',
      ['plan', 'status', 'pause', 'resume'],
    ),
    'be the name of a namespace; leave it out to give none.',
  ),
  reason: text('why restarts are paused; shown to users who ask later', 'text', ['pause']),
  output: {
    help: 'table, json or yaml',
    value: 'format',
    default: 'table',
    commands: SHOW,
    parse: parseOutput,
  } as Setting<'table' | 'json' | 'yaml'>,
  contexts: {
    help: 'one line for each of these clusters: kubeconfig contexts, comma-separated, or all',
    value: 'contexts',
    default: '',
    commands: SHOW,
    list: true,
    parse: parseContexts,
  } as Setting<readonly string[]>,
  watch: toggle('keep the status on the screen, live', STATUS),
  run: neverEmpty(
    text('only this run: its identity, as the status shows it, or the first characters of it', 'run', STATUS),
    'be the identity of a run; leave it out for all of them.',
  ),
  explain: {
    help: `show how the verdict on one workload comes about, for example ${KINDS[0]?.kind}/web; needs --namespace`,
    value: 'kind/name',
    default: '',
    commands: PLAN,
    parse: parseWorkload,
  } as Setting<{ readonly kind: WorkloadKind; readonly name: string } | undefined>,
  if: {
    ...neverEmpty<readonly Assumption[]>(
      {
        help:
          `plan as if this were so; repeatable: ${Object.values(ASSUMPTION_FORMS).join(', ')} (a second istiod); ` +
          'several in one value are separated by semicolons',
        value: 'assumption',
        default: '',
        commands: PLAN,
        parse: parseAssumptions,
      },
      `be an assumption such as "${ASSUMPTION_FORMS.tag}"; leave it out to assume nothing.`,
    ),
    combine: combined,
  } as Setting<readonly Assumption[]>,
  all: toggle('also list workloads that no injector matches', PLAN),
  inClusterSettings: {
    help: 'plan with settings and policy of the operator in the cluster; name its namespace, or NAMESPACE/DEPLOYMENT, if there are several',
    value: 'namespace/name',
    alone: 'true',
    default: '',
    commands: PLAN,
    parse: parseOperatorChoice,
  } as Setting<OperatorChoice | undefined>,
  injectorAddress: {
    help: 'host:port at which to reach all injectors, for example through a port-forward of your own',
    value: 'address',
    default: '',
    commands: PLAN,
    parse: parseDialAddress,
  } as Setting<{ readonly host: string; readonly port: number } | undefined>,
} as const;

export type SettingName = keyof typeof SETTINGS;
export type Settings = { readonly [K in SettingName]: ReturnType<(typeof SETTINGS)[K]['parse']> };

/** All settings with their defaults. */
export function defaults(): Settings {
  const entries = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => [name, defaultOf(setting)]);
  return Object.fromEntries(entries) as Settings;
}

export type PolicyName = {
  [K in SettingName]: (typeof SETTINGS)[K] extends { readonly policy: true } ? K : never;
}[SettingName];

/** The settings that are policy, in the table's order. */
export const POLICY_NAMES = Object.entries<Setting<unknown>>(SETTINGS)
  .filter(([, setting]) => setting.policy)
  .map(([name]) => name as PolicyName);
