import type { Workload } from '../model.ts';
import type { RawMetadata } from './rawWorkload.ts';

/** Label and annotations of Grafana's rollout-operator (its README, "How updates work"; pkg/config/config.go). */
export const ROLLOUT_GROUP = 'rollout-group';
export const ROLLOUT_MAX_UNAVAILABLE = 'rollout-max-unavailable';
export const ROLLOUT_PAUSED = 'rollout-paused';

/** Longer values are not read. Anyone who may edit the StatefulSet can write them. */
const LONGEST = 63;

/** Reads the group of a StatefulSet, and how many of its pods may be unavailable; nothing if it has no group. */
export function rolloutGroupOf({
  labels = {},
  annotations = {},
}: RawMetadata): Partial<Pick<Workload, 'rolloutGroup' | 'maxUnavailable'>> {
  const name = labels[ROLLOUT_GROUP];
  if (!name || name.length > LONGEST) return {};
  const given = annotations[ROLLOUT_MAX_UNAVAILABLE];
  const most = given === undefined || /^[1-9]\d{0,5}$/.test(given) ? Number(given ?? 1) : undefined;
  const warning = `the annotation ${ROLLOUT_MAX_UNAVAILABLE} is "${given?.slice(0, LONGEST)}" and not a number of 1 or more, so 1 is used`;
  return {
    maxUnavailable: most ?? 1,
    rolloutGroup: {
      name,
      paused: annotations[ROLLOUT_PAUSED] === 'true',
      ...(most === undefined && { warning }),
    },
  };
}
