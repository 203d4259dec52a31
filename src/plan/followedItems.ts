import type { Evaluation } from './evaluate.ts';
import type { Planned } from './plan.ts';

/** What somebody who follows evaluations has to work in. */
export interface ItemNews {
  /** Everything that was known before is to be forgotten first. */
  readonly isAnew: boolean;
  readonly added: readonly Planned[];
  /** The same workloads as they were before. */
  readonly gone: readonly Planned[];
}

/** What of an evaluation tells who follows it what has changed. */
export type FollowedEvaluation = Pick<Evaluation, 'items' | 'serial' | 'changes'>;

/** Follows evaluations that are made one after the other. After a gap, everything is new. */
export class FollowedItems {
  #serial: number | undefined;

  next({ items, serial, changes }: FollowedEvaluation): ItemNews {
    const isAnew = !changes || serial === undefined || this.#serial !== serial - 1;
    this.#serial = serial;
    return isAnew ? { isAnew, added: items, gone: [] } : { isAnew, added: changes.changed, gone: changes.gone };
  }
}
