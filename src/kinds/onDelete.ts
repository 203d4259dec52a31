import type { Workload } from '../model.ts';
import type { KindPolicy } from './kindPolicy.ts';
import type { Exception } from './ownerKind.ts';

/** The update strategy with which a controller replaces no pod by itself. */
export const ON_DELETE = 'OnDelete';

/** Whether Meltemi evicts the pods of such a workload, because its controller waits for others to delete them. */
export const evictsOnDelete = ({ strategy }: Pick<Workload, 'strategy'>, { onDelete }: KindPolicy): boolean =>
  strategy === ON_DELETE && onDelete === 'evict';

/** What a workload with this strategy waits for. */
export const UPDATE_PENDING: Exception = {
  what: 'update strategy `OnDelete` and pods that are not of the newest template',
  why: 'an eviction would also roll out a template that its owners have not rolled out yet (reason `update-pending`)',
};
