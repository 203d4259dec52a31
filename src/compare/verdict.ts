import { excerpt } from '../excerpt.ts';
import type { ExpectedSidecar } from '../expect/answer.ts';
import type { Sidecar } from '../model.ts';
import type { Reason } from '../reasons.ts';
import type { Drift } from './drift.ts';
import { shortImage } from './imageReference.ts';
import type { PodGroup } from './podGroups.ts';

export interface OutdatedVerdict {
  readonly state: 'outdated';
  readonly expected: ExpectedSidecar;
  readonly drifts: readonly Drift[];
  readonly outdatedPods: number;
  readonly pods: number;
  /** The groups among them that are outdated. */
  readonly outdatedGroups: readonly PodGroup[];
  /** The sidecar of the largest outdated group, for users. */
  readonly actual: Sidecar;
}

export type Verdict =
  | {
      readonly state: 'current';
      readonly expected: ExpectedSidecar;
      readonly drifts: readonly Drift[];
      /** Describes how the cluster rewrites the expected image; absent if the pods have the injector's own image. */
      readonly rewritten?: string;
    }
  | OutdatedVerdict
  | {
      readonly state: 'skipped';
      readonly reason: Reason;
      readonly drifts?: readonly Drift[];
      /** Why new pods may come without the sidecar that pods have, although nobody wishes that; absent if nothing suggests it. */
      readonly doubt?: string;
    }
  /** Outdated, in a namespace where nothing is restarted. It is listed, so that users do not overlook it. */
  | (Omit<OutdatedVerdict, 'state'> & { readonly state: 'skipped'; readonly reason: Reason })
  | { readonly state: 'unknown'; readonly reason: Reason }
  | { readonly state: 'conflict'; readonly reason: Reason };

export const STATES = ['current', 'outdated', 'skipped', 'unknown', 'conflict'] as const satisfies Verdict['state'][];

/** A revision is a label value, which is never longer. A pod's annotation can contain anything. */
const LONGEST_REVISION = 63;

/** A sidecar as a short word for tables and Events: `proxyv2:1.30.2 (canary)`. It is never longer than a line. It is not escaped. */
export function sidecarWord({ image, revision }: { image: string; revision: string }): string {
  if (!image) return 'no sidecar';
  return revision ? `${shortImage(image)} (${excerpt(revision, LONGEST_REVISION)})` : shortImage(image);
}
