import { parse } from 'yaml';

/** Where Istio's root namespace is unless the mesh configuration names another (istio pkg/config/mesh DefaultMeshConfig). */
const USUAL = 'istio-system';

const known = new WeakMap<object, string>();

/**
 * The namespace whose ProxyConfigs count for the whole mesh.
 * @param data of ConfigMap `istio[-rev]`, parsed once per object; undefined where it is not visible
 * @param home the control plane's namespace, which is the root unless the configuration says otherwise
 */
export function rootNamespaceOf(data: Readonly<Record<string, unknown>> | undefined, home: string | undefined): string {
  if (!data) return home ?? USUAL;
  const before = known.get(data);
  if (before !== undefined) return before;
  const root = rootIn(data.mesh) ?? USUAL;
  known.set(data, root);
  return root;
}

/** istiod could not use a configuration that is not YAML either. */
function rootIn(mesh: unknown): string | undefined {
  if (typeof mesh !== 'string') return undefined;
  try {
    const root = (parse(mesh, { logLevel: 'silent' }) as { rootNamespace?: unknown } | null)?.rootNamespace;
    return typeof root === 'string' && root !== '' ? root : undefined;
  } catch {
    return undefined;
  }
}
