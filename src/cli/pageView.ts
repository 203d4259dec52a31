import type { Leadership } from '../leader/leadership.ts';
import type { LeaderView } from '../page/leaderView.ts';
import { standbyView } from '../page/standbyView.ts';
import type { NoView, View } from '../page/view.ts';
import { foundLease, leaseStatus } from './leaseStatus.ts';

export interface PageViewOptions {
  /** The last evaluation of this process; undefined before the operator is put together. */
  readonly leader: () => LeaderView | undefined;
  readonly leadership: Pick<Leadership, 'isLeading' | 'lease' | 'pauseState'>;
  /** As the page calls the cluster. */
  readonly cluster: string;
  /** The namespace of Meltemi. */
  readonly home: string;
  readonly dryRun: boolean;
  /** Wall clock, milliseconds. */
  readonly wall: () => number;
}

/**
 * What the page shows now: the last evaluation if this process leads, and otherwise what the leader publishes on the Lease. That is read
 * anyway, so no request is sent for the page.
 */
export async function pageView(options: PageViewOptions): Promise<View | NoView> {
  const { leader, leadership, cluster, home, dryRun, wall } = options;
  const led = leadership.isLeading ? leader()?.look() : undefined;
  const lease = leadership.lease();
  if (led) {
    const { document, rows, rollouts } = await led;
    const { paused } = leadership.pauseState();
    const known = { cluster, home, document, rollouts, ...(paused !== undefined && { paused }) };
    const warnings = dryRun ? ['this is a dry run: nothing is restarted'] : [];
    const holder = lease?.spec?.holderIdentity ?? '';
    return { status: { ...known, leader: { holder, isAlive: true }, warnings }, rows, isLeader: true };
  }
  const found = lease && foundLease(lease);
  if (!found) return { nothing: 'the Lease has not been read yet, or no replica has led yet' };
  if (leadership.isLeading) return { nothing: 'the first scan is not finished' };
  const status = leaseStatus(found, wall());
  if ('error' in status) return { nothing: status.error };
  return standbyView({ cluster, ...status, rollouts: new Map(), warnings: [] });
}
