import type { WorkloadRef } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import type { Outdated } from '../plan/assessed.ts';
import { RestartEnding } from './restartEnding.ts';
import type { RestarterOptions } from './restarterOptions.ts';
import { RestartFollower } from './restartFollower.ts';
import { RestartWriter } from './restartWriter.ts';

/**
 * Carries out one restart: looks again, asks afresh, journals, writes once, follows to the end, verifies the new pods and records the
 * outcome. All that it knows it reads from the journal and the cluster, so another process can take over at any point.
 */
export class Restarter {
  readonly #writer: RestartWriter;
  readonly #follower: RestartFollower;
  readonly #ending: RestartEnding;

  constructor(options: RestarterOptions) {
    this.#writer = new RestartWriter(options);
    this.#ending = new RestartEnding(options);
    this.#follower = new RestartFollower(options, this.#ending);
  }

  /**
   * Writes a restart and follows it to its end.
   * @returns the workload as last seen; undefined when it is gone
   * @throws {PlanOvertaken} when a fresh look speaks against it and the plan does not know why yet
   * @throws {ApiError} when the cluster does not answer or refuses; nothing was written then
   */
  async restart(planned: Outdated): Promise<Observed | undefined> {
    const left = await this.#writer.restart(planned);
    return left === 'written' ? this.follow(planned.workload) : left;
  }

  /**
   * Follows a restart that is in the journal, of this process or of a former one, and records how it ends.
   * @returns the workload as last seen; undefined when it is gone
   */
  follow(ref: WorkloadRef): Promise<Observed | undefined> {
    return this.#follower.follow(ref);
  }

  /**
   * Closes an episode whose pods became current and ready after the restart had been given up, if a fresh look still says so.
   * @returns the workload as last seen; undefined when it is gone
   * @throws {PlanOvertaken} when it does not, which the plan may not see yet
   */
  close(ref: WorkloadRef): Promise<Observed | undefined> {
    return this.#ending.close(ref);
  }
}
