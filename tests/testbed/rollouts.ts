import type { ApiObject } from './api.ts';
import type { Toolbox } from './build.ts';
import type { Cluster } from './cluster.ts';
import { define } from './definitions.ts';
import { merge } from './merge.ts';
import { pathOf } from './paths.ts';
import { freePort } from './ports.ts';
import { serve } from './processes.ts';
import { until } from './until.ts';

const READY_MS = 60_000;
const QUIET_MS = 700;

/** A Rollout as its controller serves it, as far as tests look at it. */
export interface Rollout extends ApiObject {
  readonly spec: { readonly restartAt?: string; readonly template?: unknown };
  readonly status?: {
    readonly observedGeneration?: string;
    readonly phase?: string;
    readonly message?: string;
    readonly abort?: boolean;
    readonly currentPodHash?: string;
    readonly stableRS?: string;
    readonly restartedAt?: string;
    readonly currentStepIndex?: number;
    readonly pauseConditions?: readonly unknown[];
  };
}

export interface RolloutOptions {
  readonly namespace: string;
  readonly name: string;
  readonly replicas?: number;
  /** Laid over its spec: strategy, template, workloadRef and so on. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** The real controller of Argo Rollouts, which runs on the host. */
export class ArgoRollouts {
  readonly #cluster: Cluster;
  readonly #toolbox: Toolbox;

  constructor(cluster: Cluster, toolbox: Toolbox) {
    this.#cluster = cluster;
    this.#toolbox = toolbox;
  }

  /** Makes its kinds, without a controller. */
  define(): Promise<void> {
    return define(this.#cluster.api, this.#toolbox.folder('rollouts-crds'));
  }

  /** Makes its kinds and starts its controller. */
  async up(): Promise<void> {
    const { state } = this.#cluster;
    await this.define();
    const [metrics, health] = [await freePort(), await freePort()];
    const program = {
      name: 'rollouts-controller',
      file: this.#toolbox.program('rollouts-controller'),
      args: [
        `--kubeconfig=${this.#cluster.kubeconfig('testbed:rollouts', ['system:masters'])}`,
        `--metricsPort=${metrics}`,
        `--healthzPort=${health}`,
        '--leader-elect=false',
      ],
    };
    await serve(state, program, READY_MS, async () => {
      const answer = await fetch(`http://127.0.0.1:${health}/healthz`).catch(() => undefined);
      return answer?.ok === true;
    });
  }

  /** Creates a Rollout, by default a canary that replaces all its pods in one step. Its pods end at once when they are deleted. */
  async create({ namespace, name, replicas = 2, spec = {} }: RolloutOptions): Promise<void> {
    const labels = { app: `${name}-rollout` };
    const template = {
      metadata: { labels },
      spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image: 'testbed/app:1' }] },
    };
    const usual = { replicas, selector: { matchLabels: labels }, ...(!('workloadRef' in spec) && { template }) };
    await this.#cluster.api.create(pathOf('Rollout', namespace), {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Rollout',
      metadata: { name },
      spec: merge(usual, 'strategy' in spec ? spec : { ...spec, strategy: { canary: { maxUnavailable: '100%' } } }),
    });
  }

  get(namespace: string, name: string): Promise<Rollout> {
    return this.#cluster.api.get<Rollout>(pathOf('Rollout', namespace, name));
  }

  async patch(namespace: string, name: string, body: object): Promise<void> {
    await this.#cluster.api.patch(pathOf('Rollout', namespace, name), body);
  }

  /** As `kubectl argo rollouts abort`, `retry` and `promote` do: they write the status. */
  async patchStatus(namespace: string, name: string, status: object): Promise<void> {
    await this.#cluster.api.patch(`${pathOf('Rollout', namespace, name)}/status`, { status });
  }

  /**
   * Waits until a Rollout is in a phase, by the status of its newest generation, and its controller has left it alone for a moment: it
   * forgets a status that is patched while it writes one itself.
   */
  async phase(namespace: string, name: string, phase: string, deadlineMs = 60_000): Promise<void> {
    let last: string | undefined;
    const reached = async () => {
      const { metadata, status } = await this.get(namespace, name);
      const isQuiet = last === metadata.resourceVersion;
      last = metadata.resourceVersion;
      const isSeen = status?.observedGeneration === String(metadata.generation);
      return (isQuiet && isSeen && status?.phase === phase) || new Error(`${status?.phase}: ${status?.message}`);
    };
    await until(`Rollout ${namespace}/${name} to be ${phase}`, deadlineMs, reached, QUIET_MS);
  }
}
