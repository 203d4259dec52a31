import type { Assumption, LabelAssumption } from '../expect/assumption.ts';
import type { Mesh } from '../expect/mesh.ts';
import { withInjectorAt } from '../expect/redirectedInjector.ts';
import { withTagMoved } from '../expect/revisionTags.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import { MeshAssembly, type MeshObjects, type Named } from './meshAssembly.ts';

/**
 * The mesh as it would be under assumptions. Tags and labels are changed in the watched objects, so that the mesh is assembled from them
 * as if they had been written. Pure, if the objects are.
 * @param trusted the namespaces of `--istio-namespaces`
 */
export function assumedMesh(
  objects: MeshObjects,
  assumptions: readonly Assumption[],
  { trusted, sources }: { readonly trusted: readonly string[]; readonly sources: readonly SidecarSource[] },
): Mesh {
  const changed = assumptions.reduce(withAssumption, objects);
  const mesh = new MeshAssembly(changed, trusted, undefined, () => sources).mesh();
  return assumptions.reduce((before, one) => (one.kind === 'injector' ? withInjectorAt(before, one) : before), mesh);
}

function withAssumption(objects: MeshObjects, one: Assumption): MeshObjects {
  switch (one.kind) {
    case 'tag':
      return { ...objects, configurations: () => withTagMoved(objects.configurations(), one) };
    case 'label':
      return { ...objects, namespaces: () => objects.namespaces().map((raw) => labelled(raw, one)) };
    // the injector is asked elsewhere; no object says so
    case 'injector':
      return objects;
  }
}

function labelled(raw: Named, { namespace, key, value }: LabelAssumption): Named {
  if (raw.metadata?.name !== namespace) return raw;
  const { [key]: _before, ...others } = raw.metadata.labels ?? {};
  return { ...raw, metadata: { ...raw.metadata, labels: { ...others, ...(value !== undefined && { [key]: value }) } } };
}
