import type { Api } from '../cluster/api.ts';
import type { WorkloadKey } from '../model.ts';
import type { Policy } from '../plan/policy.ts';
import { installedSettings, type SettingsSource } from './installed/installedSettings.ts';
import { PolicySource } from './policySource.ts';
import type { Settings } from './settings.ts';

/** What a plan is made with. */
export interface PlanSettings {
  readonly settings: Settings;
  readonly policy: Policy;
  /** Only with the settings of an operator: where they come from. */
  readonly source?: SettingsSource;
  /** Only with those: its Deployment and its namespace. */
  readonly own?: WorkloadKey;
  readonly namespace?: string;
  readonly warnings: readonly string[];
}

/** The settings of this process, the names of those that were given to it, and the policy that they make. */
export interface LocalSettings {
  readonly settings: Settings;
  readonly given: ReadonlySet<string>;
  readonly policy: Policy;
}

/**
 * The settings of this process, or those of the installed operator with the given ones over them.
 * @throws {Error} with a message for users, when settings or policy cannot be found, read or used
 */
export async function planSettings(
  api: Api,
  { settings, given, policy }: LocalSettings,
  signal: AbortSignal,
): Promise<PlanSettings> {
  if (!settings.inClusterSettings) return { settings, policy, warnings: [] };
  const { policy: file, ...installed } = await installedSettings(
    api,
    settings.inClusterSettings,
    { settings, given },
    signal,
  );
  const source = file
    ? await PolicySource.of(file.name, installed.settings, installed.given, file.content)
    : await PolicySource.open(installed.settings, installed.given);
  return { ...installed, policy: source.current() };
}

/** One line for people: whose settings these are. */
export function sourceLine({ deployment, policy, overridden }: SettingsSource): string {
  const file = policy === undefined ? '' : ` with the policy in ConfigMap ${policy}`;
  const over = overridden.length === 0 ? '' : `; overridden by yours: ${overridden.join(', ')}`;
  return `settings of Deployment ${deployment}${file}${over}`;
}
