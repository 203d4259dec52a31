import { fits, type Shape } from '../fieldTypes.ts';
import { SELECTOR } from '../kinds/rawWorkload.ts';
import type { LabelSelector, Labels } from '../model.ts';
import type { DialAddress } from './assumption.ts';
import type { SidecarSource } from './sidecarSource.ts';
import { ISTIO } from './sources/istio.ts';

/** How the API server reaches a webhook: `clientConfig` of admissionregistration.k8s.io/v1. */
export type Address =
  | { readonly url: string }
  | {
      readonly service: {
        readonly namespace: string;
        readonly name: string;
        readonly path: string;
        readonly port: number;
      };
    };

/** One of an entry's `matchConditions`. */
export interface MatchCondition {
  readonly name: string;
  /** CEL. */
  readonly expression: string;
}

/** One entry of a MutatingWebhookConfiguration. */
export interface WebhookEntry {
  readonly configuration: string;
  readonly name: string;
  /**
   * The revision that answers. At first it is the label `istio.io/rev` of the configuration, or empty without it. The entry of an injection
   * has the revision of the istiod that answers it, see `injectionOf`.
   */
  readonly revision: string;
  /** Label `istio.io/tag`; empty on a revision's own configuration. */
  readonly tag: string;
  /** The annotation that Helm sets on its objects. If `clientConfig` has a URL, only this shows the namespace of the control plane. */
  readonly releaseNamespace: string;
  readonly namespaceSelector: LabelSelector;
  readonly objectSelector: LabelSelector;
  readonly callsPodCreation: boolean;
  /** `matchConditions`, all of which must be true. */
  readonly conditions: readonly MatchCondition[];
  readonly address: Address;
  /** Only in a plan of what would happen if another injector was there: where it is asked instead. */
  readonly askedAt?: DialAddress;
  /** PEM, decoded from the base64 of the API; empty means the system's roots. */
  readonly caBundle: string;
}

/** The fields of a MutatingWebhookConfiguration that are read here. Any of them may be missing or wrong in a hand-made object. */
export interface RawConfiguration {
  readonly metadata?: { readonly name?: string; readonly labels?: Labels; readonly annotations?: Labels };
  readonly webhooks?: readonly RawEntry[];
}

interface RawRule {
  readonly operations?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly apiVersions?: readonly string[];
  readonly resources?: readonly string[];
  readonly scope?: string;
}

interface RawEntry {
  readonly name?: string;
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  readonly rules?: readonly RawRule[];
  readonly matchConditions?: readonly Partial<MatchCondition>[];
  readonly clientConfig?: {
    readonly url?: string;
    readonly caBundle?: string;
    readonly service?: {
      readonly namespace?: string;
      readonly name?: string;
      readonly path?: string;
      readonly port?: number;
    };
  };
}

const CONFIGURATION: Shape = {
  metadata: { name: 'string', labels: 'labels', annotations: 'labels' },
  webhooks: ['object'],
};

const ENTRY: Shape = {
  name: 'string',
  namespaceSelector: SELECTOR,
  objectSelector: SELECTOR,
  rules: [
    { operations: ['string'], apiGroups: ['string'], apiVersions: ['string'], resources: ['string'], scope: 'string' },
  ],
  matchConditions: [{ name: 'string', expression: 'string' }],
  clientConfig: {
    url: 'string',
    caBundle: 'string',
    service: { namespace: 'string', name: 'string', path: 'string', port: 'number' },
  },
};

/**
 * The entries of these configurations that a source asks, in the order in which they are given. Entries with wrong types are left out,
 * because nothing can call them.
 * @param source Istio's proxy by default
 */
export function injectorEntries(
  configurations: readonly RawConfiguration[],
  source: Pick<SidecarSource, 'asks'> = ISTIO,
): WebhookEntry[] {
  return configurations
    .filter((configuration) => fits([configuration], [CONFIGURATION]))
    .flatMap((configuration) =>
      (configuration.webhooks ?? []).flatMap((raw) => (fits(raw, ENTRY) && entryOf(configuration, raw)) || []),
    )
    .filter(({ configuration, name }) => source.asks(configuration, name));
}

function entryOf({ metadata }: RawConfiguration, raw: RawEntry): WebhookEntry | undefined {
  const address = addressOf(raw.clientConfig);
  if (!metadata?.name || !raw.name || !address) return undefined;
  return {
    configuration: metadata.name,
    name: raw.name,
    revision: metadata.labels?.['istio.io/rev'] ?? '',
    tag: metadata.labels?.['istio.io/tag'] ?? '',
    releaseNamespace: metadata.annotations?.['meta.helm.sh/release-namespace'] ?? '',
    namespaceSelector: raw.namespaceSelector ?? {},
    objectSelector: raw.objectSelector ?? {},
    callsPodCreation: (raw.rules ?? []).some(coversPodCreation),
    conditions: (raw.matchConditions ?? []).map(({ name = '', expression = '' }) => ({ name, expression })),
    address,
    caBundle: Buffer.from(raw.clientConfig?.caBundle ?? '', 'base64').toString('utf8'),
  };
}

function addressOf(config: RawEntry['clientConfig']): Address | undefined {
  if (config?.url) return { url: config.url };
  const service = config?.service;
  if (!service?.namespace || !service.name) return undefined;
  return {
    service: { namespace: service.namespace, name: service.name, path: service.path ?? '/', port: service.port ?? 443 },
  };
}

/** apiserver admission/plugin/webhook/predicates/rules/rules.go for CREATE of core v1 pods, a namespaced resource. */
function coversPodCreation({ operations, apiGroups, apiVersions, resources, scope }: RawRule): boolean {
  return (
    has(operations, 'CREATE', '*') &&
    has(apiGroups, '', '*') &&
    has(apiVersions, 'v1', '*') &&
    has(resources, 'pods', 'pods/*', '*', '*/*') &&
    ['*', 'Namespaced'].includes(scope ?? '*')
  );
}

const has = (list: readonly string[] | undefined, ...wanted: string[]): boolean =>
  (list ?? []).some((item) => wanted.includes(item));
