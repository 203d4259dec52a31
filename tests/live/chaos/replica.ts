import type { Testbed } from '../../testbed/testbed.ts';
import { OperatorClock } from '../operatorClock.ts';
import { OperatorProcess } from '../operatorProcess.ts';
import { QUICK } from '../scene.ts';
import { FaultyApi } from './faultyApi.ts';

const LEADERSHIP: ReadonlySet<string> = new Set(['Leading', 'Stopped leading', 'Standing by']);

const DEEDS: ReadonlySet<string> = new Set(['Restarted', 'Pod evicted']);

/** One of the operators: with a user, a way to the API server and a clock of its own. It can be started again and again. */
export class Replica {
  readonly user: string;
  readonly api: FaultyApi;
  readonly clock: OperatorClock;
  readonly #kubeconfig: string;
  readonly #policy: string;
  #operator: OperatorProcess | undefined;
  /** Of processes before this one: log lines and what else they wrote. */
  rest = '';

  private constructor(user: string, api: FaultyApi, kubeconfig: string, policy: string, clock: OperatorClock) {
    this.user = user;
    this.api = api;
    this.#kubeconfig = kubeconfig;
    this.#policy = policy;
    this.clock = clock;
  }

  static async make(bed: Testbed, user: string, policy: string): Promise<Replica> {
    const [api, kubeconfig] = await FaultyApi.up(bed.cluster, await bed.operatorKubeconfig(user));
    return new Replica(user, api, kubeconfig, policy, new OperatorClock(bed.path(`${user}.clock`)));
  }

  get isRunning(): boolean {
    return this.#operator !== undefined;
  }

  /** By its own word: good enough to choose whom a fault hits. */
  get isLeading(): boolean {
    return this.#operator?.lines.findLast(({ msg }) => LEADERSHIP.has(msg))?.msg === 'Leading';
  }

  /** How many restarts and evictions its process has written, by its own word. */
  get deeds(): number {
    return this.#operator?.lines.filter(({ msg }) => DEEDS.has(msg)).length ?? 0;
  }

  get hasScanned(): boolean {
    return (this.#operator?.said('Scanned').length ?? 0) > 0 || (this.#operator?.said('Standing by').length ?? 0) > 0;
  }

  start(): void {
    const flags = [...QUICK, '--policy', this.#policy];
    this.#operator ??= new OperatorProcess(this.#kubeconfig, flags, this.clock.environment);
  }

  async kill(): Promise<void> {
    await this.#ended((operator) => operator.kill());
  }

  /** As a kubelet stops it. */
  async stop(): Promise<void> {
    this.thaw();
    await this.#ended((operator) => operator.stop());
  }

  freeze(): void {
    this.#operator?.freeze();
  }

  thaw(): void {
    this.#operator?.thaw();
  }

  async #ended(end: (operator: OperatorProcess) => Promise<unknown>): Promise<void> {
    const operator = this.#operator;
    this.#operator = undefined;
    if (!operator) return;
    await end(operator);
    this.rest += operator.rest;
  }
}
