import type { Journal } from '../journal/journal.ts';
import { askedMetricGates } from '../plan/askedMetricGates.ts';
import { closedSince, gateWaits, type LongClosed, longClosed, untilLongClosed } from '../plan/closedSince.ts';
import type { MetricGateStates } from '../plan/metricGate.ts';
import type { Plan } from '../plan/plan.ts';
import type { PlanContext } from '../plan/planContext.ts';
import type { MetricGates } from './metricGates.ts';

export interface MetricGateUpkeepOptions {
  readonly gates: MetricGates;
  readonly journal: Pick<Journal, 'notes' | 'note'>;
  /** Nothing is journalled. */
  readonly dryRun: boolean;
  readonly report: {
    /** These gates are asked now, and no others; so many keep a run waiting for longer than they may. */
    metricGatesAsked(names: ReadonlySet<string>, closedLong: number): void;
    /** A gate has kept a run waiting for its time limit. Reported once, until it opens. */
    metricGateClosedLong(long: LongClosed): void;
  };
}

/** Between evaluations and metric gates: which are asked, since when they keep runs waiting, and who has been told of it. */
export class MetricGateUpkeep {
  readonly #options: MetricGateUpkeepOptions;

  constructor(options: MetricGateUpkeepOptions) {
    this.#options = options;
  }

  /** The last answers. */
  states(): MetricGateStates {
    return this.#options.gates.states();
  }

  /**
   * Works in what an evaluation has decided.
   * @returns when the next one is due because a time limit has ended, by the steady clock; undefined if none ends
   */
  tend(plan: Plan, context: PlanContext): number | undefined {
    const { gates, journal, dryRun, report } = this.#options;
    const asked = askedMetricGates(plan, context);
    gates.want(asked);
    if (!dryRun) this.#noteTimes(plan, context);
    const long = longClosed(journal.notes, context);
    report.metricGatesAsked(asked, new Set(long.map(({ gate }) => gate)).size);
    for (const one of dryRun ? [] : long) this.#tell(one);
    const left = untilLongClosed(journal.notes, context);
    return left === undefined ? undefined : context.now + left;
  }

  /** Asks nothing until the next evaluation. */
  rest(): void {
    this.#options.gates.want(new Set());
  }

  #noteTimes(plan: Plan, context: PlanContext): void {
    const { journal } = this.#options;
    const notes = { ...context, notes: journal.notes };
    for (const [run, times] of closedSince(gateWaits(plan, context), notes)) {
      // a gate that closes again is told again
      const told = journal.notes.get(run)?.told?.filter((one) => !isOver(one, times));
      journal.note(run, { closedSince: times, ...(told && { told }) });
    }
  }

  #tell(long: LongClosed): void {
    const { journal, report } = this.#options;
    const told = journal.notes.get(long.run)?.told ?? [];
    if (told.includes(newsOf(long.gate))) return;
    journal.note(long.run, { told: [...told, newsOf(long.gate)] });
    report.metricGateClosedLong(long);
  }
}

const NEWS = 'event/MetricGateClosed/';
const newsOf = (gate: string): string => NEWS + gate;

const isOver = (news: string, times: Readonly<Record<string, number>>): boolean =>
  news.startsWith(NEWS) && !Object.hasOwn(times, news.slice(NEWS.length));
