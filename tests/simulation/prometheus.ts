import { type Judgement, judgementOf, unanswered } from '../../src/metricGates/judgement.ts';
import { NoAnswer, samplesIn } from '../../src/metricGates/prometheusAnswer.ts';
import { ANSWERED_WITHIN, type MetricGate } from '../../src/plan/metricGate.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import type { Lane } from './lane.ts';
import type { World } from './world.ts';

const SECOND = 1000;

const SLOWEST = 9 * SECOND;

/** The gate of the policies that have one. */
export const GATE: MetricGate = {
  name: 'slo',
  prometheus: 'http://prometheus:9090',
  ask: { query: 'errors', max: 0.01 },
  timeLimit: 120 * SECOND,
};

const vector = (...values: readonly string[]): string =>
  JSON.stringify({
    status: 'success',
    data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [0, value] })) },
  });

/** What Prometheus answers; `undefined` is nothing at all. All but the first close the gate. */
const ANSWERS = {
  good: vector('0.001', '0.002'),
  bad: vector('0.2'),
  'bad in its second sample': vector('0.001', '0.2'),
  'no sample': vector(),
  NaN: vector('0.001', 'NaN'),
  'no answer': undefined,
} as const;
type Answer = keyof typeof ANSWERS;
const CLOSING = Object.keys(ANSWERS).filter((name) => name !== 'good') as Answer[];

/** A Prometheus whose answer changes every now and then, until the world is calm. */
export class Prometheus {
  readonly #world: World;
  readonly #dice: Dice;
  #answer: Answer = 'good';
  #closedSince: number | undefined;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
    const { time, scenario } = world;
    if (!scenario.policy.metricGates) return;
    for (let begin = 0; ; ) {
      begin += dice.below(90 * SECOND);
      const end = begin + (20 + dice.below(120)) * SECOND;
      if (end >= scenario.eventful) break;
      const answer = dice.pick(CLOSING);
      time.after(begin, () => this.#becomes(answer));
      time.after(end, () => this.#becomes('good'));
      begin = end;
    }
  }

  #becomes(answer: Answer): void {
    this.#answer = answer;
    this.#closedSince = answer === 'good' ? undefined : this.#world.time.now;
    this.#world.log(() => `Prometheus now answers: ${answer}`);
  }

  /** For how long it has given nothing that opens the gate, in milliseconds. */
  get closedFor(): number {
    return this.#closedSince === undefined ? 0 : this.#world.time.now - this.#closedSince;
  }

  /** Asks for a process, which gives up as the real one does. */
  ask(gate: MetricGate, lane: Lane): Promise<Judgement> {
    const { promise, resolve } = Promise.withResolvers<Judgement>();
    const { time, weather } = this.#world;
    const { there, mishap } = weather.read();
    // queries over much data take seconds
    const back = this.#dice.once(2) ? this.#dice.below(SLOWEST) : 5;
    lane.wake(ANSWERED_WITHIN, () => resolve(unanswered('no complete answer within the time limit')));
    time.after(there, () => {
      const text = mishap ? undefined : ANSWERS[this.#answer];
      if (text !== undefined) lane.wake(back, () => resolve(judged(gate, text)));
    });
    return promise;
  }
}

function judged(gate: MetricGate, text: string): Judgement {
  try {
    return judgementOf(gate, samplesIn(Buffer.from(text)));
  } catch (error) {
    if (error instanceof NoAnswer) return unanswered(error.message);
    throw error;
  }
}
