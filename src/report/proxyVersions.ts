import { parseImage } from '../compare/imageReference.ts';
import type { PodGroup } from '../compare/podGroups.ts';
import type { Assessed } from '../plan/assessed.ts';
import { Occurrences } from './occurrences.ts';

/** Versions that are counted by themselves. Whoever may make pods chooses their images. */
const VERSIONS_SHOWN = 20;
/** What the others count as. */
const OTHER_VERSIONS = 'other';
const LONGEST_VERSION = 40;
const DIGEST_SHOWN = 19;

/** Counts pods by the version of Istio's proxy in them. */
export class ProxyVersions {
  readonly #images = new Occurrences<string>();

  /** @param by 1, or -1 to take it away again */
  add(one: Assessed, by: 1 | -1 = 1): void {
    for (const { sidecar, count } of istioGroups(one))
      if (sidecar.placement !== 'none') this.#images.change(sidecar.image, by * count);
  }

  /** The most frequent first; versions beyond the limit together, at the end. */
  sums(): Map<string, number> {
    const versions = new Map<string, number>();
    for (const [image, pods] of this.#images.counts) {
      const version = versionOf(image);
      versions.set(version, (versions.get(version) ?? 0) + pods);
    }
    const sorted = [...versions].sort(([a, first], [b, second]) => second - first || Number(a > b) - Number(a < b));
    const rest = sorted.slice(VERSIONS_SHOWN).reduce((sum, [, pods]) => sum + pods, 0);
    const shown = new Map(sorted.slice(0, VERSIONS_SHOWN));
    if (rest > 0) shown.set(OTHER_VERSIONS, (shown.get(OTHER_VERSIONS) ?? 0) + rest);
    return shown;
  }
}

/** The pods as Istio's source sees them; none of a workload that only other sources are about. */
function istioGroups({ source, groups, others }: Assessed): readonly PodGroup[] {
  if (!source) return groups;
  return others?.find((one) => !one.source)?.groups ?? [];
}

/** The tag of an image, or else the beginning of its digest. */
export function versionOf(image: string): string {
  const { registry, tag, digest } = parseImage(image);
  if (registry === '') return OTHER_VERSIONS;
  return (tag || digest.slice(0, DIGEST_SHOWN)).slice(0, LONGEST_VERSION);
}
