import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';
import { SETTINGS } from '../../src/cli/settings.ts';
import { HOME_PAGE, LEASE_ANNOTATION, LEASE_NAME, PRODUCT } from '../../src/names.ts';
import { FLAG_VALUES, POLICY_VALUES } from './chart/flagValues.ts';
import { chartKeys } from './chart/generatedChart.ts';

const chart = parse(readFileSync('helm/Chart.yaml', 'utf8'));
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const templates = globSync('helm/templates/**/*').filter((file) => /\.(yaml|tpl|txt)$/.test(file));
const textOf = (file: string): string => readFileSync(file, 'utf8');
const keys = chartKeys().map(({ path }) => path);

test('every flag of run is given by exactly one value, or by none because a pod has no use for it', () => {
  const given = FLAG_VALUES.flatMap(({ value }) => value ?? []);
  const { policy } = JSON.parse(textOf('helm/values.schema.json')).properties;
  const places = [...keys, ...Object.keys(policy.properties).map((name) => `policy.${name}`)];
  assert.deepEqual(
    given.filter((value) => !places.includes(value)),
    [],
  );
  assert.equal(new Set(given).size, given.length);
  assert.deepEqual(
    keys.filter((key) => key.startsWith('config.') && !given.includes(key)),
    [],
  );
  assert.deepEqual(
    FLAG_VALUES.filter(({ value }) => value === undefined).map(({ name }) => name),
    ['kubeconfig', 'context'],
  );
});

test('what was under config before it had its place under policy is still taken there', () => {
  const { config, policy } = JSON.parse(textOf('helm/values.schema.json')).properties;
  for (const { name } of POLICY_VALUES) {
    assert.equal(config.properties[name].description, `Use policy.${name} instead`);
    assert.ok(policy.properties[name] && !keys.includes(`config.${name}`));
  }
});

test('templates use no value that values.yaml does not have', () => {
  const used = templates.flatMap((file) =>
    [...textOf(file).matchAll(/\.Values\.([A-Za-z.]*[A-Za-z])/g)].map(([, path = '']) => ({ file, path })),
  );
  const known = (path: string): boolean => keys.some((key) => key === path || key.startsWith(`${path}.`));
  assert.ok(used.length > 50);
  assert.deepEqual(
    used.filter(({ path }) => !known(path)),
    [],
  );
});

test('where an address is left to the operator, the chart knows which', () => {
  const ports = textOf('helm/templates/_ports.tpl');
  for (const name of ['metricsBindAddress', 'healthProbeBindAddress'] as const)
    assert.ok(ports.includes(`(.Values.config).${name} | default "${SETTINGS[name].default}"`), name);
});

test('the container is started as the image is', () => {
  const [, command = '[]'] = /^CMD (.*)$/m.exec(textOf('Dockerfile')) ?? [];
  const args = /args:\n((?: +- \S+\n)+)/.exec(textOf('helm/templates/deployment.yaml'))?.[1] ?? '';
  assert.deepEqual(
    [...args.matchAll(/- (\S+)/g)].map(([, word]) => word),
    JSON.parse(command),
  );
});

test('the chart has the version of the program', () =>
  assert.deepEqual([chart.version, chart.appVersion], [version, version]));

test('names in the chart are those of the code', () => {
  const repository = new URL(HOME_PAGE).pathname;
  const values = parse(textOf('helm/values.yaml'));
  assert.equal(chart.name, PRODUCT);
  assert.equal(chart.home, HOME_PAGE);
  assert.deepEqual(chart.sources, [HOME_PAGE]);
  assert.equal(values.image.repository, `ghcr.io${repository}`);
  assert.ok(chart.annotations['artifacthub.io/images'].includes(`ghcr.io${repository}:${version}`));
  assert.ok(values.prometheusRule.runbookUrl.startsWith(HOME_PAGE));
  const lease = textOf('helm/templates/lease.yaml');
  assert.ok(lease.includes(`name: ${LEASE_NAME}\n`) && lease.includes(`${LEASE_ANNOTATION.paused}: `));
});

test('links in the chart’s README lead somewhere, also where only the chart is', () => {
  const links = [...textOf('helm/README.md').matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
  const [ours, others] = [`${HOME_PAGE}/blob/main/`, (link: string) => !link.startsWith(HOME_PAGE)];
  assert.deepEqual(links.filter(others), []);
  assert.deepEqual(
    links.filter((link) => !existsSync(link.replace(ours, ''))),
    [],
  );
});

test('Chart.yaml says what hubs show', () => {
  for (const key of ['kubeVersion', 'icon', 'home', 'sources', 'maintainers', 'keywords', 'description'])
    assert.ok(chart[key], key);
  assert.ok(existsSync(chart.icon.replace(/^.*\/main\//, '')), chart.icon);
  for (const key of [
    'category',
    'license',
    'changes',
    'images',
    'links',
    'operator',
    'operatorCapabilities',
    'prerelease',
    'containsSecurityUpdates',
  ])
    assert.equal(typeof chart.annotations[`artifacthub.io/${key}`], 'string', key);
  for (const key of ['changes', 'images', 'links'])
    assert.ok(Array.isArray(parse(chart.annotations[`artifacthub.io/${key}`])));
});

test('one kind a template, called after it', () => {
  for (const file of templates.filter((one) => one.endsWith('.yaml'))) {
    const named = file.replace(/^.*\/(.*)\.yaml$/, '$1');
    const kinds = [...textOf(file).matchAll(/^kind: (\w+)$/gm)].map(([, kind = '']) => kind.toLowerCase());
    const expected = { extraobjects: [], grafanadashboard: ['configmap'] }[named] ?? [named];
    assert.deepEqual([...new Set(kinds)], expected, file);
  }
});

test('every alert has a severity, a summary, a description, and its section where its runbook_url leads', () => {
  const rule = textOf('helm/templates/_alerts.tpl');
  const alerts = rule.split('- alert: ').slice(1);
  const headings = [...textOf('docs/alerts.md').matchAll(/^## (\w+)$/gm)].map(([, heading]) => heading);
  const names = alerts.map((alert) => alert.split('\n')[0] ?? '');
  assert.deepEqual(headings, names);
  for (const [index, alert] of alerts.entries()) {
    const name = names[index] ?? '';
    assert.match(name, /^Meltemi([A-Z][a-z]+)+$/);
    assert.match(alert, /severity: (critical|warning|info)\n/, name);
    assert.match(alert, /summary: [^{]+\.\n/, name);
    assert.match(alert, /description: .+\n/, name);
    assert.ok(alert.includes(`runbook_url: {{ .Values.prometheusRule.runbookUrl }}#${name.toLowerCase()}\n`), name);
  }
});

test('the log lines that alerts.md tells to look for are those that are written', () => {
  const source = globSync('src/**/*.ts').map(textOf).join('\n');
  const lines = [...textOf('docs/alerts.md').matchAll(/`([A-Z][a-z]+ [a-z ]+)`/g)].map(([, line = '']) => line);
  assert.ok(lines.length > 4);
  assert.deepEqual(
    lines.filter((line) => !source.includes(`'${line}`)),
    [],
  );
});

test('the help of policy check reads the ConfigMap that the chart makes', () => {
  const rendered = parseAllDocuments(textOf('tests/chart/default.yaml')).map((document) => document.toJS());
  const { name } = rendered.find((one) => one?.kind === 'ConfigMap').metadata;
  assert.match(textOf('src/cli/program.ts'), new RegExp(`kubectl -n meltemi get cm ${name} -o`));
});
