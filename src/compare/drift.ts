import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Sidecar } from '../model.ts';
import { type ClusterImageRules, isMadeOf } from './clusterImage.ts';
import { configDifferences } from './configDifference.ts';

/** How a pod's sidecar differs from the expected one, worst first, with its meaning for docs/policy.md: "the pod …". */
export const DRIFTS = {
  missing: 'has no sidecar',
  image: 'has a sidecar with another image',
  revision: 'has a sidecar of another revision',
  native: 'has an ordinary container where the injector now gives a native sidecar, or the reverse',
  config:
    'has the expected sidecar, but with other resources, arguments, variables, mounts, ports, probes or other fields than the ' +
    'injector would set now',
  orphaned: 'has an injected sidecar that no injector would inject any more',
} as const;

export type Drift = keyof typeof DRIFTS;

/** The drifts that cause restarts by default. One old node changes `native` for a whole mesh, and one setting `config`. */
export const BY_DEFAULT = ['missing', 'image', 'revision'] as const satisfies Drift[];

/** The drifts that are reported only, unless they cause restarts. */
export const REPORTED = ['native', 'config', 'orphaned'] as const satisfies Drift[];

/** The drifts that can cause a restart. */
export const RESTARTABLE = [...BY_DEFAULT, ...REPORTED] as const satisfies Drift[];

export interface DriftRules extends ClusterImageRules {
  /** The drifts that cause a restart. The others are only reported. */
  readonly restartOn: ReadonlySet<Drift>;
  /** The drifts that are looked for besides those; all if absent. Those that restart by default are always looked for. */
  readonly reportOn?: ReadonlySet<Drift>;
}

/** Whether a drift is looked for. */
export const isLookedFor = (
  drift: Drift,
  { restartOn, reportOn }: Pick<DriftRules, 'restartOn' | 'reportOn'>,
): boolean => restartOn.has(drift) || reportOn === undefined || reportOn.has(drift);

/** Whether it must be read how sidecars are configured, of pods and of answers. */
export const readsConfig = (rules: Pick<DriftRules, 'restartOn' | 'reportOn'>): boolean => isLookedFor('config', rules);

/**
 * The drifts of one pod, worst first. If either side does not state its revision, the revision is unknown, so there is no drift. An image
 * that the cluster makes of the expected one is no drift either. A sidecar of another image, revision or placement is configured in another
 * way, too, so that is no drift of its own.
 */
export function driftsOf(expected: ExpectedSidecar, actual: Sidecar, rules: DriftRules): Drift[] {
  if (expected.placement === 'none') return actual.injected && actual.placement !== 'none' ? ['orphaned'] : [];
  if (actual.placement === 'none') return ['missing'];
  const drifts: Drift[] = [];
  if (!isMadeOf(expected.image, actual.image, rules)) drifts.push('image');
  if (expected.revision && actual.revision && expected.revision !== actual.revision) drifts.push('revision');
  if (expected.placement !== 'any' && expected.placement !== actual.placement) drifts.push('native');
  if (drifts.length === 0 && isConfiguredOtherwise(expected, actual)) drifts.push('config');
  return drifts.filter((drift) => !(drift === 'native' || drift === 'config') || isLookedFor(drift, rules));
}

const isConfiguredOtherwise = (expected: ExpectedSidecar, actual: Sidecar): boolean =>
  expected.config !== undefined &&
  actual.config !== undefined &&
  configDifferences(expected.config, actual.config).length > 0;
