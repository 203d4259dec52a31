import type { RawConfiguration } from '../../../src/expect/webhookEntry.ts';
import { pathOf } from '../../testbed/paths.ts';
import type { Testbed } from '../../testbed/testbed.ts';
import { until } from '../../testbed/until.ts';
import { MARKED } from './draw.ts';

export const VERSIONS = { default: '1.30.2', canary: '1.31.0' } as const;

type Entry = NonNullable<RawConfiguration['webhooks']>[number] & Readonly<Record<string, unknown>>;

/** A MutatingWebhookConfiguration as it is written. */
export interface Configuration extends RawConfiguration {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Record<string, string> };
  readonly webhooks: readonly Entry[];
}

export interface WebhookSet {
  readonly name: string;
  /** Has configurations that select marked namespaces. */
  readonly handMade: boolean;
  readonly configurations: readonly Configuration[];
}

/** Installs two revisions of different versions and returns the sets, all of whose parts but the hand-made ones are the charts'. */
export async function prepareSets(bed: Testbed): Promise<WebhookSet[]> {
  const { istio } = bed;
  await istio.base();
  await istio.install({ revision: 'default', version: VERSIONS.default });
  await istio.install({ revision: 'canary', version: VERSIONS.canary });
  const plain = await captured(bed, 'istio-sidecar-injector');
  const canary = await captured(bed, 'istio-sidecar-injector-canary');
  const tag = async (name: string, revision: string): Promise<Configuration> => {
    await istio.setTag(name, revision);
    return captured(bed, `istio-revision-tag-${name}`, revision);
  };
  const prod = await tag('prod', 'canary');
  const toCanary = await tag('default', 'canary');
  const toDefault = await tag('default', 'default');
  const byDefault = { sidecarInjectorWebhook: { enableNamespacesByDefault: true } };
  await istio.setInjectorVersion('default', VERSIONS.default, byDefault);
  const auto = await captured(bed, 'istio-sidecar-injector');
  const autoTag = await tag('default', 'default');
  const dead = deactivated(plain);
  const charts = { plain, canary };
  return [
    chartSet('default', plain),
    chartSet('default, canary', plain, canary),
    chartSet('default, canary, prod to canary', plain, canary, prod),
    chartSet('canary, default to canary', canary, toCanary),
    chartSet('deactivated, default to default', dead, toDefault),
    chartSet('default by default', auto),
    chartSet('default, canary, default to canary', plain, canary, toCanary),
    chartSet('deactivated, canary, prod to canary, default to default', dead, canary, prod, toDefault),
    chartSet('deactivated, canary, prod to canary, default to default by default', dead, canary, prod, autoTag),
    { name: 'hand-made selectors', handMade: true, configurations: [plain, canary, ...madeBySelectors(charts)] },
    { name: 'hand-made rules', handMade: true, configurations: [plain, canary, prod, ...madeByRules(charts)] },
    { name: 'hand-made conditions', handMade: true, configurations: [plain, canary, conditional(charts)] },
  ];
}

const chartSet = (name: string, ...configurations: Configuration[]): WebhookSet => ({
  name,
  handMade: false,
  configurations,
});

/** A configuration of the cluster as it would have to be written again; istiod has put its authority into every entry. */
export async function captured(bed: Testbed, name: string, revision?: string): Promise<Configuration> {
  const path = pathOf('MutatingWebhookConfiguration', '', name);
  const complete = async () => {
    const found = await bed.api.get<Configuration>(path);
    if (revision && found.metadata.labels['istio.io/rev'] !== revision) return new Error('the tag points elsewhere');
    return found.webhooks.every(({ clientConfig }) => clientConfig?.caBundle) && found;
  };
  const { metadata, webhooks } = await until(`the authority in ${name}`, 30_000, complete);
  return configuration(name, metadata.labels, webhooks);
}

function configuration(name: string, labels: Record<string, string>, webhooks: readonly Entry[]): Configuration {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  return { apiVersion, kind: 'MutatingWebhookConfiguration', metadata: { name, labels }, webhooks };
}

/** What `istioctl install` and `istioctl tag set default` leave of the default revision's configuration. */
function deactivated({ metadata, webhooks }: Configuration): Configuration {
  const never = { matchLabels: { 'istio.io/deactivated': 'never-match' } };
  const dead = webhooks.map((entry) => ({ ...entry, namespaceSelector: never, objectSelector: never }));
  return configuration(metadata.name, metadata.labels, dead);
}

interface Charts {
  readonly plain: Configuration;
  readonly canary: Configuration;
}

/** Entries as people write them, each alone in its configuration. They call a chart's injector. */
function handMade(name: string, of: Configuration, changes: Readonly<Record<string, Partial<Entry>>>): Configuration {
  const model = of.webhooks[0];
  if (!model) throw new Error(`${of.metadata.name} has no entries`);
  const { objectSelector: _chart, ...rest } = model;
  const marked = { ...rest, namespaceSelector: { matchLabels: MARKED } };
  const entries = Object.entries(changes).map(([prefix, change]) => ({
    ...marked,
    ...change,
    name: `${prefix}.sidecar-injector.istio.io`,
  }));
  return configuration(name, { 'istio.io/rev': of.metadata.labels['istio.io/rev'] ?? '' }, entries);
}

function madeBySelectors({ plain, canary }: Charts): Configuration[] {
  const expression = (key: string, operator: string, values?: string[]) => ({
    matchExpressions: [{ key, operator, ...(values && { values }) }],
  });
  return [
    handMade('by-labels', plain, {
      labels: { objectSelector: { matchLabels: { tier: 'web', 'istio.io/rev': 'nope' } } },
      both: { objectSelector: { matchLabels: { tier: 'data' }, ...expression('istio.io/rev', 'DoesNotExist') } },
    }),
    handMade('everything', canary, {
      everything: {
        namespaceSelector: { matchLabels: { ...MARKED, 'istio-injection': 'disabled' } },
      },
    }),
    handMade('by-controller', canary, {
      deployments: {
        namespaceSelector: { matchLabels: { ...MARKED, 'istio-injection': '' } },
        objectSelector: expression('pod-template-hash', 'Exists'),
      },
      others: {
        namespaceSelector: { matchLabels: { ...MARKED, 'istio-injection': '' } },
        objectSelector: expression('pod-template-hash', 'DoesNotExist'),
      },
      ordinals: {
        namespaceSelector: { matchLabels: { ...MARKED, 'istio.io/rev': 'nope' } },
        objectSelector: expression('apps.kubernetes.io/pod-index', 'Exists'),
      },
    }),
  ];
}

const POD_CREATION = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };

/** Each set of rules has a revision label of namespaces for itself, so that few pods meet two of them. */
function madeByRules({ plain, canary }: Charts): Configuration[] {
  const where = (revision: string, ...rules: object[]): Partial<Entry> => ({
    namespaceSelector: { matchLabels: { ...MARKED, 'istio-injection': 'disabled', 'istio.io/rev': revision } },
    rules,
  });
  const others = [
    { ...POD_CREATION, operations: ['UPDATE', 'DELETE'] },
    { ...POD_CREATION, scope: 'Cluster' },
    { ...POD_CREATION, resources: ['pods/ephemeralcontainers', '*/status', 'replicationcontrollers/*'] },
    { ...POD_CREATION, apiGroups: ['apps'] },
    { ...POD_CREATION, apiVersions: ['v2'] },
    { ...POD_CREATION, apiGroups: ['apps'], resources: ['*'] },
  ];
  return [
    handMade('other-rules', plain, { others: { rules: others } }),
    handMade('pod-rules', canary, {
      wildcard: where('default', ...others, { ...POD_CREATION, resources: ['*'], scope: 'Namespaced' }),
      subresources: where('canary', { ...POD_CREATION, operations: ['*'], resources: ['*/*'] }),
      subresource: where('prod', { ...POD_CREATION, resources: ['pods/*'] }),
      anything: where('nope', { ...POD_CREATION, apiGroups: ['*'], apiVersions: ['*'], resources: ['pods', 'nodes'] }),
    }),
  ];
}

/** One condition that holds and one that does not: only the API server can tell. */
function conditional({ plain }: Charts): Configuration {
  const when = (expression: string) => ({ matchConditions: [{ name: 'oracle', expression }] });
  return handMade('conditional', plain, {
    holds: { ...when('object.metadata.namespace != ""'), objectSelector: { matchLabels: { tier: 'web' } } },
    fails: { ...when('object.metadata.namespace == ""'), objectSelector: { matchLabels: { tier: 'data' } } },
  });
}
