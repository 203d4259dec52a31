import { defaults } from '../../src/cli/settings.ts';
import { StatusPage } from '../../src/cli/statusPage.ts';
import type { KubeClient } from '../../src/cluster/client.ts';
import type { Lease } from '../../src/leader/lease.ts';
import { LeaderView } from '../../src/page/leaderView.ts';
import type { Assessed } from '../../src/plan/assessed.ts';
import type { Evaluation } from '../../src/plan/evaluate.ts';
import type { Logger } from '../../src/report/logger.ts';
import { portOf, type Server } from '../../src/report/server.ts';
import { policy } from '../builders/policy.ts';
import { NOW } from '../builders/workload.ts';
import { planOf } from './planOf.ts';

/** A status page as `meltemi run` serves it, with evaluations that a test makes. */
export class ServedPage implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #view: LeaderView;
  #server: Server | undefined;
  readonly said: string[] = [];
  /** What this process is told of the Lease. */
  readonly leadership: { isLeading: boolean; lease: () => Lease | undefined; pauseState: () => object } = {
    isLeading: true,
    lease: () => undefined,
    pauseState: () => ({}),
  };

  constructor() {
    this.#view = new LeaderView({
      journal: { snapshot: () => new Map(), notes: new Map() },
      wall: Date.now,
      mesh: () => ({ injections: [], namespaces: new Map() }),
      policy: () => policy(),
      metricGates: () => new Map(),
    });
  }

  async start(): Promise<this> {
    const say = (message: string, fields: object = {}): void =>
      void this.said.push(`${message} ${JSON.stringify(fields)}`);
    const logger: Logger = { error: say, warn: say, info: say, debug: say };
    const { signal } = this.#stop;
    const settings = { ...defaults(), clusterName: 'prod' };
    const { leadership } = this;
    const page = new StatusPage({ settings, leadership, home: 'meltemi', server: '', wall: Date.now, logger, signal });
    page.show(this.#view);
    // no reader is authorized on a loopback address, so nobody is asked
    const client = {} as KubeClient;
    this.#server = await page.listen({ host: '127.0.0.1', port: 0 }, { client, logger, signal });
    return this;
  }

  get server(): Server {
    if (!this.#server) throw new Error('the page was not started');
    return this.#server;
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.server)}`;
  }

  /** The operator has evaluated these workloads. */
  evaluated(all: readonly Assessed[]): void {
    this.shows({ ...planOf(all), at: NOW });
  }

  /** The operator has come to this. */
  shows(evaluation: Evaluation): void {
    this.#view.evaluated(evaluation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => (this.#server ? this.#server.close(resolve) : resolve(undefined)));
  }
}
