import type { LongClosed } from '../plan/closedSince.ts';
import type { MetricGate, MetricGateState } from '../plan/metricGate.ts';
import { timestamp } from '../rfc3339.ts';
import { SayOnce } from '../sayOnce.ts';
import type { EventSender } from './eventSender.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** Logs and counts what the metric gates answer, and sends an Event when one has been closed for too long. */
export class MetricGateNews {
  readonly #logger: Logger;
  readonly #metrics: Metrics;
  readonly #events: EventSender;
  readonly #said = new SayOnce<string>();

  constructor(logger: Logger, metrics: Metrics, events: EventSender) {
    this.#logger = logger;
    this.#metrics = metrics;
    this.#events = events;
  }

  answered({ name }: MetricGate, { isOpen, isAnswered, detail }: MetricGateState): void {
    this.#metrics.metricGate(name, isOpen, isAnswered);
    if (!this.#said.isNews(name, `${isOpen} ${isAnswered}`)) return;
    const words = isOpen ? 'Metric gate is open' : 'Metric gate is closed';
    this.#logger[isAnswered ? 'info' : 'warn'](words, { gate: name, detail });
  }

  asked(names: ReadonlySet<string>, closedLong: number): void {
    this.#said.keepOnly((name) => names.has(name));
    this.#metrics.metricGates(names, closedLong);
  }

  closedLong({ run, gate, since, detail }: LongClosed): void {
    this.#logger.error('Metric gate has been closed for longer than its time limit', {
      gate,
      run,
      since: timestamp(since),
      detail,
    });
    this.#events.general('MetricGateClosed', `${gate} has kept restarts waiting since ${timestamp(since)}: ${detail}`);
  }
}
