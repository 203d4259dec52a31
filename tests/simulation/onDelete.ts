import type { Workload } from '../../src/model.ts';
import type { Policy } from '../../src/plan/policy.ts';

type Way = Exclude<Policy['onDelete'], 'never'>;

/** Whether a policy allows restarts of a workload whose controller replaces no pod by itself. @param way in this way; any by default */
export function mayRestart(
  onDelete: Policy['onDelete'],
  { kind, strategy }: Pick<Workload, 'kind' | 'strategy'>,
  way?: Way,
): boolean {
  if (kind === 'ReplicaSet') return onDelete !== 'never';
  if (strategy !== 'OnDelete') return true;
  return waysOf(onDelete, kind).some((one) => one === (way ?? one));
}

function waysOf(onDelete: Policy['onDelete'], kind: string): readonly Way[] {
  if (onDelete === 'annotate') return kind === 'StatefulSet' ? ['annotate'] : [];
  return onDelete === 'evict' ? ['evict'] : [];
}
