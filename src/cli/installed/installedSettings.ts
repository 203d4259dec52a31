import type { Api } from '../../cluster/api.ts';
import { isForbidden, isNotFound } from '../../cluster/apiError.ts';
import { resourcePath } from '../../cluster/resources.ts';
import { fits, type Shape } from '../../fieldTypes.ts';
import { deployment } from '../../kinds/deployment.ts';
import { messageOf } from '../../messageOf.ts';
import { keyOf, type Labels, type WorkloadKey } from '../../model.ts';
import { VERSION } from '../../version.ts';
import type { TextFile } from '../../watch/textFile.ts';
import { flagOf, type Setting } from '../setting.ts';
import { SETTINGS, type Settings } from '../settings.ts';
import { argumentsOf, containerEnvironment } from './containerEnvironment.ts';
import { type ContainerSettings, containerSettings } from './containerSettings.ts';
import { type MountedKey, mountedKey } from './mountedKey.ts';
import { type OperatorChoice, type OperatorDeployment, operatorDeployment } from './operatorDeployment.ts';

/** Where the settings of a plan come from, for whoever reads it. */
export interface SettingsSource {
  /** NAMESPACE/NAME. */
  readonly deployment: string;
  /** NAMESPACE/NAME of the ConfigMap with the policy; absent if there is none, or another file was given. */
  readonly policy?: string;
  /** Flags that were given to the plan, and count instead of the operator's. */
  readonly overridden: readonly string[];
}

/** The settings of the installed operator, with those over them that were given to the plan. */
export interface InstalledSettings {
  readonly settings: Settings;
  readonly given: ReadonlySet<string>;
  /** The operator's policy file, unless another one was given. */
  readonly policy?: { readonly name: string; readonly content: TextFile };
  readonly own: WorkloadKey;
  readonly namespace: string;
  readonly source: SettingsSource;
  readonly warnings: readonly string[];
}

/** The settings that decide about a plan and belong to the operator; kubeconfig and context are those of whoever asks. */
const SHARED = Object.entries<Setting<unknown>>(SETTINGS)
  .filter(([, { commands }]) => commands.includes('run') && commands.includes('plan') && !commands.includes('pause'))
  .map(([name]) => name);

/**
 * Reads the settings of the operator that runs in the cluster from its Deployment and from the ConfigMaps that it names. It reads no
 * Secrets, and writes nothing.
 * @param local the settings of this process, and the names of those that were given to it: they win
 * @throws {Error} with a message for users: what could not be found, read or understood, and what to do
 */
export async function installedSettings(
  api: Api,
  choice: OperatorChoice,
  local: { readonly settings: Settings; readonly given: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<InstalledSettings> {
  const operator = await operatorDeployment(api, choice, signal);
  const configMap = (name: string): Promise<Labels | undefined> => dataOf(api, operator.namespace, name, signal);
  const environment = await containerEnvironment(operator, configMap);
  const of = understood(operator, () =>
    containerSettings(argumentsOf(operator.container, environment.values), environment.values),
  );
  const settings = { ...local.settings, ...chosen(of, local.given) };
  const given = new Set([...local.given, ...[...of.given].filter((name) => SHARED.includes(name))]);
  const isOwnPolicy = settings.policy !== '' && !local.given.has('policy');
  const from = isOwnPolicy ? understood(operator, () => mountedKey(settings.policy, operator)) : undefined;
  return {
    settings,
    given,
    ...(from && { policy: await policyIn(from, operator.namespace, configMap) }),
    own: keyOf({ kind: deployment.kind, namespace: operator.namespace, name: operator.name }),
    namespace: operator.namespace,
    source: {
      deployment: `${operator.namespace}/${operator.name}`,
      ...(from && { policy: `${operator.namespace}/${from.configMap}` }),
      overridden: SHARED.filter((name) => local.given.has(name)).map(flagOf),
    },
    warnings: [...otherVersion(operator), ...environment.unread, ...unknownOf(of)],
  };
}

/** The shared settings that the operator was given and this process was not. */
const chosen = ({ settings, given }: ContainerSettings, local: ReadonlySet<string>): Partial<Settings> =>
  Object.fromEntries(
    SHARED.filter((name) => given.has(name) && !local.has(name)).map((name) => [
      name,
      settings[name as keyof Settings],
    ]),
  );

const otherVersion = ({ version }: OperatorDeployment): string[] =>
  version === undefined || version === VERSION
    ? []
    : [`the operator is version ${version} and this is ${VERSION}: they may decide differently`];

const unknownOf = ({ unknown }: ContainerSettings): string[] =>
  unknown.map((name) => `the operator has the variable ${name}, which version ${VERSION} does not know`);

/** Adds to an error whose settings are meant, and that another version may know more. */
function understood<T>({ namespace, name, version }: OperatorDeployment, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const other =
      version === undefined || version === VERSION ? '' : ` The operator is version ${version}, this is ${VERSION}.`;
    throw new Error(`the settings of Deployment ${namespace}/${name}: ${messageOf(error)}.${other}`, { cause: error });
  }
}

async function policyIn(
  { configMap: name, key }: MountedKey,
  namespace: string,
  configMap: (name: string) => Promise<Labels | undefined>,
): Promise<{ name: string; content: TextFile }> {
  const text = (await configMap(name))?.[key];
  const content = text === undefined ? { problem: 'does not exist' } : { text };
  return { name: `ConfigMap ${namespace}/${name}, ${key}`, content };
}

const CONFIG_MAP: Shape = { data: 'labels' };

async function dataOf(api: Api, namespace: string, name: string, signal: AbortSignal): Promise<Labels | undefined> {
  const path = resourcePath('configmaps', namespace, name);
  try {
    const raw = await api.request<{ readonly data?: Labels }>({ method: 'GET', path, signal });
    return fits(raw, CONFIG_MAP) ? (raw.data ?? {}) : undefined;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (!isForbidden(error)) throw error;
    throw new Error(
      `cannot read the operator's settings in ConfigMap ${namespace}/${name}: ${messageOf(error)}. ` +
        'Ask for the right to get it, or give the policy with --policy FILE',
      { cause: error },
    );
  }
}
