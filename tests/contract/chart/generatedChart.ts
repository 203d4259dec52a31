import { readFileSync } from 'node:fs';
import { changelog, sectionOf } from '../../release/changelog.ts';
import { hubChanges } from '../../release/hubChanges.ts';
import { between } from '../between.ts';
import { configBlock } from './configBlock.ts';
import { policyKeys } from './policyKeys.ts';
import { rightsTemplate } from './rightsTemplate.ts';
import { type ValueKey, valueKeys } from './valueKeys.ts';
import { valuesSchema } from './valuesSchema.ts';

const VALUES = 'helm/values.yaml';
const CHART = 'helm/Chart.yaml';

/** values.yaml with its block `config` as the table of settings has it. */
export function valuesFile(): string {
  const text = readFileSync(VALUES, 'utf8');
  return between(text, '  # generated: config\n', '\n  # end', configBlock(), VALUES);
}

/** Chart.yaml with the version of package.json, wherever it stands there, and what the changelog says of it. */
function chartFile(): string {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const section = sectionOf(changelog(readFileSync('CHANGELOG.md', 'utf8')), version, true);
  const security = section.changes.some(({ group }) => group === 'Security');
  const changes = hubChanges(section).trimEnd().replace(/^/gm, '    ');
  return readFileSync(CHART, 'utf8')
    .replace(/^(version|appVersion): .*$/gm, `$1: ${version}`)
    .replace(/^( +image: \S+):\S+$/gm, `$1:${version}`)
    .replace(/^( +artifacthub.io\/prerelease): .*$/m, `$1: "${version.includes('-')}"`)
    .replace(/^( +artifacthub.io\/containsSecurityUpdates): .*$/m, `$1: "${security}"`)
    .replace(/^( +artifacthub.io\/changes): \|\n(?: {4}.*\n)*/m, (_, key) => `${key}: |\n${changes}\n`);
}

export const chartKeys = (): ValueKey[] => valueKeys(valuesFile());

/** The files of the chart that are made from the code or from one another, as they should be. */
export const generatedChart = (): Map<string, string> =>
  new Map([
    [CHART, chartFile()],
    [VALUES, valuesFile()],
    ['helm/values.schema.json', valuesSchema(chartKeys())],
    ['helm/templates/_policykeys.tpl', policyKeys()],
    ['helm/templates/_rights.tpl', rightsTemplate()],
  ]);
