export const ON_DELETE_CHOICES = ['evict', 'annotate', 'never'] as const;

/** The settings of the policy that decide how a workload is restarted. */
export interface KindPolicy {
  /**
   * What to do with workloads whose controller replaces no pod by itself: `evict` their pods; `annotate` the pod template of StatefulSets,
   * for another operator that deletes the pods; or `never` restart them.
   */
  readonly onDelete: (typeof ON_DELETE_CHOICES)[number];
}

/** The policy that allows most: what it refuses is never restarted, whatever the policy. */
export const ALLOWS_MOST: KindPolicy = { onDelete: 'evict' };
