import { type Answer, sameButConfig } from './answer.ts';
import type { Injection } from './mesh.ts';
import type { Question } from './question.ts';

/** The time between the two probes of a confirmation, and before the next attempt after a disagreement. */
const BETWEEN = 10_000;
/** Failed questions are remembered, so that another one is used next. Beyond this number, they are forgotten and used again. */
const MOST_FAILED = 100;
const MOST_NAMESPACES = 10_000;

export interface ConfirmationsOptions {
  /** Asks over a new connection, so that a load balancer may choose another replica. */
  readonly probe: (question: Question) => Promise<Answer>;
  /** Resolves after this many milliseconds, or earlier when Meltemi stops. */
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
  /** Called when a confirmation has ended, with either result. Cached answers of that epoch may come from the other replica. */
  readonly onEnd: (injection: Injection) => void;
}

interface State {
  done: boolean;
  detail: string;
  /** The question of the next pair of probes. */
  question: Question;
  /** Questions that failed, by namespace and template. */
  readonly failed: Set<string>;
  /** The number of failed pairs in each namespace. */
  readonly vain: Map<string, number>;
}

/**
 * Gate G3 for an istiod whose Deployment is not visible, so that it is unknown whether its replicas agree. It asks one question twice, over
 * new connections, ten seconds apart, once per epoch. Only equal answers confirm the epoch; after a disagreement it asks again until they
 * agree. Each pair of probes uses the newest question from the namespaces with the fewest failed pairs. A failed question is used again
 * only if there is no other: its workload may be gone, it may fail on every replica, or its owner may change the answer between two probes.
 * So a namespace with many such questions cannot block the others.
 */
export class Confirmations {
  readonly #options: ConfirmationsOptions;
  readonly #epochs = new Map<string, State>();

  constructor(options: ConfirmationsOptions) {
    this.#options = options;
  }

  /** Why an epoch's answers are not confirmed; undefined once they are. */
  unconfirmed({ epoch }: Injection): string | undefined {
    const state = this.#epochs.get(epoch);
    return state?.done ? undefined : (state?.detail ?? 'Meltemi must first ask its injector twice');
  }

  /** Begins to confirm a question's epoch. If that has begun already, the question becomes a candidate for the next pair of probes. */
  begin(question: Question): void {
    const { epoch } = question.injection;
    const known = this.#epochs.get(epoch);
    if (known) {
      offer(known, question);
      return;
    }
    const detail = 'Meltemi is asking its injector twice, ten seconds apart';
    const state: State = { done: false, detail, question, failed: new Set(), vain: new Map() };
    this.#epochs.set(epoch, state);
    void this.#confirm(epoch, state);
  }

  /** Forgets epochs that no longer exist. Their running confirmations end by themselves. */
  keepOnly(injections: readonly Injection[]): void {
    const epochs = new Set(injections.map(({ epoch }) => epoch));
    for (const epoch of this.#epochs.keys()) if (!epochs.has(epoch)) this.#epochs.delete(epoch);
  }

  async #confirm(epoch: string, state: State): Promise<void> {
    const { probe, wait, onEnd, signal } = this.#options;
    const isWanted = (): boolean => this.#epochs.get(epoch) === state && !signal.aborted;
    while (isWanted()) {
      const { question } = state;
      const first = await probe(question);
      await wait(BETWEEN);
      const second = await probe(question);
      if (!isWanted()) return;
      note(state, question, first, second);
      onEnd(question.injection);
      if (state.done) return;
      await wait(BETWEEN);
    }
  }
}

function offer(state: State, question: Question): void {
  const vain = ({ namespace }: Question): number => state.vain.get(namespace) ?? 0;
  const failed = (one: Question): number => Number(state.failed.has(keyOf(one)));
  const differs = vain(question) - vain(state.question) || failed(question) - failed(state.question);
  if (differs <= 0) state.question = question;
}

function note(state: State, question: Question, first: Answer, second: Answer): void {
  const silent = [first, second].some(({ kind }) => kind === 'unknown');
  const why = silent ? 'two answers are needed' : 'two answers differ';
  state.done = !silent && sameButConfig(first, second);
  state.detail = `${why}: ${say(first)}, then ${say(second)}`;
  if (state.done) return;
  if (state.failed.size >= MOST_FAILED) state.failed.clear();
  state.failed.add(keyOf(question));
  if (state.vain.size >= MOST_NAMESPACES) state.vain.clear();
  state.vain.set(question.namespace, (state.vain.get(question.namespace) ?? 0) + 1);
}

const keyOf = ({ namespace, templateHash }: Question): string => `${namespace}/${templateHash}`;

function say(answer: Answer): string {
  if (answer.kind === 'sidecar') return `${answer.sidecar.image} (${answer.sidecar.revision})`;
  return answer.kind === 'unknown' ? answer.reason.detail : 'no sidecar';
}
