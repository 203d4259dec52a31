import { ISTIO } from '../expect/sources/istio.ts';
import { pauseReason } from '../leader/pauseState.ts';
import type { Policy } from '../plan/policy.ts';
import type { FilePolicy } from './policySchema.ts';
import { POLICY_NAMES, type PolicyName, type Settings } from './settings.ts';

/**
 * The policy in force: for each setting the flag or environment variable, or else the file, or else the default.
 * @param given names of the settings that a flag or an environment variable sets
 */
export function policyOf(settings: Settings, given: ReadonlySet<string>, file: FilePolicy = {}): Policy {
  const chosen = POLICY_NAMES.map((name) => [name, given.has(name) ? settings[name] : (file[name] ?? settings[name])]);
  const policy = Object.fromEntries(chosen) as Pick<Settings, PolicyName>;
  const paused = file.paused === undefined ? undefined : pauseReason(file.paused);
  return { include: [], exclude: [], ...unflaggedOf(file), ...(paused !== undefined && { paused }), ...policy };
}

type Unflagged =
  | 'imageRewrites'
  | 'sources'
  | 'windows'
  | 'freezes'
  | 'urgent'
  | 'include'
  | 'exclude'
  | 'waves'
  | 'metricGates'
  | 'notify';

const unflaggedOf = ({
  imageRewrites,
  istio = true,
  sidecars,
  windows,
  freezes,
  urgent,
  include,
  exclude,
  notify,
  waves,
  metricGates,
}: FilePolicy): Partial<Pick<Policy, Unflagged>> => ({
  ...(imageRewrites && { imageRewrites }),
  ...(sidecars && { sources: istio ? [ISTIO, ...sidecars] : sidecars }),
  ...(windows && { windows }),
  ...(freezes && { freezes }),
  ...(urgent && { urgent }),
  ...(include && { include }),
  ...(exclude && { exclude }),
  ...(notify && { notify }),
  ...(waves && { waves }),
  ...(metricGates && { metricGates }),
});
