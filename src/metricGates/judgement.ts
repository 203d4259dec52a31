import { excerpt } from '../excerpt.ts';
import type { Labels } from '../model.ts';
import type { MetricGate, MetricGateState } from '../plan/metricGate.ts';
import type { Sample } from './prometheusAnswer.ts';

/** What an answer means for its gate. */
export type Judgement = Pick<MetricGateState, 'isOpen' | 'isAnswered' | 'detail'>;

type Bound = { readonly min?: number; readonly max?: number };

const ALERTS_SHOWN = 3;
const LABELS_SHOWN = 5;

/** Whether a gate is open by these samples, with the value and the bound in words. Every sample must keep the bound. */
export function judgementOf({ ask }: Pick<MetricGate, 'ask'>, samples: readonly Sample[]): Judgement {
  return 'query' in ask ? byBound(ask, samples) : byAlerts(ask.alerts, samples);
}

/** The judgement where there is no answer. */
export const unanswered = (problem: string): Judgement => ({ isOpen: false, isAnswered: false, detail: problem });

function byBound(bound: Bound, samples: readonly Sample[]): Judgement {
  const [first] = samples;
  if (!first) return unanswered('the query gives no sample');
  const nan = samples.find(({ value }) => Number.isNaN(value));
  if (nan) return unanswered(`the value${of(nan.labels)} is NaN`);
  const broken = samples.filter(({ value }) => !keeps(value, bound));
  const [wrong] = broken;
  const isAnswered = true;
  if (!wrong) return { isOpen: true, isAnswered, detail: `${rangeOf(samples)}, ${boundWords(bound)}` };
  const most = samples.length > 1 ? ` (${broken.length} of ${samples.length} samples)` : '';
  return { isOpen: false, isAnswered, detail: `${brokenWords(wrong, bound)}${most}` };
}

const keeps = (value: number, { min = -Infinity, max = Infinity }: Bound): boolean => value >= min && value <= max;

function brokenWords({ value, labels }: Sample, { min = -Infinity, max = Infinity }: Bound): string {
  const [words, bound] = value > max ? ['above the maximum of', max] : ['below the minimum of', min];
  // never shortened until it looks like the bound
  const shown = number(value) === String(bound) ? String(value) : number(value);
  return `${shown}${of(labels)} is ${words} ${bound}`;
}

/** A bound as the policy has it. */
export function boundWords({ min, max }: Bound): string {
  if (min === undefined) return `at most ${max}`;
  return max === undefined ? `at least ${min}` : `from ${min} to ${max}`;
}

function rangeOf(samples: readonly Sample[]): string {
  let [least, greatest] = [Infinity, -Infinity];
  for (const { value } of samples) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  if (samples.length === 1) return number(least);
  return `${samples.length} samples from ${number(least)} to ${number(greatest)}`;
}

const number = (value: number): string => String(Number(value.toPrecision(4)));

function byAlerts(wanted: Labels, samples: readonly Sample[]): Judgement {
  const isAnswered = true;
  const selected = Object.entries(wanted).map(([name, value]) => `${name}=${value}`);
  if (samples.length === 0) return { isOpen: true, isAnswered, detail: `no alert with ${selected.join(', ')} fires` };
  const names = [...new Set(samples.map(({ labels }) => excerpt(labels.alertname ?? 'without a name', 100)))];
  const more = names.length > ALERTS_SHOWN ? ` and ${names.length - ALERTS_SHOWN} more` : '';
  const which = `${names.slice(0, ALERTS_SHOWN).join(', ')}${more}`;
  return {
    isOpen: false,
    isAnswered,
    detail: `${samples.length === 1 ? 'an alert fires' : `${samples.length} alerts fire`}: ${which}`,
  };
}

function of(labels: Labels): string {
  const shown = Object.entries(labels)
    .slice(0, LABELS_SHOWN)
    .map(([name, value]) => `${excerpt(name, 40)}=${excerpt(value, 60)}`);
  return shown.length > 0 ? ` of ${shown.join(', ')}` : '';
}
