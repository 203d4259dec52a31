import type { Testbed } from '../../testbed/testbed.ts';

interface Resource {
  readonly name: string;
  readonly verbs: readonly string[];
}

/** Not ours: what tells of the past, and what OLM remembers of a package by itself. */
const NO_MATTER = new Set(['events', 'operators']);

/** Every object of the cluster, of whatever kind, that mentions something anywhere in it, as `resource namespace/name`. */
export async function mentions(bed: Testbed, what: string): Promise<Set<string>> {
  const found = new Set<string>();
  for (const path of await collections(bed)) {
    for (const object of await bed.api.list(path)) {
      if (!JSON.stringify(object).includes(what)) continue;
      const { namespace = '', name } = object.metadata;
      found.add(`${path.split('/').at(-1)} ${namespace}/${name}`);
    }
  }
  return found;
}

/** The path of each kind that can be listed. */
async function collections(bed: Testbed): Promise<string[]> {
  const { groups } = await bed.api.get<{ groups: { preferredVersion: { groupVersion: string } }[] }>('/apis');
  const bases = ['/api/v1', ...groups.map(({ preferredVersion }) => `/apis/${preferredVersion.groupVersion}`)];
  const paths = await Promise.all(
    bases.map(async (base) => {
      const { resources } = await bed.api.get<{ resources: Resource[] }>(base);
      const listable = resources.filter(({ name, verbs }) => verbs.includes('list') && !NO_MATTER.has(name));
      return listable.map(({ name }) => `${base}/${name}`);
    }),
  );
  return paths.flat();
}
