import type { TagAssumption } from './assumption.ts';
import { injectorEntries, type RawConfiguration } from './webhookEntry.ts';

const RELEASE_NAMESPACE = 'meta.helm.sh/release-namespace';

/** Istio's configurations with this label `istio.io/tag`. */
export const configurationsOfTag = <T extends RawConfiguration>(all: readonly T[], tag: string): T[] =>
  all.filter((raw) => istioEntries(raw).some((entry) => entry.tag === tag && tag !== ''));

/** A revision's own configurations: with this label `istio.io/rev`, and without a tag (istioctl/pkg/tag GetWebhooksWithRevision). */
export const configurationsOfRevision = <T extends RawConfiguration>(all: readonly T[], revision: string): T[] =>
  all.filter((raw) => istioEntries(raw).some((entry) => entry.tag === '' && entry.revision === revision));

/** The tags of the cluster, each with the revision that it points to. */
export function tagsIn(all: readonly RawConfiguration[]): ReadonlyMap<string, string> {
  const entries = all.flatMap(istioEntries).filter(({ tag }) => tag !== '');
  return new Map(entries.map(({ tag, revision }) => [tag, revision]));
}

/** The revisions that have a configuration of their own. */
export function revisionsIn(all: readonly RawConfiguration[]): string[] {
  const entries = all.flatMap(istioEntries).filter(({ tag, revision }) => tag === '' && revision !== '');
  return [...new Set(entries.map(({ revision }) => revision))];
}

/**
 * The configurations after a tag was moved with `istioctl tag set --overwrite`: the tag's entries keep their names and selectors, and get
 * the address and the CA of the first injector entry of the revision's own configuration (istioctl/pkg/tag
 * tagWebhookConfigFromCanonicalWebhook). istioctl also copies the annotations; only Helm's is read here.
 * Without the tag or the revision, or with several configurations of the revision, nothing changes.
 */
export function withTagMoved<T extends RawConfiguration>(all: readonly T[], { tag, revision }: TagAssumption): T[] {
  const [own, ...others] = configurationsOfRevision(all, revision);
  const moved = new Set(configurationsOfTag(all, tag));
  if (!own || others.length > 0) return [...all];
  return all.map((raw) => (moved.has(raw) ? pointingTo(raw, own, revision) : raw));
}

function pointingTo<T extends RawConfiguration>(raw: T, own: RawConfiguration, revision: string): T {
  const injectors = new Set(istioEntries(raw).map(({ name }) => name));
  const [model] = istioEntries(own);
  const clientConfig = own.webhooks?.find(({ name }) => name === model?.name)?.clientConfig;
  const { [RELEASE_NAMESPACE]: _before, ...annotations } = raw.metadata?.annotations ?? {};
  const release = own.metadata?.annotations?.[RELEASE_NAMESPACE];
  return {
    ...raw,
    metadata: {
      ...raw.metadata,
      labels: { ...raw.metadata?.labels, 'istio.io/rev': revision },
      annotations: { ...annotations, ...(release !== undefined && { [RELEASE_NAMESPACE]: release }) },
    },
    webhooks: raw.webhooks?.map((entry) =>
      injectors.has(entry.name ?? '') && clientConfig ? { ...entry, clientConfig } : entry,
    ),
  };
}

const istioEntries = (raw: RawConfiguration) => injectorEntries([raw]);
