import { sidecarWord } from '../compare/verdict.ts';
import { afterSteps, loopSlices } from '../loopSlices.ts';
import { keyOf, type WorkloadKey } from '../model.ts';
import type { Assessed } from '../plan/assessed.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { FollowedItems } from '../plan/followedItems.ts';
import { lastRestart } from '../plan/knownRestarts.ts';
import { fingerprint, targetsOf } from '../plan/record.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { EventSender } from './eventSender.ts';

/** Sends one `SidecarOutdated` for each workload and sidecar that it should have. */
export class OutdatedEvents implements EvaluationSubscriber {
  readonly #events: EventSender;
  readonly #items = new FollowedItems();
  /** The sidecar that each workload was last said to lack. */
  readonly #sent = new Map<WorkloadKey, string>();

  constructor(events: EventSender) {
    this.#events = events;
  }

  async evaluated(evaluation: Evaluation): Promise<void> {
    const { isAnew, added } = this.#items.next(evaluation);
    const slices = loopSlices();
    for (const one of added) {
      this.#note(one);
      await slices.step();
    }
    if (!isAnew) return;
    await afterSteps(added.length);
    const known = new Set(added.map(({ workload }) => keyOf(workload)));
    for (const key of this.#sent.keys()) if (!known.has(key)) this.#sent.delete(key);
  }

  #note(assessed: Assessed): void {
    const { workload, verdict } = assessed;
    const key = keyOf(workload);
    if (verdict.state !== 'outdated') {
      if (verdict.state === 'current') this.#sent.delete(key);
      return;
    }
    const target = fingerprint(verdict.expected);
    const last = lastRestart(assessed);
    const isRestarted = last && targetsOf(last).some(({ restartedFor }) => restartedFor === target);
    if (this.#sent.get(key) === target || isRestarted) return;
    this.#sent.set(key, target);
    const { outdatedPods, pods, actual, expected, drifts } = verdict;
    const words = `${sidecarWord(actual)}, expected ${sidecarWord(expected)} (${drifts.join(', ')})`;
    this.#events.about(workload, 'SidecarOutdated', `${outdatedPods} of ${pods} pods have ${words}`);
  }
}
