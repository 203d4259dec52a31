import type { Setting } from '../../../src/cli/setting.ts';
import { SETTINGS } from '../../../src/cli/settings.ts';

/** Flags of `run` that are given by a value of another place than `config`; by none where a pod has no use for them. */
const ELSEWHERE: Readonly<Record<string, string | undefined>> = {
  kubeconfig: undefined,
  context: undefined,
  policy: 'policy',
  namespaces: 'namespaces',
  istioNamespaces: 'istioNamespaces',
};

/** The settings of `run`, by name, each with the chart's value for it. */
export const FLAG_VALUES: readonly {
  readonly name: string;
  readonly setting: Setting<unknown>;
  readonly value?: string;
}[] = Object.entries<Setting<unknown>>(SETTINGS)
  .filter(([, { commands }]) => commands.includes('run'))
  .map(([name, setting]) => {
    const value = name in ELSEWHERE ? ELSEWHERE[name] : `${setting.policy ? 'policy' : 'config'}.${name}`;
    return { name, setting, ...(value !== undefined && { value }) };
  });

/** Those under `config`. */
export const CONFIG_VALUES = FLAG_VALUES.filter(({ value }) => value?.startsWith('config.'));

/** Those under `policy`. `config` takes them too, as it did before they had a place of their own. */
export const POLICY_VALUES = FLAG_VALUES.filter(({ value }) => value?.startsWith('policy.'));
