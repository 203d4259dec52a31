import type { Labels } from '../../model.ts';
import { ENV_PREFIX } from '../../names.ts';
import type { Container, OperatorDeployment, Variable } from './operatorDeployment.ts';

/** The environment of a container, as far as it can be read. */
export interface ContainerEnvironment {
  readonly values: ReadonlyMap<string, string>;
  /** What is not read, because it is in a Secret or known to the kubelet alone; each a sentence for users. */
  readonly unread: readonly string[];
}

/** The data of a ConfigMap in the namespace; undefined if it does not exist. */
type ReadConfigMap = (name: string) => Promise<Labels | undefined>;

/**
 * Puts the environment together as the kubelet does: `envFrom` first, then `env`, later entries over earlier ones, with `$(NAME)` of what
 * came before (kubernetes pkg/kubelet/kubelet_pods.go, makeEnvironmentVariables). It reads no Secrets.
 */
export async function containerEnvironment(
  { namespace, container }: Pick<OperatorDeployment, 'namespace' | 'container'>,
  configMap: ReadConfigMap,
): Promise<ContainerEnvironment> {
  const values = new Map<string, string>();
  const unread: string[] = [];
  for (const from of container.envFrom ?? []) {
    const { prefix = '', configMapRef, secretRef } = from;
    if (secretRef)
      unread.push(
        `Secret ${secretRef.name} in envFrom is not read: if it sets ${ENV_PREFIX}… variables, give them as flags`,
      );
    const data = configMapRef?.name ? await configMap(configMapRef.name) : {};
    for (const [key, value] of Object.entries(data ?? {})) values.set(prefix + key, value);
  }
  for (const variable of container.env ?? []) {
    const value = await textOf(variable, namespace, configMap);
    if (value !== undefined) values.set(variable.name, expanded(value, values));
    else if (isOurs(variable.name)) unread.push(`the value of ${variable.name} is not read: give it as a flag`);
  }
  return { values, unread };
}

const isOurs = (name: string): boolean => name.startsWith(ENV_PREFIX);

/** The text of a variable; undefined where it cannot be read, or has none. */
async function textOf(
  { value = '', valueFrom }: Variable,
  namespace: string,
  configMap: ReadConfigMap,
): Promise<string | undefined> {
  if (!valueFrom) return value;
  const { configMapKeyRef, fieldRef } = valueFrom;
  if (configMapKeyRef?.name) return (await configMap(configMapKeyRef.name))?.[configMapKeyRef.key ?? ''];
  return fieldRef?.fieldPath === 'metadata.namespace' ? namespace : undefined;
}

/** `$(NAME)` is the value of a variable that is known, and `$$` a dollar (kubernetes third_party/forked/golang/expansion/expand.go). */
const expanded = (text: string, values: ReadonlyMap<string, string>): string =>
  text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name?: string) =>
    name === undefined ? '$' : (values.get(name) ?? whole),
  );

/** The arguments of the container, with its variables in them. */
export const argumentsOf = ({ command = [], args = [] }: Container, values: ReadonlyMap<string, string>): string[] =>
  [...command, ...args].map((text) => expanded(text, values));
