import { createHash } from 'node:crypto';
import type { ChartLabels, Injection, Istiod } from './mesh.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/** A short content hash. Keys are sorted, so two objects that say the same hash the same. */
export function contentHash(content: unknown): string {
  return createHash('sha256').update(canonical(content)).digest('hex').slice(0, 16);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => Number(a > b) - Number(a < b)))
      : inner,
  );
}

/** The configuration an injector works with; each part is undefined where the object does not exist or cannot be seen. */
export interface InjectorContent {
  /** `data` of ConfigMap `istio-sidecar-injector[-rev]`. */
  readonly injectorConfig?: unknown;
  /** `data` of ConfigMap `istio[-rev]`. */
  readonly meshConfig?: unknown;
  /** Chart labels of the injector ConfigMap: for gate G2, no part of any hash. */
  readonly configChart?: ChartLabels;
  readonly istiod?: Istiod;
  /** Specs of all ProxyConfigs, which choose image types. */
  readonly proxyConfigs?: unknown;
}

/** Joins an entry with the content of its injector and names both by their hashes. */
export function injectionOf(entry: WebhookEntry, content: InjectorContent): Injection {
  const { caBundle: _rewrittenByEveryIstiod, ...stable } = entry;
  const run = contentHash([
    stable.address,
    content.injectorConfig,
    content.meshConfig,
    content.istiod?.templateHash,
    content.proxyConfigs,
  ]);
  const { istiod, configChart } = content;
  return {
    entry,
    run,
    epoch: contentHash([stable, run]),
    ...(istiod && { istiod }),
    ...(configChart && { configChart }),
  };
}
