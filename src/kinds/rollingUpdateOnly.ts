import type { Workload } from '../model.ts';
import type { Exception } from './ownerKind.ts';

/** Refuses every strategy but RollingUpdate, and names it. */
export const unlessRollingUpdate = ({ strategy }: Workload): string | undefined =>
  strategy === 'RollingUpdate' ? undefined : strategy;

/** Why `OnDelete` is refused. */
export const ON_DELETE: Exception = {
  what: 'update strategy `OnDelete`',
  why: 'its controller replaces no pod by itself, so a restart annotation does nothing',
};
