import type { Filter } from '../expect/filter.ts';
import type { Labels } from '../model.ts';

/** A metric gate of the policy: a question to Prometheus whose answer holds restarts. Times are in milliseconds. */
export interface MetricGate {
  readonly name: string;
  /** The address of the Prometheus HTTP API. */
  readonly prometheus: string;
  readonly ask:
    | { readonly query: string; readonly min?: number; readonly max?: number }
    /** Open while no alert with these labels fires. */
    | { readonly alerts: Labels };
  /** After being closed for so long it is reported. It never opens by itself. */
  readonly timeLimit: number;
  /** Whose restarts it holds; all if absent. */
  readonly match?: readonly Filter[];
  readonly tokenFile?: string;
  readonly caFile?: string;
}

/** What the last answer to a gate says. A gate without an answer is closed. */
export interface MetricGateState {
  readonly isOpen: boolean;
  /** Whether Prometheus gave an answer that can be judged; if not, `detail` is the problem. */
  readonly isAnswered: boolean;
  /** The value and its bound, or the problem, in words. */
  readonly detail: string;
  /** When the question was sent, in milliseconds of the steady clock. The metrics are not older. */
  readonly askedAt: number;
}

/** The states of the gates that were asked, by their names. */
export type MetricGateStates = ReadonlyMap<string, MetricGateState>;

/** The time between two questions of one gate. */
export const ASKED_EVERY = 15_000;
/** How long Prometheus may take for an answer. */
export const ANSWERED_WITHIN = 10_000;
/** An answer counts until the next one must have come. */
export const COUNTS_FOR = ASKED_EVERY + ANSWERED_WITHIN;

/**
 * Why a metric gate is closed now; undefined if it is open. Only a recent answer opens a gate.
 * @param now milliseconds of the steady clock
 */
export function whyClosed(
  name: string,
  { metricGates, now }: { readonly metricGates: MetricGateStates; readonly now: number },
): string | undefined {
  const state = metricGates.get(name);
  if (!state) return 'it has not been asked yet';
  if (!state.isOpen) return state.detail;
  const age = now - state.askedAt;
  return age <= COUNTS_FOR ? undefined : `its last answer is ${Math.round(age / 1000)} s old`;
}
