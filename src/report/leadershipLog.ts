import type { LeadershipListener } from '../leader/leadership.ts';
import type { PauseState } from '../leader/pauseState.ts';
import { errorFields, type Logger } from './logger.ts';

/** Logs who leads. @param fields added to the line that says that this process does */
export const leadershipLog = (logger: Logger, fields: { readonly identity?: string }): LeadershipListener => ({
  acquired: () => logger.info('Leading', fields),
  lost: (why) => logger.info('Stopped leading', { why }),
  standingBy: (holder) => logger.info('Standing by', { holder }),
  trouble: (error) => logger.warn('Lease request failed, retrying', errorFields(error)),
});

/** Logs a pause or a resume on the Lease when it changes. */
export function pauseStateLog(logger: Logger): (pauseState: PauseState) => void {
  let before: PauseState = {};
  return (pauseState) => {
    const { paused, resumedAt } = pauseState;
    if (paused !== undefined && paused !== before.paused) logger.info('Paused', { reason: paused });
    if (paused === undefined && before.paused !== undefined) logger.info('Pause lifted');
    if (resumedAt !== undefined && resumedAt !== before.resumedAt)
      logger.info('Resumed', { resumedAt: new Date(resumedAt).toISOString() });
    before = pauseState;
  };
}
