import type { ApiObject } from './api.ts';
import type { Toolbox } from './build.ts';
import type { Cluster } from './cluster.ts';
import { define } from './definitions.ts';
import { pathOf } from './paths.ts';
import { freePort } from './ports.ts';
import { serve } from './processes.ts';
import { until } from './until.ts';

const READY_MS = 60_000;

/** A Canary as Flagger serves it, as far as tests look at it. */
export interface Canary extends ApiObject {
  readonly status?: {
    readonly phase?: string;
    readonly iterations?: number;
    readonly lastAppliedSpec?: string;
    readonly lastTransitionTime?: string;
  };
}

export interface CanaryOptions {
  readonly namespace: string;
  readonly name: string;
  readonly kind?: 'Deployment' | 'DaemonSet';
  /** Ten seconds each. */
  readonly iterations?: number;
}

/** The real Flagger, which runs on the host. Its analyses are blue/green by iterations, which takes no mesh traffic and no metrics. */
export class Flagger {
  readonly #cluster: Cluster;
  readonly #toolbox: Toolbox;

  constructor(cluster: Cluster, toolbox: Toolbox) {
    this.#cluster = cluster;
    this.#toolbox = toolbox;
  }

  /** Makes its kinds and starts it. */
  async up(): Promise<void> {
    const { api, state } = this.#cluster;
    await define(api, this.#toolbox.folder('flagger-crds'));
    const port = await freePort();
    const program = {
      name: 'flagger',
      file: this.#toolbox.program('flagger'),
      args: [
        `-kubeconfig=${this.#cluster.kubeconfig('testbed:flagger', ['system:masters'])}`,
        `-port=${port}`,
        '-mesh-provider=kubernetes',
        '-metrics-server=http://127.0.0.1:1',
        '-log-level=info',
      ],
    };
    await serve(state, program, READY_MS, async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
      return answer?.ok === true;
    });
  }

  /** Creates a Canary of the workload with its name. */
  async create({ namespace, name, kind = 'Deployment', iterations = 1 }: CanaryOptions): Promise<void> {
    await this.#cluster.api.create(pathOf('Canary', namespace), {
      apiVersion: 'flagger.app/v1beta1',
      kind: 'Canary',
      metadata: { name },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind, name },
        service: { port: 80, targetPort: 8080 },
        analysis: { interval: '10s', threshold: 5, iterations },
      },
    });
  }

  get(namespace: string, name: string): Promise<Canary> {
    return this.#cluster.api.get<Canary>(pathOf('Canary', namespace, name));
  }

  /** Waits until a Canary is in a phase. */
  async phase(namespace: string, name: string, phase: string, deadlineMs = 90_000): Promise<void> {
    await until(`Canary ${namespace}/${name} to be ${phase}`, deadlineMs, async () => {
      const { status } = await this.get(namespace, name);
      return status?.phase === phase || new Error(status?.phase ?? 'no phase');
    });
  }
}
