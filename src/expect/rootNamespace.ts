import { parse } from 'yaml';

/** Istio's root namespace, unless the mesh configuration names another (istio pkg/config/mesh DefaultMeshConfig). */
const USUAL = 'istio-system';

const known = new WeakMap<object, string>();

/**
 * The namespace whose ProxyConfigs apply to the whole mesh.
 * @param data of ConfigMap `istio[-rev]`, parsed once per object; undefined if it is not visible
 * @param home the control plane's namespace, which is the root unless the configuration names another
 */
export function rootNamespaceOf(data: Readonly<Record<string, unknown>> | undefined, home: string | undefined): string {
  if (!data) return home ?? USUAL;
  const before = known.get(data);
  if (before !== undefined) return before;
  const root = rootIn(data.mesh) ?? USUAL;
  known.set(data, root);
  return root;
}

/** If the configuration is not YAML, istiod cannot use it either. */
function rootIn(mesh: unknown): string | undefined {
  if (typeof mesh !== 'string') return undefined;
  try {
    const root = (parse(mesh, { logLevel: 'silent' }) as { rootNamespace?: unknown } | null)?.rootNamespace;
    return typeof root === 'string' && root !== '' ? root : undefined;
  } catch {
    return undefined;
  }
}
