import type { LeadershipListener } from '../cluster/leadership.ts';
import type { Standing } from '../cluster/standing.ts';
import { errorFields, type Logger } from './logger.ts';

/** Logs who leads. @param fields added to the line that says that this process does */
export const leadershipLog = (logger: Logger, fields: { readonly identity?: string }): LeadershipListener => ({
  acquired: () => logger.info('Leading', fields),
  lost: (why) => logger.info('Not leading any more', { why }),
  standingBy: (holder) => logger.info('Standing by', { holder }),
  trouble: (error) => logger.warn('Lease trouble, will be tried again', errorFields(error)),
});

/** Logs what people told through the Lease, when it changes. */
export function standingLog(logger: Logger): (standing: Standing) => void {
  let before: Standing = {};
  return (standing) => {
    const { paused, resumedAt } = standing;
    if (paused !== undefined && paused !== before.paused) logger.info('Paused', { reason: paused });
    if (paused === undefined && before.paused !== undefined) logger.info('Not paused any more');
    if (resumedAt !== undefined && resumedAt !== before.resumedAt)
      logger.info('Resumed', { resumedAt: new Date(resumedAt).toISOString() });
    before = standing;
  };
}
