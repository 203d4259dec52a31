import type { MetricGate } from '../plan/metricGate.ts';

/**
 * The query of a gate. That no alert fires is asked by a query too, because Thanos, Mimir and VictoriaMetrics answer it where they have no
 * API for alerts: Prometheus writes the series `ALERTS` for each of its alerts.
 */
export function queryOf({ ask }: Pick<MetricGate, 'ask'>): string {
  if ('query' in ask) return ask.query;
  const matchers = Object.entries(ask.alerts).map(([name, value]) => `${name}=${quoted(value)}`);
  return `ALERTS{${['alertstate="firing"', ...matchers].join(',')}}`;
}

/** A text in PromQL, which has Go's escapes. JSON's are among them. */
const quoted = (text: string): string => JSON.stringify(text);
