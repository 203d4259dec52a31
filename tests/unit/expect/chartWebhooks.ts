import type { RawConfiguration } from '../../../src/expect/webhookEntry.ts';

export const RULES = [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }];
export const service = (name: string) => ({ service: { namespace: 'istio-system', name, path: '/inject', port: 443 } });
export const absent = (key: string) => ({ key, operator: 'DoesNotExist' });
const isIn = (key: string, ...values: string[]) => ({ key, operator: 'In', values });
const notIn = (key: string, ...values: string[]) => ({ key, operator: 'NotIn', values });
export const INJ = 'istio-injection';
export const REV = 'istio.io/rev';
export const SI = 'sidecar.istio.io/inject';

/** The entries that Istio's chart writes for a revision or a tag; `defaults` adds those of an unrevisioned install or the tag `default`. */
export function configuration(
  name: string,
  revision: string,
  value: string,
  defaults: 'none' | 'plain' | 'auto' = 'none',
): RawConfiguration {
  const clientConfig = service(revision === 'default' ? 'istiod' : `istiod-${revision}`);
  const hook = (prefix: string, namespace: object[], object: object[]) => ({
    name: `${prefix}sidecar-injector.istio.io`,
    clientConfig,
    rules: RULES,
    namespaceSelector: { matchExpressions: namespace as never },
    objectSelector: { matchExpressions: object as never },
  });
  const system = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage'];
  return {
    metadata: { name, labels: { [REV]: revision, ...(name.includes('-tag-') && { 'istio.io/tag': value }) } },
    webhooks: [
      hook('rev.namespace.', [isIn(REV, value), absent(INJ)], [notIn(SI, 'false')]),
      hook('rev.object.', [absent(REV), absent(INJ)], [notIn(SI, 'false'), isIn(REV, value)]),
      ...(defaults === 'none'
        ? []
        : [
            hook('namespace.', [isIn(INJ, 'enabled')], [notIn(SI, 'false')]),
            hook('object.', [absent(INJ), absent(REV)], [isIn(SI, 'true'), absent(REV)]),
          ]),
      ...(defaults === 'auto'
        ? [
            hook(
              'auto.',
              [absent(INJ), absent(REV), notIn('kubernetes.io/metadata.name', ...system)],
              [absent(SI), absent(REV)],
            ),
          ]
        : []),
    ],
  };
}

/** What `istioctl install` leaves of a configuration whose place a tag has taken. */
export function deactivated(from: RawConfiguration): RawConfiguration {
  const never = { matchLabels: { 'istio.io/deactivated': 'never-match' } };
  return {
    ...from,
    webhooks: (from.webhooks ?? []).map((hook) => ({ ...hook, namespaceSelector: never, objectSelector: never })),
  };
}
