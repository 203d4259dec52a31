import { readFileSync } from 'node:fs';
import { FILTER_FIELDS } from '../../src/cli/filterSchema.ts';
import { FILTER_KEYS } from '../../src/cli/policySchema.ts';
import { type CommandName, envOf, flagOf, POLICY_NAMES, SETTINGS, type Setting } from '../../src/cli/settings.ts';
import { ANNOTATION, PRODUCT, RESTARTED_AT } from '../../src/names.ts';
import { REASONS } from '../../src/reasons.ts';
import { EVENT_REASONS } from '../../src/report/events.ts';
import { METRICS } from '../../src/report/metrics.ts';

/** Tables in the documentation that are made from the code. Each stands between two markers in its file. */
const TABLES: readonly { file: string; name: string; table: () => string }[] = [
  { file: 'README.md', name: 'flags of run', table: () => flags('run') },
  { file: 'README.md', name: 'flags of plan only', table: () => flags('plan', 'run') },
  { file: 'docs/reasons.md', name: 'reasons', table: reasons },
  { file: 'docs/reporting.md', name: 'events', table: events },
  { file: 'docs/reporting.md', name: 'metrics', table: metrics },
  { file: 'docs/reporting.md', name: 'annotations', table: annotations },
  { file: 'docs/policy.md', name: 'policy keys', table: policyKeys },
  { file: 'docs/policy.md', name: 'policy filters', table: filterFields },
];

/** Every generated file's path and its content as it should be. @throws {Error} when a file has lost its markers */
export function generatedDocs(): Map<string, string> {
  const contents = new Map<string, string>();
  for (const { file, name, table } of TABLES) {
    const before = contents.get(file) ?? readFileSync(file, 'utf8');
    const [begin, end] = [`<!-- generated: ${name} -->\n`, '\n<!-- end -->'];
    const from = before.indexOf(begin);
    const to = before.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`${file} has no place for the table "${name}"`);
    contents.set(file, `${before.slice(0, from + begin.length)}\n${table()}\n${before.slice(to)}`);
  }
  return contents;
}

const row = (...cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

function tableOf(titles: string[], rows: string[][]): string {
  return [row(...titles), row(...titles.map(() => '---')), ...rows.map((cells) => row(...cells))].join('\n');
}

function flags(command: CommandName, except?: CommandName): string {
  const settings = Object.entries<Setting<unknown>>(SETTINGS).filter(
    ([, { commands }]) => commands.includes(command) && !(except && commands.includes(except)),
  );
  const rows = settings.map(([name, { help, default: fallback }]) => [
    `\`${flagOf(name)}\``,
    `\`${envOf(name)}\``,
    fallback ? `\`${fallback}\`` : '',
    help,
  ]);
  return tableOf(['flag', 'environment', 'default', 'meaning'], rows);
}

function policyKeys(): string {
  const settings = POLICY_NAMES.map((name) => {
    const { help, default: fallback, value = 'true or false', list }: Setting<unknown> = SETTINGS[name];
    return [`\`${name}\``, list ? `list of ${value}` : value, fallback ? `\`${fallback}\`` : '', help];
  });
  const filters = Object.entries(FILTER_KEYS).map(([name, help]) => [`\`${name}\``, 'list of filters', '', help]);
  return tableOf(['key', 'value', 'default', 'meaning'], [...settings, ...filters]);
}

function filterFields(): string {
  return tableOf(
    ['field', 'matches'],
    Object.entries(FILTER_FIELDS).map(([name, help]) => [`\`${name}\``, help]),
  );
}

function reasons(): string {
  return tableOf(
    ['reason', 'meaning'],
    Object.entries(REASONS).map(([code, help]) => [`\`${code}\``, help]),
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
  restartedAt: 'when it was written, RFC 3339',
  attempts: 'restarts in this episode of drift',
  writes: 'times of the last three restarts, for the daily cap',
  run: 'epoch of the injector; failures are counted per run',
  retried: 'the value of `meltemi.dev/retry` that the restart answered',
  outcome: '`verified`, `failed:<reason>`, `reverted` or `superseded`; empty while the restart is in flight',
};

function annotations(): string {
  const own = Object.entries(ANNOTATION).map(([key, name]) => [
    `\`${name}\``,
    'workload',
    ANNOTATION_HELP[key as keyof typeof ANNOTATION],
  ]);
  return tableOf(
    ['annotation', 'on', 'meaning'],
    [...own, [`\`${RESTARTED_AT}\``, 'pod template', 'makes the controller roll, as `kubectl rollout restart` does']],
  );
}
