import assert from 'node:assert/strict';
import { homeOf, type ServiceBackend } from '../../../src/expect/controlPlaneOf.ts';
import type { Istiod } from '../../../src/expect/mesh.ts';
import type { WebhookEntry } from '../../../src/expect/webhookEntry.ts';
import { complete, entry, istiod } from '../../builders/workload.ts';

const old = istiod({ name: 'istiod-1-30', revision: '1-30', podLabels: { app: 'istiod', 'istio.io/rev': '1-30' } });
const next = istiod({ name: 'istiod-1-31', revision: '1-31', podLabels: { app: 'istiod', 'istio.io/rev': '1-31' } });
const platform = istiod({ name: 'control', revision: 'v1x30', isLabelled: false, podLabels: { module: 'pilot' } });
const tenants = istiod({ namespace: 'tenant', name: 'mine' });
const usual = istiod();

const to = (selector: ServiceBackend['selector'], type = 'ClusterIP'): ServiceBackend => ({ type, selector });
const byUrl = (given: Partial<WebhookEntry> = {}): WebhookEntry =>
  entry({ address: { url: 'https://istiod.example.com/inject' }, ...given });
const tag = entry({ revision: '1-30', tag: 'prod' });
const unlabelled = entry({ revision: '' });

interface Row {
  readonly entry: WebhookEntry;
  readonly service?: ServiceBackend;
  readonly istiods: readonly Istiod[];
  readonly trusted?: readonly string[];
  /** `namespace/name` of the control plane, or the namespace alone where none is visible. */
  readonly home: string | undefined;
}

const rows: Record<string, Row> = {
  'the Service selects the istiod, whatever the label of a moved tag still says': {
    entry: tag,
    service: to({ 'istio.io/rev': '1-31' }),
    istiods: [old, next],
    home: 'istio-system/istiod-1-31',
  },
  'the Service selects a Deployment without Istio’s labels': {
    entry: unlabelled,
    service: to({ module: 'pilot' }),
    istiods: [platform, usual],
    home: 'istio-system/control',
  },
  'a Service that selects pods of no Deployment leads to no visible control plane': {
    entry: entry(),
    service: to({ app: 'elsewhere' }),
    istiods: [usual],
    home: 'istio-system',
  },
  'of two Deployments behind one Service neither is the control plane': {
    entry: tag,
    service: to({ app: 'istiod' }),
    istiods: [old, next],
    home: 'istio-system',
  },
  'a Deployment that is scaled to zero is not behind it': {
    entry: tag,
    service: to({ app: 'istiod' }),
    istiods: [{ ...old, rollout: complete(0) }, next],
    home: 'istio-system/istiod-1-31',
  },
  '… but one is whose last pods are not gone yet': {
    entry: tag,
    service: to({ app: 'istiod' }),
    istiods: [{ ...old, rollout: { ...complete(0), existing: 1 } }, next],
    home: 'istio-system',
  },
  '… and one whose first pods are not made yet': {
    entry: tag,
    service: to({ app: 'istiod' }),
    istiods: [{ ...old, rollout: { ...complete(1), existing: 0 } }, next],
    home: 'istio-system',
  },
  'the only Deployment behind it is, even when it is scaled to zero': {
    entry: tag,
    service: to({ app: 'istiod' }),
    istiods: [{ ...old, rollout: complete(0) }],
    home: 'istio-system/istiod-1-30',
  },
  'an ExternalName leaves the istiod of the revision that the label names': {
    entry: tag,
    service: to({}, 'ExternalName'),
    istiods: [old, next],
    home: 'istio-system/istiod-1-30',
  },
  'a selector that was left on an ExternalName says more than the label': {
    entry: tag,
    service: to({ app: 'istiod', 'istio.io/rev': '1-31' }, 'ExternalName'),
    istiods: [old, next],
    home: 'istio-system/istiod-1-31',
  },
  '… unless it selects none': {
    entry: tag,
    service: to({ app: 'gone' }, 'ExternalName'),
    istiods: [old, next],
    home: 'istio-system/istiod-1-30',
  },
  'a Service without selector does the same as an ExternalName': {
    entry: tag,
    service: to({}),
    istiods: [old, next],
    home: 'istio-system/istiod-1-30',
  },
  '… and never takes an istiod of another revision': {
    entry: tag,
    service: to({}),
    istiods: [next],
    home: 'istio-system',
  },
  'a Service that may not be read does the same': {
    entry: tag,
    istiods: [old, next],
    home: 'istio-system/istiod-1-30',
  },
  'without label there must be one istiod only': {
    entry: unlabelled,
    istiods: [old],
    home: 'istio-system/istiod-1-30',
  },
  '… of two nobody says which': { entry: unlabelled, istiods: [old, next], home: 'istio-system' },
  'what only carries other labels is no fallback': { entry: unlabelled, istiods: [platform], home: 'istio-system' },
  'another namespace than the Service’s is never looked at': {
    entry: entry(),
    istiods: [tenants],
    home: 'istio-system',
  },
  'a URL alone names no control plane': { entry: byUrl(), istiods: [usual, tenants], home: undefined },
  '… Helm’s annotation does': {
    entry: byUrl({ releaseNamespace: 'istio-system' }),
    istiods: [usual, tenants],
    home: 'istio-system/istiod',
  },
  '… whether or not an istiod is there': {
    entry: byUrl({ releaseNamespace: 'remote' }),
    istiods: [usual, tenants],
    home: 'remote',
  },
  '… and so does --istio-namespaces': {
    entry: byUrl(),
    istiods: [usual, tenants],
    trusted: ['mesh', 'istio-system'],
    home: 'istio-system/istiod',
  },
  '… unless several there are of the revision': {
    entry: byUrl(),
    istiods: [usual, istiod({ namespace: 'mesh' })],
    trusted: ['mesh', 'istio-system'],
    home: undefined,
  },
  '… a tenant’s alone is none': { entry: byUrl(), istiods: [tenants], trusted: ['istio-system'], home: undefined },
};

for (const [name, row] of Object.entries(rows))
  test(name, () => {
    const inNamespace = (namespace: string) => row.istiods.filter((one) => one.namespace === namespace);
    const { namespace, istiod: found } = homeOf(row.entry, row.service, inNamespace, row.trusted);
    assert.equal(found ? `${namespace}/${found.name}` : namespace, row.home);
  });
