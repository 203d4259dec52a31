import { readFileSync } from 'node:fs';
import { FILTER_FIELDS } from '../../src/cli/filterSchema.ts';
import { flagOption } from '../../src/cli/flagOption.ts';
import { FREEZE_FIELDS } from '../../src/cli/freezesSchema.ts';
import { METRIC_GATE_FIELDS } from '../../src/cli/metricGatesSchema.ts';
import { NOTIFY_FIELDS } from '../../src/cli/notifySchema.ts';
import {
  FILTER_KEYS,
  METRIC_GATE_KEY,
  NOTIFY_KEY,
  PAUSE_KEY,
  REWRITES_KEY,
  SIDECAR_KEYS,
  TIME_KEYS,
  WAVES_KEY,
} from '../../src/cli/policySchema.ts';

import { type CommandName, envOf, flagOf, type Setting } from '../../src/cli/setting.ts';
import { POLICY_NAMES, SETTINGS } from '../../src/cli/settings.ts';
import { SIDECAR_FIELDS } from '../../src/cli/sidecarsSchema.ts';
import { WAVE_FIELDS } from '../../src/cli/wavesSchema.ts';
import { WINDOW_FIELDS } from '../../src/cli/windowsSchema.ts';
import { RIGHTS, type Right, type RightScope, STATUS_RIGHTS } from '../../src/cluster/rights.ts';
import { BY_DEFAULT, DRIFTS } from '../../src/compare/drift.ts';
import { SOURCE_KINDS } from '../../src/expect/sources.ts';
import { apiVersionOf } from '../../src/kinds/apiResource.ts';
import { KINDS } from '../../src/kinds/kinds.ts';
import type { Exception } from '../../src/kinds/ownerKind.ts';
import { waysToRestart } from '../../src/kinds/waysToRestart.ts';
import { ANNOTATION, LEASE_ANNOTATION, PRODUCT, RESTARTED_AT } from '../../src/names.ts';
import { OUTCOMES } from '../../src/plan/outcomes.ts';
import { REASONS } from '../../src/plan/reasonCatalogue.ts';
import { NEWS_EVENTS } from '../../src/plan/receiver.ts';
import { EVENT_REASONS } from '../../src/report/events.ts';
import { METRICS } from '../../src/report/metrics.ts';
import { between } from './between.ts';
import { chartKeys, generatedChart } from './chart/generatedChart.ts';
import { tableOf } from './markdownTable.ts';

/** Tables in the documentation that are made from the code. Each stands between two markers in its file. */
const TABLES: readonly { file: string; name: string; table: () => string }[] = [
  { file: 'docs/flags.md', name: 'flags of run', table: () => flags('run') },
  { file: 'docs/flags.md', name: 'flags of plan only', table: () => flags('plan', 'run') },
  { file: 'docs/flags.md', name: 'flags of status', table: () => flags('status') },
  { file: 'docs/flags.md', name: 'flags of pause', table: () => flags('pause') },
  { file: 'docs/reasons.md', name: 'reasons', table: reasons },
  { file: 'docs/reporting.md', name: 'events', table: events },
  { file: 'docs/reporting.md', name: 'outcomes', table: outcomes },
  { file: 'docs/reporting.md', name: 'metrics', table: metrics },
  { file: 'docs/reporting.md', name: 'annotations', table: annotations },
  { file: 'docs/policy.md', name: 'policy keys', table: policyKeys },
  { file: 'docs/policy.md', name: 'policy filters', table: filterFields },
  { file: 'docs/steering.md', name: 'metric gate fields', table: metricGateFields },
  { file: 'docs/policy.md', name: 'drifts', table: drifts },
  { file: 'docs/steering.md', name: 'window fields', table: () => fieldsOf(WINDOW_FIELDS) },
  { file: 'docs/steering.md', name: 'freeze fields', table: () => fieldsOf(FREEZE_FIELDS) },
  { file: 'docs/sidecars.md', name: 'sidecar fields', table: sidecarFields },
  { file: 'docs/steering.md', name: 'wave fields', table: waveFields },
  { file: 'docs/install.md', name: 'rights', table: () => rights(RIGHTS) },
  { file: 'docs/status.md', name: 'rights of status', table: () => rights(STATUS_RIGHTS) },
  { file: 'docs/kinds.md', name: 'owner kinds', table: ownerKinds },
  { file: 'docs/steering.md', name: 'receivers', table: receiverFields },
  { file: 'docs/steering.md', name: 'news', table: news },
  { file: 'helm/README.md', name: 'values', table: values },
];

/** Every generated file's path and its content as it should be. @throws {Error} when a file has lost its markers */
export function generatedDocs(): Map<string, string> {
  const contents = generatedChart();
  for (const { file, name, table } of TABLES) {
    const before = contents.get(file) ?? readFileSync(file, 'utf8');
    const begin = `<!-- generated: ${name} -->\n`;
    contents.set(file, between(before, begin, '<!-- end -->', `\n${table()}\n`, file));
  }
  return contents;
}

function flags(command: CommandName, except?: CommandName): string {
  const settings = Object.entries<Setting<unknown>>(SETTINGS).filter(
    ([, { commands }]) => commands.includes(command) && !(except && commands.includes(except)),
  );
  const rows = settings.map(([name, setting]) => {
    const { help, default: fallback } = setting;
    const { short } = flagOption(name, setting);
    const flag = `\`${flagOf(name)}\``;
    return [short ? `${flag}, \`${short}\`` : flag, `\`${envOf(name)}\``, fallback ? `\`${fallback}\`` : '', help];
  });
  return tableOf(['flag', 'environment', 'default', 'meaning'], rows);
}

function policyKeys(): string {
  const settings = POLICY_NAMES.map((name) => {
    const { help, default: fallback, value = 'true or false', list }: Setting<unknown> = SETTINGS[name];
    return [`\`${name}\``, list ? `list of ${value}` : value, fallback ? `\`${fallback}\`` : '', help];
  });
  const filters = Object.entries(FILTER_KEYS).map(([name, help]) => [`\`${name}\``, 'list of filters', '', help]);
  const rewrites = Object.entries(REWRITES_KEY).map(([name, help]) => [`\`${name}\``, 'list of rewrites', '', help]);
  const notify = [['`notify`', 'list of [receivers](steering.md#notifications)', '', NOTIFY_KEY.notify]];
  const sidecars = [
    ['`istio`', 'true or false', '`true`', SIDECAR_KEYS.istio],
    ['`sidecars`', 'list of [sidecars](sidecars.md)', '', SIDECAR_KEYS.sidecars],
  ];
  const gates = [
    ['`metricGates`', 'list of [metric gates](steering.md#metric-gates)', '', METRIC_GATE_KEY.metricGates],
  ];
  const waves = [['`waves`', 'list of [waves](steering.md#waves)', '', WAVES_KEY.waves]];
  const times = Object.entries(TIME_KEYS).map(([name, help]) => [`\`${name}\``, TIMES, '', help]);
  const paused = ['`paused`', 'text', '', PAUSE_KEY.paused];
  return tableOf(
    ['key', 'value', 'default', 'meaning'],
    [...settings, paused, ...rewrites, ...sidecars, ...times, ...filters, ...waves, ...gates, ...notify],
  );
}

const TIMES = 'list, see [steering](steering.md#windows-freezes-and-urgent-restarts)';

function fieldsOf(fields: Readonly<Record<string, string>>): string {
  return tableOf(
    ['field', 'meaning'],
    Object.entries(fields).map(([name, help]) => [`\`${name}\``, help]),
  );
}

function filterFields(): string {
  return tableOf(
    ['field', 'matches'],
    Object.entries(FILTER_FIELDS).map(([name, help]) => [`\`${name}\``, help]),
  );
}

function metricGateFields(): string {
  return tableOf(
    ['field', 'meaning'],
    Object.entries(METRIC_GATE_FIELDS).map(([name, help]) => [`\`${name}\``, help]),
  );
}

function drifts(): string {
  const restarting: ReadonlySet<string> = new Set(BY_DEFAULT);
  return tableOf(
    ['drift', 'the pod', 'by default'],
    Object.entries(DRIFTS).map(([name, help]) => [
      `\`${name}\``,
      help,
      restarting.has(name) ? 'restarts' : 'is reported',
    ]),
  );
}

function sidecarFields(): string {
  const examples = new Map(SOURCE_KINDS.map(({ key, example }) => [key, `\`${example}\``]));
  return tableOf(
    ['field', 'meaning', 'example'],
    Object.entries(SIDECAR_FIELDS).map(([name, help]) => [`\`${name}\``, help, examples.get(name) ?? '']),
  );
}

function receiverFields(): string {
  return tableOf(
    ['field', 'meaning'],
    Object.entries(NOTIFY_FIELDS).map(([name, help]) => [`\`${name}\``, help]),
  );
}

function news(): string {
  return tableOf(
    ['event', 'meaning'],
    Object.entries(NEWS_EVENTS).map(([event, help]) => [`\`${event}\``, help]),
  );
}

function waveFields(): string {
  return tableOf(
    ['field', 'meaning'],
    Object.entries(WAVE_FIELDS).map(([name, help]) => [`\`${name}\``, help]),
  );
}

function reasons(): string {
  return tableOf(
    ['reason', 'meaning', 'what ends it'],
    [...REASONS].map(([code, { help, ends }]) => [`\`${code}\``, help, ends]),
  );
}

function outcomes(): string {
  return tableOf(
    ['outcome', '`result` in metrics', 'counts as a failure', 'meaning'],
    Object.entries(OUTCOMES).map(([outcome, { help, result, failure }]) => [
      `\`${outcome}\``,
      `\`${result}\``,
      failure ? 'yes' : 'no',
      help,
    ]),
  );
}

function events(): string {
  return tableOf(
    ['reason', 'type', 'meaning'],
    Object.entries(EVENT_REASONS).map(([reason, { type, help }]) => [`\`${reason}\``, type, help]),
  );
}

function metrics(): string {
  return tableOf(
    ['metric', 'labels', 'meaning'],
    Object.entries(METRICS).map(([name, { labels, help }]) => [
      `\`${PRODUCT}_${name}\``,
      labels.map((label) => `\`${label}\``).join(', '),
      help,
    ]),
  );
}

const ANNOTATION_HELP: Record<keyof typeof ANNOTATION, string> = {
  restartedFor: 'fingerprint of the sidecar that the last restart was made for',
  restartedAt: 'when Meltemi wrote that restart, RFC 3339',
  attempts: 'restarts in this episode of drift',
  writes: 'times of the latest restarts, for the daily cap; `ok` after those that ended well',
  run: 'hash of the content of the injector that the restart was made towards; restarts with the same value form one run',
  retried: 'the value of `meltemi.dev/retry` that the restart answered',
  outcome: 'how the restart ended, see above; empty while it is in flight',
  others:
    'only if the policy has `sidecars`: other sidecars that restarts were for, each with time, attempts, run and outcome',
  durations: 'how many seconds each of the last three verified restarts took, newest first; absent before the first',
};

const LEASE_ANNOTATION_HELP: Record<keyof typeof LEASE_ANNOTATION, string> = {
  paused: 'set by users: no new restart begins; the value is the reason, and `false` counts as absent',
  resume: 'set by users: any new value ends all current halts',
  resumed: 'the last value of `resume` that the leader has acted on',
  resumedAt: 'when the leader acted on it, RFC 3339',
  journal: 'set by the leader: its journal of restarts and how they ended; see above',
  status: 'set by the leader: what its last evaluation says, for `meltemi status`',
};

function annotations(): string {
  const own = Object.entries(ANNOTATION).map(([key, name]) => [
    `\`${name}\``,
    'workload',
    ANNOTATION_HELP[key as keyof typeof ANNOTATION],
  ]);
  return tableOf(
    ['annotation', 'on', 'meaning'],
    [
      ...own,
      [`\`${RESTARTED_AT}\``, 'pod template', 'makes the controller roll, as `kubectl rollout restart` does'],
      ...Object.entries(LEASE_ANNOTATION).map(([key, name]) => [
        `\`${name}\``,
        'Lease',
        LEASE_ANNOTATION_HELP[key as keyof typeof LEASE_ANNOTATION],
      ]),
    ],
  );
}

const PLACE_HELP: Record<RightScope, string> = {
  cluster: 'the cluster',
  namespaces: '`namespaces`',
  istio: '`istioNamespaces`',
  own: 'its own namespace',
};

function ownerKinds(): string {
  const listed = (all: readonly Exception[]): string => all.map(({ what, why }) => `${what}: ${why}`).join('; ');
  const rows = KINDS.map((kind) => [
    `\`${kind.kind}\``,
    `\`${apiVersionOf(kind)}\`${kind.optional ? ', where it is served' : ''}`,
    waysToRestart(kind)
      .map(({ help }) => help)
      .join('; '),
    listed(kind.refused),
    listed(kind.waitsFor),
  ]);
  return tableOf(['kind', 'API', 'restarted by', 'not restarted', 'waited for'], rows);
}

const WHEN_HELP: Readonly<Record<string, string>> = {
  authorizes: `only with \`${flagOf('metricsSecure')}\`, or with \`${flagOf('statusBindAddress')}\` on an address that is not loopback`,
  istio: 'unless the policy says `istio: false`',
  sidecars: 'only if the policy has `sidecars`',
  'eviction.enabled': 'unless the chart’s value `eviction.enabled` is `false`',
};

function rights(all: readonly Right[]): string {
  const rows = all.map(({ resource, verbs, names = [], place, scoped, why, when }) => [
    [`\`${resource}\``, ...names.map((name) => `\`${name}\``)].join(' '),
    verbs.join(', '),
    PLACE_HELP[place],
    scoped.map((one) => PLACE_HELP[one]).join(', '),
    when ? `${why}; ${WHEN_HELP[when] ?? `only with the chart’s value \`${when}\``}` : why,
  ]);
  return tableOf(['kind', 'verbs', 'where', 'where with `namespaces`', 'why'], rows);
}

function values(): string {
  const rows = chartKeys().map(({ path, help, usual }) => [`\`${path}\``, `\`${JSON.stringify(usual)}\``, help]);
  return tableOf(['value', 'default', 'meaning'], rows);
}
