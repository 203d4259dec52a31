import type { WorkloadRef } from '../model.ts';
import type { Observed } from '../observe/observed.ts';
import type { Outdated } from '../plan/assessed.ts';
import { RestartEnding } from './restartEnding.ts';
import type { RestarterOptions } from './restarterOptions.ts';
import { RestartFollower } from './restartFollower.ts';
import { RestartWriter } from './restartWriter.ts';

/**
 * Carries out one restart: it reads the workload and asks the injector again, updates the journal, writes once, follows the rollout,
 * verifies the new pods and records the outcome. Its only state is the journal and the cluster, so another process can take over any time.
 */
export class Restarter {
  readonly #options: RestarterOptions;
  readonly #writer: RestartWriter;
  readonly #follower: RestartFollower;
  readonly #ending: RestartEnding;

  constructor(options: RestarterOptions) {
    this.#options = options;
    this.#writer = new RestartWriter(options);
    this.#ending = new RestartEnding(options);
    this.#follower = new RestartFollower(options, this.#ending);
  }

  /**
   * Writes a restart and follows it to its end.
   * @param planned the workload with the sidecar that it is restarted for
   * @param together the same with the other sidecars that the restart is for, too
   * @returns the last observation of the workload; undefined if it was deleted
   * @throws {PlanOvertaken} when the workload has changed since it was planned and must not be restarted now
   * @throws {ApiError} when the API server does not answer or rejects the request; then nothing was written
   */
  async restart(planned: Outdated, together?: readonly Outdated[]): Promise<Observed | undefined> {
    const { phases } = this.#options;
    const { workload } = planned;
    phases?.begun(planned);
    try {
      const left = await this.#writer.restart(planned, together);
      if (left === 'written') phases?.entered(workload, 'follow');
      const observed = left === 'written' ? await this.#follower.follow(workload, true) : left;
      phases?.over(workload);
      return observed;
    } catch (error) {
      phases?.over(workload, error);
      throw error;
    }
  }

  /**
   * Follows a restart in the journal that this process or an earlier one has begun, and records its outcome.
   * @returns the last observation of the workload; undefined if it was deleted
   */
  follow(ref: WorkloadRef): Promise<Observed | undefined> {
    return this.#follower.follow(ref, false);
  }

  /**
   * Closes an episode whose pods became current and ready after the restart was given up. It reads the workload again first.
   * @returns the last observation of the workload; undefined if it was deleted
   * @throws {PlanOvertaken} when the pods are no longer current and ready
   */
  close(ref: WorkloadRef): Promise<Observed | undefined> {
    return this.#ending.close(ref);
  }
}
