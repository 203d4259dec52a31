import {
  ASKED_EVERY,
  COUNTS_FOR,
  type MetricGate,
  type MetricGateState,
  type MetricGateStates,
} from '../plan/metricGate.ts';
import type { Policy } from '../plan/policy.ts';
import type { Judgement } from './judgement.ts';

export interface MetricGatesOptions {
  /** Never rejects: without an answer the gate is closed. */
  readonly ask: (gate: MetricGate) => Promise<Judgement>;
  readonly policy: () => Policy;
  /** Steady clock, milliseconds. */
  readonly now: () => number;
  /** Resolves after this many milliseconds, or earlier when Meltemi stops. */
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onAnswer: (gate: MetricGate, state: MetricGateState) => void;
  /** A gate has opened or closed, or is closed for another kind of reason. */
  readonly onChange: () => void;
}

/** The last answer to a gate, as the policy had the gate then. */
interface Known {
  readonly definition: string;
  readonly state: MetricGateState;
}

/**
 * Asks the metric gates that matter, each on its own every 15 seconds, and keeps their last answers. A gate that an edit of the policy has
 * changed is another gate: answers to the old question say nothing of it.
 */
export class MetricGates {
  readonly #options: MetricGatesOptions;
  readonly #known = new Map<string, Known>();
  /** The definitions of the gates that are being asked. */
  readonly #asked = new Set<string>();
  #wanted: ReadonlySet<string> = new Set();

  constructor(options: MetricGatesOptions) {
    this.#options = options;
  }

  /** The last answers to the gates of the policy, however old. */
  states(): MetricGateStates {
    const { metricGates = [] } = this.#options.policy();
    return new Map(
      metricGates.flatMap((gate) => {
        const known = this.#known.get(gate.name);
        return known?.definition === definitionOf(gate) ? [[gate.name, known.state]] : [];
      }),
    );
  }

  /** From now on exactly these gates are asked. */
  want(names: ReadonlySet<string>): void {
    this.#wanted = names;
    const { metricGates = [] } = this.#options.policy();
    for (const gate of metricGates) if (this.#isWanted(gate)) void this.#keepAsking(gate);
  }

  #isWanted({ name }: MetricGate): boolean {
    return this.#wanted.has(name) && !this.#options.signal.aborted;
  }

  async #keepAsking(gate: MetricGate): Promise<void> {
    const { ask, now, wait } = this.#options;
    const definition = definitionOf(gate);
    if (this.#asked.has(definition)) return;
    this.#asked.add(definition);
    while (this.#isWanted(gate) && this.#isCurrent(gate, definition)) {
      const askedAt = now();
      const judgement = await ask(gate);
      if (this.#isCurrent(gate, definition)) this.#note(gate, { definition, state: { ...judgement, askedAt } });
      await wait(Math.max(0, askedAt + ASKED_EVERY - now()));
    }
    this.#asked.delete(definition);
  }

  #isCurrent({ name }: MetricGate, definition: string): boolean {
    const current = this.#options.policy().metricGates?.find((gate) => gate.name === name);
    return current !== undefined && definitionOf(current) === definition;
  }

  #note(gate: MetricGate, known: Known): void {
    const before = this.#known.get(gate.name);
    this.#known.set(gate.name, known);
    const isSame =
      before?.definition === known.definition &&
      // one that no longer counted had closed the gate
      this.#options.now() - before.state.askedAt <= COUNTS_FOR &&
      before.state.isOpen === known.state.isOpen &&
      before.state.isAnswered === known.state.isAnswered;
    this.#options.onAnswer(gate, known.state);
    if (!isSame) this.#options.onChange();
  }
}

const definitionOf = (gate: MetricGate): string => JSON.stringify(gate);
