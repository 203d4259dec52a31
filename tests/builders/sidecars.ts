import type { Verdict } from '../../src/compare/verdict.ts';
import { fixedInjection, injectionOf } from '../../src/expect/epoch.ts';
import type { FixedExpectation, SidecarSource } from '../../src/expect/sidecarSource.ts';
import { byImage } from '../../src/expect/sources/byImage.ts';
import { byWebhook } from '../../src/expect/sources/byWebhook.ts';
import type { Assessed, AssessedSidecar } from '../../src/plan/assessed.ts';
import { assessed, entry, expected, group, istiod, outdated, sidecar } from './workload.ts';

/** The policy wants this image for the container `vault-agent`. */
export const vault = (image = 'vault:2'): SidecarSource & { readonly fixed: FixedExpectation } => {
  const source = byImage.sourceOf({ name: 'vault', container: 'vault-agent' }, image);
  return { ...source, fixed: source.fixed as FixedExpectation };
};

/** Dapr's injector is asked about the container `daprd`. */
export const dapr = byWebhook.sourceOf(
  { name: 'dapr', container: 'daprd' },
  'dapr-sidecar-injector/sidecar-injector.dapr.io',
);

export const DAPR_ENTRY = entry({
  configuration: 'dapr-sidecar-injector',
  name: 'sidecar-injector.dapr.io',
  revision: '',
  address: { service: { namespace: 'dapr-system', name: 'dapr-sidecar-injector', path: '/mutate', port: 443 } },
});

/** The verdict on one sidecar of a workload, outdated unless said otherwise. */
export function assessedSidecar(source: SidecarSource, image: string, verdict?: Verdict): AssessedSidecar {
  const injection = source.fixed
    ? fixedInjection(source, source.fixed)
    : injectionOf(DAPR_ENTRY, { source, istiod: istiod({ name: 'dapr-sidecar-injector' }) });
  const wanted = expected({
    source: source.name,
    image,
    revision: '',
    ...(source.fixed && { placement: 'any' }),
  });
  return {
    source,
    match: { kind: 'entry', entry: injection },
    groups: [group({ image: 'vault:1', revision: '' })],
    verdict: verdict ?? outdated({ expected: wanted, actual: sidecar({ image: 'vault:1', revision: '' }) }),
    injection,
  };
}

/** A workload with Istio's proxy, outdated unless said otherwise, and other sidecars. */
export const withSidecars = (others: readonly AssessedSidecar[], istio?: Verdict, name = 'web'): Assessed => ({
  ...assessed({ name }, istio),
  others,
});
