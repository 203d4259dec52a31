import type { Canary, WorkloadRef } from '../../src/model.ts';
import type { Dice } from '../unit/fuzz/dice.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;

/** A Canary of one workload: its target, or its primary, which Flagger names after the target. */
export interface CanaryDraft {
  readonly role: 'target' | 'primary';
  readonly workload: WorkloadRef;
}

/** What Flagger makes of a workload's name if that is its primary. */
export const PRIMARY = '-primary';

/** Flagger, which analyses every now and then. What its people promote meanwhile changes no workload here. */
export class Flagger {
  readonly #draft: CanaryDraft | undefined;
  #workSince: number | undefined;

  constructor(world: World, draft: CanaryDraft | undefined, dice: Dice) {
    this.#draft = draft;
    if (!draft) return;
    const { time, scenario } = world;
    for (let begin = 0; ; ) {
      begin += dice.below(4 * MINUTE);
      const end = begin + MINUTE + dice.below(2 * MINUTE);
      if (end >= scenario.eventful) break;
      time.after(begin, () => this.#becomes(world, time.now));
      time.after(end, () => this.#becomes(world, undefined));
      begin = end;
    }
  }

  #becomes(world: World, workSince: number | undefined): void {
    this.#workSince = workSince;
    world.log(() => `the Canary of ${this.#draft?.workload.name} is ${this.#phase}`);
  }

  get #phase(): string {
    return this.#workSince === undefined ? 'Succeeded' : 'Progressing';
  }

  /** Whether there are any, ever. */
  get isInstalled(): boolean {
    return this.#draft !== undefined;
  }

  canaries(): Canary[] {
    if (!this.#draft) return [];
    const { role, workload } = this.#draft;
    const { namespace, kind, name } = workload;
    const target = { kind, name: role === 'target' ? name : name.slice(0, -PRIMARY.length) };
    return [{ namespace, name: 'canary', target, phase: this.#phase }];
  }

  /** The role of a workload; undefined if it has none. */
  roleOf({ kind, namespace, name }: WorkloadRef): CanaryDraft['role'] | undefined {
    const { workload, role } = this.#draft ?? {};
    return workload?.kind === kind && workload.namespace === namespace && workload.name === name ? role : undefined;
  }

  /** When the analysis began that is in progress. */
  get workSince(): number | undefined {
    return this.#workSince;
  }
}
