import type { PostResult } from '../../src/notify/post.ts';
import { NEWS_EVENTS, type NewsEvent, type Receiver } from '../../src/plan/receiver.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import type { OperatorProcess } from './operatorProcess.ts';
import type { World } from './world.ts';

/** The receiver of each policy. */
export const RECEIVER: Receiver = {
  kind: 'webhook',
  urlFile: '/hook',
  events: new Set(Object.keys(NEWS_EVENTS) as NewsEvent[]),
};

interface Taken {
  readonly process: OperatorProcess;
  readonly term: number;
}

/** A webhook that takes notifications, sometimes slowly or not at all, and notices what it is told twice. */
export class SimulatedReceiver {
  readonly #world: World;
  readonly #dice: Dice;
  /** Who told of each news last, by the ID. */
  readonly #taken = new Map<string, Taken>();

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  /** A request of a process. */
  post(process: OperatorProcess, body: object): Promise<PostResult> {
    const { promise, resolve } = Promise.withResolvers<PostResult>();
    const isDown = this.#dice.once(8);
    const back = this.#dice.once(4) ? this.#dice.below(5000) : 1;
    // it may arrive when the process leads again
    const sender = { process, term: process.termBeganAt };
    this.#world.time.after(1 + this.#dice.below(200), () => {
      if (!isDown) this.#take(sender, body as { readonly id: string; readonly event: string });
      process.lane.wake(back, () => resolve({ status: isDown ? 503 : 200 }));
    });
    return promise;
  }

  /** Only another leader may repeat what a former one was telling: it cannot know whether that arrived. */
  #take(sender: Taken, { id, event }: { readonly id: string; readonly event: string }): void {
    const { process, term } = sender;
    const before = this.#taken.get(id);
    if (before?.process === process && before.term === term)
      this.#world.referee.violated('told-once', `${process.id} told of ${event} (${id}) twice in one term`);
    this.#taken.set(id, sender);
  }
}
