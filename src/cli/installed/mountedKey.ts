import type { ConfigMapVolume, OperatorDeployment } from './operatorDeployment.ts';

/** The ConfigMap that a file of a container comes from, and its key. */
export interface MountedKey {
  readonly configMap: string;
  readonly key: string;
}

/**
 * Where a file of the container comes from: the volume of the deepest mount on its way.
 * @throws {Error} with a message for users, if that is no ConfigMap
 */
export function mountedKey(
  path: string,
  { container, volumes }: Pick<OperatorDeployment, 'container' | 'volumes'>,
): MountedKey {
  const [mount] = (container.volumeMounts ?? [])
    .filter(({ mountPath }) => `${path}/`.startsWith(`${withoutSlash(mountPath)}/`))
    .sort((a, b) => b.mountPath.length - a.mountPath.length);
  if (!mount) throw new Error(`its policy ${path} is not in a volume. ${CURE}`);
  const rest = path.slice(withoutSlash(mount.mountPath).length + 1);
  const file = [mount.subPath, rest].filter(Boolean).join('/');
  const volume = volumes.find(({ name }) => name === mount.name);
  const sources = [volume?.configMap, ...(volume?.projected?.sources ?? []).map(({ configMap }) => configMap)];
  for (const source of sources) {
    const key = source && keyIn(source, file);
    if (source?.name && key !== undefined) return { configMap: source.name, key };
  }
  throw new Error(`its policy ${path} is in the volume ${mount.name}, which has it from no ConfigMap. ${CURE}`);
}

const CURE = 'Save the policy in a file, and give it with --policy FILE';

const withoutSlash = (path: string): string => path.replace(/\/$/, '');

/** The key of a file in the volume: its name, unless the volume has a list. */
const keyIn = ({ items }: ConfigMapVolume, file: string): string | undefined =>
  items ? items.find(({ path }) => path === file)?.key : file;
