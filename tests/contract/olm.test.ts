import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { parse, parseAllDocuments } from 'yaml';
import { envOf, type Setting } from '../../src/cli/setting.ts';
import { SETTINGS } from '../../src/cli/settings.ts';
import { RIGHTS } from '../../src/cluster/rights.ts';
import { HOME_PAGE, LEASE_ANNOTATION, LEASE_NAME, PRODUCT, RESTART_ANNOTATION } from '../../src/names.ts';
import { METRICS } from '../../src/report/metrics.ts';
import { grants } from './chart/grants.ts';
import { type Rule, rightsAt, rulesOf } from './chart/rightsTemplate.ts';

const textOf = (file: string): string => readFileSync(`olm-bundle/${file}`, 'utf8');
const csv = parse(textOf(`manifests/${PRODUCT}.clusterserviceversion.yaml`));
const chart = parse(readFileSync('helm/Chart.yaml', 'utf8'));
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
const { annotations } = parse(textOf('metadata/annotations.yaml'));
const template = parse(textOf('catalog/template.yaml')).entries as { schema: string; [field: string]: unknown }[];
const sample = <T>(file: string): T[] =>
  parseAllDocuments(textOf(`samples/${file}.yaml`)).map((document) => document.toJS() as T);

interface ApiLease {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

/** What a sample says, as far as it is looked at. */
interface Sample {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: {
    readonly name?: string;
    readonly channel?: string;
    readonly source?: string;
    readonly image?: string;
    readonly sourceNamespace?: string;
    readonly config?: { readonly env: readonly { readonly name: string }[] };
  };
  readonly rules: readonly Rule[];
}

const [deployment] = csv.spec.install.spec.deployments;
const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const environment: { name: string; value: string }[] = container.env ?? [];
const forPods = Object.entries<Setting<unknown>>(SETTINGS).filter(
  ([name, { commands }]) => commands.includes('run') && !['kubeconfig', 'context'].includes(name),
);

test('every flag of run has its variable in the description, with the default that it has in the pod', () => {
  const rows = [...csv.spec.description.matchAll(/^\| `(MELTEMI_\w+)` \| (?:`(.*)`)? ?\| /gm)] as string[][];
  const given = Object.fromEntries(environment.map(({ name, value }) => [name, value]));
  assert.deepEqual(
    rows.map(([, name, value = '']) => [name, value]),
    forPods.map(([name, { default: fallback }]) => [envOf(name), given[envOf(name)] ?? fallback]),
  );
});

test('the Deployment sets nothing but variables that a Subscription can set otherwise: flags would win over them', () => {
  const known = forPods.map(([name]) => envOf(name));
  for (const { name } of environment) assert.ok(known.includes(name), name);
  assert.deepEqual(
    container.args.filter((arg: string) => arg.startsWith('-')),
    [],
  );
  assert.equal(container.args.at(-1), 'run');
});

const rulesIn = (where: 'permissions' | 'clusterPermissions'): Rule[] =>
  csv.spec.install.spec[where].flatMap(({ rules }: { rules: Rule[] }) => rules);

test('the rights are those of the code, and of ConfigMaps only those by name', () => {
  const names = ['istio-sidecar-injector', 'istio'];
  const istio = rightsAt('istio', false).map((right) =>
    right.resource === 'configmaps' ? { ...right, names } : right,
  );
  const always = rightsAt('cluster', false).filter(({ when }) => when !== 'sidecars');
  assert.deepEqual(grants(rulesIn('clusterPermissions')), grants(rulesOf([...always, ...istio])));
  assert.deepEqual(grants(rulesIn('permissions')), grants(rulesOf(rightsAt('own', false))));
});

test('nothing is asked for as a whole: no wildcard, no Secret, and of the Lease only ours', () => {
  const all = [...rulesIn('clusterPermissions'), ...rulesIn('permissions')];
  const words = all.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs]);
  assert.ok(!words.includes('*') && !words.includes('secrets') && !words.includes('delete'));
  const named = all.filter(({ resources, verbs }) => resources.includes('leases') && !verbs.includes('create'));
  assert.deepEqual(
    named.map(({ resourceNames }) => resourceNames),
    [[LEASE_NAME]],
  );
  const accounts = [...csv.spec.install.spec.permissions, ...csv.spec.install.spec.clusterPermissions];
  for (const { serviceAccountName } of accounts) assert.equal(serviceAccountName, pod.serviceAccountName);
});

test('the labels of the bundle’s image are its annotations', () => {
  const labels = [...textOf('bundle.Dockerfile').matchAll(/^LABEL ([^=]+)=(.*)$/gm)].map(([, key, value = '']) => [
    key,
    value.startsWith('"') ? JSON.parse(value) : value,
  ]);
  const of = Object.fromEntries(labels.filter(([key]) => key.startsWith('operators.operatorframework.io')));
  assert.deepEqual(of, annotations);
});

test('what the image of the bundle copies is what its annotations say', () => {
  const copied = [...textOf('bundle.Dockerfile').matchAll(/^COPY (\S+) (\S+)$/gm)].map(([, from, to]) => [from, to]);
  const said = ['bundle.manifests.v1', 'bundle.metadata.v1', 'test.config.v1'].map(
    (key) => annotations[`operators.operatorframework.io.${key}`] as string,
  );
  assert.deepEqual(
    copied,
    said.map((folder) => [folder.replace(/\/$/, ''), `/${folder}`]),
  );
});

test('names and versions are those of the program and the chart', () => {
  assert.equal(csv.metadata.name, `${PRODUCT}.v${version}`);
  assert.equal(csv.spec.version, version);
  assert.equal(`>=${csv.spec.minKubeVersion}-0`, chart.kubeVersion);
  assert.equal(csv.metadata.annotations.capabilities, chart.annotations['artifacthub.io/operatorCapabilities']);
  assert.equal(csv.metadata.annotations.repository, HOME_PAGE);
  assert.deepEqual(csv.spec.keywords, chart.keywords);
});

test('there are no custom resources, and it is installed for all namespaces or not at all', () => {
  assert.deepEqual([csv.spec.customresourcedefinitions, csv.metadata.annotations['alm-examples']], [{}, '[]']);
  assert.deepEqual(
    csv.spec.installModes.filter(({ supported }: { supported: boolean }) => supported),
    [{ type: 'AllNamespaces', supported: true }],
  );
  assert.equal(csv.spec.installModes.length, 4);
});

test('what hubs show is there', () => {
  for (const key of ['displayName', 'provider', 'maturity', 'description', 'maintainers', 'links', 'icon'])
    assert.ok(csv.spec[key]?.length !== 0 && csv.spec[key], key);
  assert.equal(Buffer.from(csv.spec.icon[0].base64data, 'base64').toString(), readFileSync('docs/icon.svg', 'utf8'));
  const description: string = csv.spec.description;
  for (const said of ['istio-injection', `${RESTART_ANNOTATION}: "false"`, '## What it never touches'])
    assert.ok(description.includes(said), said);
  for (const name of Object.keys(METRICS)) assert.ok(description.includes(`\`${PRODUCT}_${name}\``), name);
  const port = parse(textOf(`manifests/${PRODUCT}.service.yaml`)).spec.ports[0].name;
  assert.ok(
    description.includes(`on the port \`${port}\``) &&
      container.ports.some(({ name }: { name: string }) => name === port),
  );
  // a hub shows no more of it in its list
  assert.ok(csv.metadata.annotations.description.length <= 135);
});

test('every image is among the related ones, and the architectures are those that its pods keep to', () => {
  const images = pod.containers.map(({ image }: { image: string }) => image);
  assert.deepEqual(
    csv.spec.relatedImages.map(({ image }: { image: string }) => image),
    images,
  );
  assert.equal(csv.metadata.annotations.containerImage, container.image);
  const [term] = pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms;
  const labels = Object.keys(csv.metadata.labels).filter((label) => label.includes('/arch.'));
  assert.deepEqual(
    labels,
    term.matchExpressions[0].values.map((one: string) => `operatorframework.io/arch.${one}`),
  );
  const [image] = parse(chart.annotations['artifacthub.io/images']);
  assert.deepEqual(
    image.platforms,
    labels.map((label) => label.replace(/.*\/arch\./, 'linux/')),
  );
});

test('nothing in the bundle speaks of Helm', () => {
  for (const file of globSync('olm-bundle/manifests/*')) assert.doesNotMatch(readFileSync(file, 'utf8'), /helm/i, file);
});

test('the bundle is in every channel that it says, and the catalog has no other', () => {
  const channels = template.filter(({ schema }) => schema === 'olm.channel');
  const key = (of: string) => annotations[`operators.operatorframework.io.bundle.${of}.v1`];
  assert.deepEqual(channels.map(({ name }) => name).join(','), key('channels'));
  for (const { entries, package: of } of channels as unknown as { entries: { name: string }[]; package: string }[]) {
    assert.equal(entries.at(-1)?.name, csv.metadata.name);
    assert.equal(of, key('package'));
  }
  const [own] = template.filter(({ schema }) => schema === 'olm.package');
  assert.deepEqual([own?.name, own?.defaultChannel], [PRODUCT, key('channel.default')]);
  for (const channel of channels) assert.match(String(channel.name), /^(candidate|fast|stable)$/);
});

test('the samples ask for what there is', () => {
  const [subscription] = sample<Sample>('subscription');
  const [source] = sample<Sample>('catalogsource');
  const [, group] = sample<Sample>('operatorgroup');
  assert.ok(subscription && source && group);
  const { spec, metadata } = subscription;
  const channel = annotations['operators.operatorframework.io.bundle.channel.default.v1'];
  assert.deepEqual([spec.name, spec.channel], [PRODUCT, channel]);
  assert.deepEqual([spec.source, spec.sourceNamespace], [source.metadata.name, source.metadata.namespace]);
  assert.deepEqual([group.metadata.namespace, group.spec], [metadata.namespace, {}]);
  assert.equal(source.spec.image, `ghcr.io${new URL(HOME_PAGE).pathname}-catalog:v${version}`);
  const known = forPods.map(([name]) => envOf(name));
  for (const { name } of spec.config?.env ?? []) assert.ok(known.includes(name), name);
});

test('the sample of a paused Lease is of the Lease that is read', () => {
  const [lease] = sample<ApiLease>('paused');
  const [subscription] = sample<Sample>('subscription');
  assert.deepEqual([lease?.metadata.name, lease?.metadata.namespace], [LEASE_NAME, subscription?.metadata.namespace]);
  assert.deepEqual(Object.keys(lease?.metadata.annotations ?? {}), [LEASE_ANNOTATION.paused]);
});

test('the sample for other revisions gives what the bundle withholds', () => {
  const [role] = sample<Sample>('istioconfig');
  const withheld = RIGHTS.filter(({ resource }) => resource === 'configmaps');
  assert.deepEqual(grants(role?.rules ?? []), grants(rulesOf(withheld)));
});

test('the sample for other sidecars gives what the bundle withholds', () => {
  const [role] = sample<Sample>('sidecars');
  assert.equal(role?.metadata.namespace, 'kube-system');
  assert.deepEqual(grants(role?.rules ?? []), grants(rulesOf(RIGHTS.filter(({ when }) => when === 'sidecars'))));
});

test('the sample role for scraping grants what the chart’s role grants, and the description names it', () => {
  const [role] = sample<Sample>('metricsreader');
  const ofChart = /metricsReaderName[\s\S]*?\nrules:\n([\s\S]*?)\n\{\{/.exec(
    readFileSync('helm/templates/clusterrole.yaml', 'utf8'),
  );
  assert.deepEqual(role?.rules, parse(ofChart?.[1] ?? ''));
  assert.ok(csv.spec.description.includes('samples/metricsreader.yaml'));
});

test('the installer of OLM v1 has every right that it hands on', () => {
  const role = sample<Sample>('clusterextension').find(({ kind }) => kind === 'ClusterRole');
  const has = grants(role?.rules ?? []);
  const handed = grants([...rulesIn('clusterPermissions'), ...rulesIn('permissions')]);
  assert.deepEqual(
    [...handed].filter((one) => !has.has(one)),
    [],
  );
});
