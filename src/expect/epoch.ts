import { createHash } from 'node:crypto';
import { sortedKeys } from '../sortedKeys.ts';
import type { AskedInjection, ChartLabels, Injection, Istiod, NotReady } from './mesh.ts';
import type { FixedExpectation, SidecarSource } from './sidecarSource.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/** A short content hash. Keys are sorted, so objects with equal content have equal hashes. */
export function contentHash(content: unknown): string {
  // the text of all bytes would be kept as long as a part of it
  return createHash('sha256').update(JSON.stringify(content, sortedKeys)).digest().toString('hex', 0, 8);
}

const digests = new WeakMap<object, string>();

/** The hash of an object that never changes, such as one from a watch. It is computed once per object. */
export function digest(content: object): string {
  const known = digests.get(content);
  if (known !== undefined) return known;
  const made = contentHash(content);
  digests.set(content, made);
  return made;
}

/** The configuration of an injector. A part is undefined if its object does not exist or is not visible. */
export interface InjectorContent {
  /** `data` of ConfigMap `istio-sidecar-injector[-rev]`. */
  readonly injectorConfig?: unknown;
  /** `data` of ConfigMap `istio[-rev]`. */
  readonly meshConfig?: unknown;
  /** Whether ProxyConfigs cannot be read, so that there may be others than are seen. */
  readonly proxyConfigsUnread?: boolean;
  /** Chart labels of the injector ConfigMap. Gate G2 uses them; they are not part of any hash. */
  readonly configChart?: ChartLabels;
  readonly istiod?: Istiod;
  /**
   * Hash of the ProxyConfigs in the mesh's root namespace, which choose image types for the whole mesh. ProxyConfigs of other namespaces
   * only count there.
   */
  readonly rootProxyConfigs?: string | undefined;
  /** The number of times that this process has seen the injector's answers change although no object of the cluster did. */
  readonly answersVersion?: number;
  /** Absent for Istio's proxy. */
  readonly source?: SidecarSource;
  readonly notReady?: readonly NotReady[];
}

/**
 * Combines an entry with the content of its injector, and names both by their hashes. The hashes contain nothing that a tenant can write,
 * because a tenant's edit would then lift the halts of all namespaces. The entry's revision becomes that of the istiod that answers it. If
 * no istiod is visible, it stays the configuration's label, or `default` without one, as in istiod itself.
 */
export function injectionOf(labelled: WebhookEntry, content: InjectorContent): AskedInjection {
  const { istiod, configChart, source, notReady = [], injectorConfig } = content;
  const isSeen = istiod !== undefined && !source && !content.proxyConfigsUnread && isData(injectorConfig);
  const revision = istiod?.revision ?? (labelled.revision || 'default');
  // only Istio has revisions
  const entry = { ...labelled, revision: source ? '' : revision };
  const { run, epoch } = hashesOf(labelled, entry, content);
  return {
    entry,
    run,
    epoch,
    ...(source && { source }),
    ...(notReady.length > 0 && { notReady }),
    ...(istiod && { istiod }),
    ...(isSeen && { injectorConfig }),
    ...(configChart && { configChart }),
  };
}

interface Hashes {
  /** What they were made of besides the entry. */
  readonly madeOf: string;
  readonly run: string;
  readonly epoch: string;
}

const hashes = new WeakMap<WebhookEntry, Hashes>();

/** The hashes of an entry, which are made again only if something that they are made of is another. */
function hashesOf(labelled: WebhookEntry, entry: WebhookEntry, content: InjectorContent): Hashes {
  const { istiod, answersVersion, source } = content;
  const injector = [
    part(content.injectorConfig),
    part(content.meshConfig),
    istiod?.templateHash,
    content.rootProxyConfigs,
    ...(source ? [source.name, source.container] : []),
  ];
  const madeOf = JSON.stringify([entry.revision, answersVersion ?? 0, source !== undefined, injector]);
  const known = hashes.get(labelled);
  if (known?.madeOf === madeOf) return known;
  const { caBundle: _rewrittenByEveryIstiod, ...stable } = entry;
  const run = contentHash([stable.address, ...injector]);
  // the count is no part of the run, because the run is journalled and each process starts the count anew
  const epoch = contentHash([stable, run, ...(answersVersion ? [answersVersion] : [])]);
  const made = { madeOf, run, epoch };
  hashes.set(labelled, made);
  return made;
}

/** Passes the hashes of entries on to those in the same places, which are equal to them but for their CA bundles. */
export function keepHashes(before: readonly WebhookEntry[], after: readonly WebhookEntry[]): void {
  for (const [place, entry] of after.entries()) {
    const known = before[place] && hashes.get(before[place]);
    if (known) hashes.set(entry, known);
  }
}

/** The injection of a source that asks no webhook. Its run and its epoch change with the setting in the policy. */
export function fixedInjection(
  source: SidecarSource,
  { content }: FixedExpectation,
  notReady: readonly NotReady[] = [],
): Injection {
  const run = contentHash([source.name, source.container, content]);
  return { source, run, epoch: run, ...(notReady.length > 0 && { notReady }) };
}

/** What stands for the injector where no injector would inject the pods any more. Restarts that only remove a sidecar form one run. */
export function nobody(source: SidecarSource | undefined): Injection {
  const run = contentHash(['nobody', source?.name ?? '']);
  return { run, epoch: run, ...(source && { source }) };
}

const isData = (content: unknown): content is Readonly<Record<string, unknown>> =>
  typeof content === 'object' && content !== null;

const part = (content: unknown): unknown =>
  typeof content === 'object' && content !== null ? digest(content) : content;
