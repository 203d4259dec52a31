import { createHash } from 'node:crypto';
import type { Clock } from '../cluster/clock.ts';
import type { Journal } from '../journal/journal.ts';
import { inSlices } from '../loopSlices.ts';
import { longClosed } from '../plan/closedSince.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import type { Untold } from '../plan/notification.ts';
import type { PlanContext } from '../plan/planContext.ts';
import type { Policy } from '../plan/policy.ts';
import { type Receiver, receiverName } from '../plan/receiver.ts';
import { type AllRunNotes, FINISHED, type RunNotes } from '../plan/runNotes.ts';
import { RunMembers, type RunState } from '../plan/runState.ts';
import { Deliveries } from './deliveries.ts';
import type { Origin, RunNotification } from './messages.ts';
import type { DeliveryListener, Post } from './receiverQueue.ts';
import { finishesIn, type News, newsOf } from './runNews.ts';
import type { RunSummary } from './runSummary.ts';

/** What else is said of news: log, Events, metrics. */
export interface NewsListener extends DeliveryListener {
  /** Once for each news, whether or not there is a receiver. */
  news(run: string, event: News['event'], text: string): void;
  finished(run: string, summary: RunSummary, text: string): void;
  /** The journal could not keep the news. It is tried again. */
  trouble(error: unknown): void;
}

export interface NotifierOptions {
  readonly journal: Pick<Journal, 'notes' | 'note' | 'stored'>;
  readonly policy: () => Pick<Policy, 'notify'>;
  readonly origin: Origin;
  readonly post: Post;
  readonly sleep: Clock['sleep'];
  readonly wall: () => number;
  readonly listener: NewsListener;
}

/** Besides the evaluation, what decides about news. */
export type NewsInputs = Pick<PlanContext, 'policy' | 'now' | 'resumedAt' | 'metricGates'>;

/** News of one run that wait at the most. */
const MOST_UNTOLD = 40;

/**
 * Finds the news of runs and has receivers told. News stand in the journal before they are sent, and until every receiver has them. So a
 * crash or another leader neither loses nor repeats them, except for a request that was under way in that moment: it is sent again with
 * the same ID. Nothing here waits for a receiver.
 */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #members = new RunMembers();
  /** The queues of this term; absent outside of one. */
  #deliveries: Deliveries | undefined;
  /** News that may not be in the store yet. */
  readonly #unstored = new Set<string>();

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Begins a term: what was not told before is told now. */
  begin(signal: AbortSignal): void {
    const { origin, post, sleep, wall, listener } = this.#options;
    const done = (receiver: string, notifications: readonly RunNotification[]): void =>
      this.#told(receiver, notifications);
    this.#deliveries = new Deliveries({ origin, post, sleep, wall, listener, signal, done });
    signal.addEventListener('abort', () => {
      this.#deliveries = undefined;
    });
  }

  /**
   * Takes the news out of an evaluation.
   * @returns after how many milliseconds a run may have finished, if nothing else happens
   */
  async evaluated(evaluation: Evaluation, inputs: NewsInputs): Promise<number | undefined> {
    const { journal, wall } = this.#options;
    const open = openRuns(journal.notes);
    const found = open.size > 0 ? await inSlices(this.#members.states(evaluation, open), evaluation.items.length) : [];
    if (!this.#deliveries) return undefined;
    // receivers may have got something meanwhile
    const current = (): RunState[] =>
      found.flatMap((state) => {
        const notes = journal.notes.get(state.run);
        return notes ? { ...state, notes } : [];
      });
    for (const state of current()) this.#take(state, evaluation, inputs);
    this.#deliver();
    const times = current().flatMap((state) => finishesIn(state, wall()) ?? []);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** Whether a restart of this run is news, so that another evaluation should look at it. */
  isNews(run: string): boolean {
    return !this.#options.journal.notes.get(run)?.told?.includes('started');
  }

  #take(state: RunState, { waves }: Evaluation, inputs: NewsInputs): void {
    const { journal, wall, listener } = this.#options;
    const { run, notes } = state;
    const at = wall();
    const ofRun = waves.find((one) => one.run === run);
    const closedGates = longClosed(new Map([[run, notes]]), { ...inputs, wall: at });
    const context = { closedGates, resumedAt: inputs.resumedAt, wall: at };
    const news = newsOf(state, { ...context, ...(ofRun && { waves: ofRun }) });
    if (news.length === 0) {
      this.#endQuietly(state, at);
      return;
    }
    const untold = news.flatMap((one) => this.#untoldOf(one, state, at));
    for (const { id } of untold) this.#unstored.add(id);
    const all = [...(notes.untold ?? []), ...untold];
    journal.note(run, {
      told: [...(notes.told ?? []), ...news.map(({ key }) => key)],
      ...(untold.length > 0 && { untold: all.slice(-MOST_UNTOLD) }),
    });
    for (const { event, text, summary } of news) {
      if (summary) listener.finished(run, summary, text);
      else listener.news(run, event, text);
    }
  }

  /** A run may be over without news: what it restarted was deleted since. Otherwise it would be looked at again and again. */
  #endQuietly(state: RunState, at: number): void {
    const { run, notes } = state;
    if (finishesIn(state, at) === 0) this.#options.journal.note(run, { told: [...(notes.told ?? []), FINISHED] });
  }

  #untoldOf(
    { key, event, text, workloads, since }: News,
    { run, notes, counts, injection }: RunState,
    at: number,
  ): Untold[] {
    const to = this.#receivers.filter(({ events }) => events.has(event)).map(receiverName);
    if (to.length === 0) return [];
    // an injector may come back to a state that the journal has forgotten: that is another run, with news of its own
    const id = createHash('sha256')
      .update(JSON.stringify([run, notes.startedAt, since, key]))
      .digest('hex')
      .slice(0, 32);
    const revision = injection?.entry?.revision ?? '';
    return [{ id, event, revision, at, text, counts, workloads, to }];
  }

  get #receivers(): readonly Receiver[] {
    return this.#options.policy().notify ?? [];
  }

  /** Sends what stands in the journal. What is new there is stored first. */
  #deliver(): void {
    const { journal, listener } = this.#options;
    if (this.#unstored.size === 0) {
      this.#send();
      return;
    }
    const storing = [...this.#unstored];
    journal.stored().then(
      () => {
        for (const id of storing) this.#unstored.delete(id);
        this.#send();
      },
      (error: unknown) => {
        if (this.#deliveries) listener.trouble(error);
      },
    );
  }

  #send(): void {
    const receivers = new Map(this.#receivers.map((one) => [receiverName(one), one]));
    this.#deliveries?.keepOnly(new Set(receivers.keys()));
    for (const [run, { untold = [] }] of this.#options.journal.notes) {
      for (const { to, ...notification } of untold) {
        if (this.#unstored.has(notification.id)) continue;
        for (const name of to) {
          const receiver = receivers.get(name);
          if (receiver) this.#deliveries?.send(receiver, { ...notification, run });
          else this.#told(name, [{ ...notification, run }]);
        }
      }
    }
  }

  /** Removes a receiver from those that wait for these notifications. */
  #told(receiver: string, notifications: readonly RunNotification[]): void {
    const { journal } = this.#options;
    for (const [run, all] of Map.groupBy(notifications, (one) => one.run)) {
      const { untold } = journal.notes.get(run) ?? {};
      if (!untold) continue;
      const ids = new Set(all.map(({ id }) => id));
      journal.note(run, { untold: untold.flatMap((one) => (ids.has(one.id) ? without(one, receiver) : one)) });
    }
  }
}

function without(one: Untold, receiver: string): Untold[] {
  const to = one.to.filter((name) => name !== receiver);
  return to.length > 0 ? [{ ...one, to }] : [];
}

/** The runs of which there may be news: those that have started, or wait for a gate, and have not finished. */
const openRuns = (notes: AllRunNotes): AllRunNotes =>
  new Map([...notes].filter(([, one]) => !one.told?.includes(FINISHED) && isUnderWay(one)));

const isUnderWay = ({ startedAt, closedSince }: RunNotes): boolean =>
  startedAt !== undefined || closedSince !== undefined;
