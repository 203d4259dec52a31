import { type Receiver, receiverName } from '../plan/receiver.ts';
import type { EventSender } from '../report/eventSender.ts';
import { errorFields, type Logger } from '../report/logger.ts';
import type { Metrics } from '../report/metrics.ts';
import { SayOnce } from '../sayOnce.ts';
import type { NewsListener } from './notifier.ts';

/** Says in log, metrics and Events what is news, and what came of notifications. */
export function newsReport(logger: Logger, metrics: Metrics, events: Pick<EventSender, 'general'>): NewsListener {
  const said = new SayOnce<string>();
  const fields = ({ kind, urlFile }: Receiver) => ({ receiver: kind, urlFile });
  return {
    news: (run, event, text) => logger.info('News of a run', { run, event, text }),
    finished: (run, { restarted, verified, failed, heldBack, took, slowest }, text) => {
      logger.info('Run finished', {
        run,
        text,
        restarted,
        verified,
        failed,
        heldBack: heldBack.map(({ by, reason, workloads }) => ({ by, reason, workloads: workloads.length })),
        seconds: Math.round(took / 1000),
        slowest: slowest.map((one) => ({ workload: one.workload, seconds: Math.round(one.took / 1000) })),
      });
      events.general('RunFinished', text);
    },
    trouble: (error) => {
      metrics.error();
      logger.warn('News not kept in the journal, retrying', errorFields(error));
    },
    sent: (receiver, count) => {
      said.over(receiverName(receiver));
      metrics.notified(receiver.kind, 'sent', count);
      logger.info('Notifications sent', { ...fields(receiver), count });
    },
    delayed: (receiver, problem, retryIn) => {
      if (!said.isNews(receiverName(receiver), problem)) return;
      logger.warn('Notification not delivered, retrying', {
        ...fields(receiver),
        problem,
        retryInSeconds: retryIn / 1000,
      });
    },
    gaveUp: (receiver, count, problem) => {
      metrics.notified(receiver.kind, 'failed', count);
      logger.error('Notifications given up', { ...fields(receiver), count, problem });
    },
  };
}
