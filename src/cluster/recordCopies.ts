import type { Labels } from '../model.ts';
import { ANNOTATION } from '../names.ts';
import type { Api } from './client.ts';
import { listPages, restartingExpired } from './list.ts';
import { type Resource, resourcePath } from './resources.ts';

interface Copy {
  readonly metadata?: {
    readonly annotations?: Labels;
    readonly ownerReferences?: readonly { readonly uid?: string; readonly controller?: boolean }[];
  };
}

/** Who keeps copies: of Deployments' records, and of the others'. */
export const KEEPERS = ['replicasets', 'controllerrevisions'] as const satisfies Resource[];
export type Keeper = (typeof KEEPERS)[number];

/**
 * The records of restarts that the controllers keep copies of, by the workload's UID, the latest of each. The Deployment controller copies
 * a Deployment's annotations to its new ReplicaSet (pkg/controller/deployment/util SetNewReplicaSetAnnotations), those of StatefulSets and
 * DaemonSets to the ControllerRevision (pkg/controller/statefulset newRevision, pkg/controller/daemon snapshot). So a record outlives
 * an owner that replaces the workload's metadata. Only metadata is read; memory follows the workloads that have a record.
 */
export async function recordCopies(
  api: Api,
  keeper: Keeper,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<Map<string, Labels>> {
  const latest = new Map<string, Labels>();
  await restartingExpired(async () => {
    const pages = listPages<Copy>(api, { path: resourcePath(keeper, namespace), metadataOnly: true, signal });
    for await (const { items } of pages) for (const copy of items) keepLatest(latest, copy);
  });
  return latest;
}

export const OURS: readonly string[] = Object.values(ANNOTATION);

function keepLatest(latest: Map<string, Labels>, { metadata }: Copy): void {
  const uid = metadata?.ownerReferences?.find((reference) => reference.controller)?.uid;
  const annotations = metadata?.annotations ?? {};
  if (!uid || Number.isNaN(Date.parse(annotations[ANNOTATION.restartedAt] ?? ''))) return;
  if (isLater(annotations, latest.get(uid))) latest.set(uid, recordIn(annotations));
}

export const recordIn = (annotations: Labels): Labels =>
  Object.fromEntries(Object.entries(annotations).filter(([key]) => OURS.includes(key)));

/** Whether a record tells of a later restart than another, or of the end of the same one. */
export function isLater(record: Labels, other: Labels = {}): boolean {
  const [time, otherTime] = [record, other].map((one) => Date.parse(one[ANNOTATION.restartedAt] ?? '') || 0);
  if (time !== otherTime) return (time ?? 0) > (otherTime ?? 0);
  return Boolean(record[ANNOTATION.outcome]) && !other[ANNOTATION.outcome];
}
