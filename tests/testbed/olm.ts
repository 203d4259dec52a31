import { connect } from 'node:net';
import type { ApiObject } from './api.ts';
import type { Toolbox } from './build.ts';
import type { Cluster } from './cluster.ts';
import { define } from './definitions.ts';
import { pathOf } from './paths.ts';
import { freePort } from './ports.ts';
import { type Running, serve, stop } from './processes.ts';
import { until } from './until.ts';

const NAMESPACE = 'olm';
const READY_MS = 60_000;
/** OLM looks at everything again this often; its own default, 15 minutes, is longer than any test. */
const INTERVAL = '10s';
const OPERATORS = ['olm', 'catalog'] as const;

export interface ClusterServiceVersion extends ApiObject {
  readonly status?: { readonly phase?: string; readonly reason?: string; readonly message?: string };
}

export interface SubscriptionOptions {
  readonly namespace: string;
  readonly package: string;
  readonly channel: string;
  readonly catalog: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The Operator Lifecycle Manager: its two operators run on the host, its catalogs are served there, and nothing needs an image. */
export class Olm {
  readonly #cluster: Cluster;
  readonly #toolbox: Toolbox;
  readonly #catalogs = new Map<string, { readonly port: number; readonly running: Running }>();

  constructor(cluster: Cluster, toolbox: Toolbox) {
    this.#cluster = cluster;
    this.#toolbox = toolbox;
  }

  /** Makes its kinds and namespace and starts both operators. */
  async up(): Promise<void> {
    const { api, state } = this.#cluster;
    await define(api, this.#toolbox.folder('olm-crds'));
    await api.create(pathOf('Namespace'), { metadata: { name: NAMESPACE } });
    const starting = OPERATORS.map((name) => {
      const KUBECONFIG = this.#cluster.kubeconfig(`testbed:${name}`, ['system:masters']);
      const env = { KUBECONFIG, OPERATOR_NAMESPACE: NAMESPACE, OPERATOR_NAME: name };
      const args = [`--namespace=${NAMESPACE}`, `--interval=${INTERVAL}`];
      const program = { name: `olm-${name}`, file: this.#toolbox.program(name), args, env };
      // where it listens nobody needs to know: what it does is seen in the cluster
      return serve(state, program, READY_MS, () => Promise.resolve(true));
    });
    await Promise.all(starting);
  }

  /**
   * Serves a file-based catalog to all namespaces under a name; another folder under the same name takes its place, as a newer image would.
   * A bundle in it has an empty image and carries its manifests as properties `olm.bundle.object`.
   */
  async serveCatalog(name: string, folder: string): Promise<void> {
    const { api, state } = this.#cluster;
    const earlier = this.#catalogs.get(name);
    if (earlier) await stop(state, earlier.running);
    const port = earlier?.port ?? (await freePort());
    const program = {
      name: `catalog-${name}`,
      file: this.#toolbox.program('opm'),
      args: ['serve', folder, `--port=${port}`, `--pprof-addr=127.0.0.1:${await freePort()}`, '--termination-log='],
    };
    const running = await serve(state, program, READY_MS, () => listens(port));
    this.#catalogs.set(name, { port, running });
    if (earlier) return;
    // only now: OLM's client waits up to a minute before it tries an address again
    await api.create(pathOf('CatalogSource', NAMESPACE), {
      apiVersion: 'operators.coreos.com/v1alpha1',
      kind: 'CatalogSource',
      metadata: { name },
      spec: { sourceType: 'grpc', address: `127.0.0.1:${port}`, displayName: name },
    });
  }

  /** An OperatorGroup for all namespaces, without which OLM installs nothing in a namespace. */
  async operatorGroup(namespace: string): Promise<void> {
    await this.#cluster.api.create(pathOf('OperatorGroup', namespace), {
      apiVersion: 'operators.coreos.com/v1',
      kind: 'OperatorGroup',
      metadata: { name: namespace },
      spec: {},
    });
  }

  async subscribe({ namespace, package: name, channel, catalog, env = {} }: SubscriptionOptions): Promise<void> {
    await this.#cluster.api.create(pathOf('Subscription', namespace), {
      apiVersion: 'operators.coreos.com/v1alpha1',
      kind: 'Subscription',
      metadata: { name },
      spec: {
        name,
        channel,
        source: catalog,
        sourceNamespace: NAMESPACE,
        installPlanApproval: 'Automatic',
        config: { env: Object.entries(env).map(([variable, value]) => ({ name: variable, value })) },
      },
    });
  }

  /** Waits until a CSV is in a phase; what it says of itself is quoted if it does not get there. */
  async waitCsv(namespace: string, name: string, phase = 'Succeeded', deadlineMs = 120_000): Promise<void> {
    await until(`CSV ${namespace}/${name} to be ${phase}`, deadlineMs, async () => {
      const csv = await this.#cluster.api.find<ClusterServiceVersion>(pathOf('ClusterServiceVersion', namespace, name));
      const { phase: is, reason, message } = csv?.status ?? {};
      return is === phase || new Error([is ?? 'there is none', reason, message].filter(Boolean).join(': '));
    });
  }
}

function listens(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).then((answer) => {
    socket.destroy();
    return answer as boolean;
  });
}
