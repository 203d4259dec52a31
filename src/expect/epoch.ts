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

const digests = new WeakMap<object, string>();

/** The hash of an object that does not change any more, such as one of a watch: computed once for as long as the object lives. */
export function digest(content: object): string {
  const known = digests.get(content);
  if (known !== undefined) return known;
  const made = contentHash(content);
  digests.set(content, made);
  return made;
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
  /**
   * Hash of the ProxyConfigs in the mesh's root namespace, which choose image types everywhere. Those of other namespaces count there only.
   */
  readonly rootProxyConfigs?: string | undefined;
  /** How often this process has seen the injector's answers change although no object of the cluster did. */
  readonly answersVersion?: number;
}

/**
 * Joins an entry with the content of its injector and names both by their hashes. Nothing that a tenant can write is part of them:
 * a tenant's edit would lift everybody's halt. The entry's revision becomes that of the istiod that answers it; where none is visible
 * it stays the configuration's label, and without that it is `default`, as istiod itself has it.
 */
export function injectionOf(labelled: WebhookEntry, content: InjectorContent): Injection {
  const { istiod, configChart, answersVersion } = content;
  const entry = { ...labelled, revision: istiod?.revision ?? (labelled.revision || 'default') };
  const { caBundle: _rewrittenByEveryIstiod, ...stable } = entry;
  const run = contentHash([
    stable.address,
    part(content.injectorConfig),
    part(content.meshConfig),
    istiod?.templateHash,
    content.rootProxyConfigs,
  ]);
  return {
    entry,
    run,
    // no part of the run: that is journalled, and each process begins this count anew
    epoch: contentHash([stable, run, ...(answersVersion ? [answersVersion] : [])]),
    ...(istiod && { istiod }),
    ...(configChart && { configChart }),
  };
}

const part = (content: unknown): unknown =>
  typeof content === 'object' && content !== null ? digest(content) : content;
