import type { Api } from './api.ts';
import type { Helm, Manifest, Release } from './helm.ts';
import { merge } from './merge.ts';
import { pathOf } from './paths.ts';

/**
 * Writes some of a release's objects under Helm's own name, so that fields which a new version drops are dropped, with the marks that Helm
 * leaves on them.
 */
export async function applyRendered(
  api: Api,
  helm: Helm,
  release: Release,
  templates: readonly string[],
): Promise<void> {
  const manifests: Manifest[] = await helm.render(release, templates);
  const marks = {
    annotations: { 'meta.helm.sh/release-name': release.name, 'meta.helm.sh/release-namespace': release.namespace },
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
  };
  for (const manifest of manifests) {
    const { namespace, name } = manifest.metadata;
    const path = pathOf(manifest.kind, namespace, name);
    const metadata = merge({ ...manifest.metadata }, marks);
    await api.patch(`${path}?fieldManager=helm&force=true`, { ...manifest, metadata }, 'apply');
  }
}
