import type { Answer } from './answer.ts';
import type { Question } from './injectors.ts';
import type { Injection } from './mesh.ts';

/** Time between the two probes of one confirmation, and before another one after a disagreement. */
const BETWEEN = 10_000;

export interface ConfirmationsOptions {
  /** Asks over a connection of its own, so that whatever balances connections may lead it to another replica. */
  readonly probe: (question: Question) => Promise<Answer>;
  /** Resolves after so many milliseconds, early when everything stops. */
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
  /** Called when a confirmation has ended, either way; answers of that epoch that are kept may be the other replica's. */
  readonly onEnd: (injection: Injection) => void;
}

type State = { readonly done: boolean; readonly detail: string };

/**
 * Gate G3 where no istiod Deployment is visible, so that nobody can see whether its replicas agree: one question is put twice, over new
 * connections, ten seconds apart, once per epoch. Only equal answers confirm; a disagreement is probed again for as long as it lasts.
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
    return state?.done ? undefined : (state?.detail ?? 'its injector is to be asked twice first');
  }

  /** Begins to confirm a question's epoch unless that has begun. */
  begin(question: Question): void {
    const { epoch } = question.injection;
    if (this.#epochs.has(epoch)) return;
    this.#epochs.set(epoch, { done: false, detail: 'its injector is being asked twice, ten seconds apart' });
    void this.#confirm(question);
  }

  /** Forgets epochs that are gone; what runs for them ends by itself. */
  keepOnly(injections: readonly Injection[]): void {
    const epochs = new Set(injections.map(({ epoch }) => epoch));
    for (const epoch of this.#epochs.keys()) if (!epochs.has(epoch)) this.#epochs.delete(epoch);
  }

  async #confirm(question: Question): Promise<void> {
    const { probe, wait, onEnd, signal } = this.#options;
    const { epoch } = question.injection;
    while (this.#epochs.has(epoch) && !signal.aborted) {
      const first = await probe(question);
      await wait(BETWEEN);
      const second = await probe(question);
      const same = first.kind !== 'unknown' && JSON.stringify(first) === JSON.stringify(second);
      if (!this.#epochs.has(epoch) || signal.aborted) return;
      const silent = [first, second].some(({ kind }) => kind === 'unknown');
      const why = silent ? 'two answers are wanted' : 'two answers differ';
      this.#epochs.set(epoch, { done: same, detail: `${why}: ${say(first)}, then ${say(second)}` });
      onEnd(question.injection);
      if (same) return;
      await wait(BETWEEN);
    }
  }
}

function say(answer: Answer): string {
  if (answer.kind === 'sidecar') return `${answer.sidecar.image} (${answer.sidecar.revision})`;
  return answer.kind === 'unknown' ? answer.reason.detail : 'no sidecar';
}
