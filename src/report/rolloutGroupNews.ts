import { keyOf, type Workload, type WorkloadKey } from '../model.ts';
import type { Evaluation } from '../plan/evaluate.ts';
import { FollowedItems } from '../plan/followedItems.ts';
import type { Planned } from '../plan/plan.ts';
import { groupKeyOf, mixedGroup, rolloutGroupsOf } from '../plan/rolloutGroups.ts';
import type { EvaluationSubscriber } from './evaluationSubscriber.ts';
import type { EventSender } from './eventSender.ts';
import type { Logger } from './logger.ts';

/** Reports rollout groups that are not set up as rollout-operator requires, once for each problem, while one of the group is outdated. */
export class RolloutGroupNews implements EvaluationSubscriber {
  readonly #logger: Logger;
  readonly #events: EventSender;
  readonly #items = new FollowedItems();
  readonly #members = new Map<WorkloadKey, Planned>();
  #known = new Set<string>();

  constructor(logger: Logger, events: EventSender) {
    this.#logger = logger;
    this.#events = events;
  }

  evaluated(evaluation: Evaluation): void {
    const { isAnew, added } = this.#items.next(evaluation);
    if (isAnew) this.#members.clear();
    for (const one of added) {
      if (one.workload.rolloutGroup) this.#members.set(keyOf(one.workload), one);
      else this.#members.delete(keyOf(one.workload));
    }
    const members = [...this.#members].sort(([a], [b]) => Number(a > b) - Number(a < b)).map(([, one]) => one);
    const groups = rolloutGroupsOf(members.map(({ workload }) => workload));
    const problems = new Set<string>();
    for (const { workload, verdict } of members) {
      const key = groupKeyOf(workload);
      if (key === undefined || verdict.state !== 'outdated') continue;
      const mixed = mixedGroup(groups.get(key) ?? [])?.detail;
      if (mixed !== undefined) this.#note(`${key}: ${mixed}`, problems, () => this.#say('error', workload, mixed));
      const { warning } = workload.rolloutGroup ?? {};
      if (warning !== undefined)
        this.#note(`${key}/${workload.name}: ${warning}`, problems, () => this.#say('warn', workload, warning));
    }
    this.#known = problems;
  }

  #note(problem: string, problems: Set<string>, say: () => void): void {
    if (!this.#known.has(problem) && !problems.has(problem)) say();
    problems.add(problem);
  }

  #say(level: 'error' | 'warn', workload: Workload, problem: string): void {
    const { kind, namespace, name, rolloutGroup } = workload;
    this.#logger[level]('Rollout group has a problem', { kind, namespace, name, group: rolloutGroup?.name, problem });
    this.#events.about(workload, 'RolloutGroupProblem', problem);
  }
}
