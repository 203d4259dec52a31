import { PRODUCT } from '../../src/names.ts';
import { METRICS } from '../../src/report/metrics.ts';

const KNOWN = new Set(Object.keys(METRICS).map((name) => `${PRODUCT}_${name}`));

/** The names of our metrics in an expression; those of a histogram's series as the histogram's. */
export const metricsIn = (expression: string): string[] =>
  [...expression.matchAll(/\bmeltemi_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, ''));

export const unknownMetrics = (expression: string): string[] =>
  metricsIn(expression).filter((name) => !KNOWN.has(name));
