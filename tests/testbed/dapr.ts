import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Toolbox } from './build.ts';
import type { Cluster } from './cluster.ts';
import { apiVersionOf, pathOf } from './paths.ts';
import { freePort } from './ports.ts';
import { type Running, serve, stop } from './processes.ts';
import { until } from './until.ts';

const READY_MS = 30_000;
const NAMESPACE = 'dapr-system';
const NAME = 'dapr-sidecar-injector';
/** The port that Dapr's chart leaves to the injector's metrics is not opened: only its webhook is. */
const ENTRY = 'sidecar-injector.dapr.io';

/** Dapr's real sidecar injector beside a cluster. Its webhook is named by URL. */
export class Dapr {
  /** `configuration/entry`, as the policy names it. */
  readonly webhook = `${NAME}/${ENTRY}`;
  readonly #cluster: Cluster;
  readonly #toolbox: Toolbox;
  #running: Running | undefined;
  #port = 0;

  constructor(cluster: Cluster, toolbox: Toolbox) {
    this.#cluster = cluster;
    this.#toolbox = toolbox;
  }

  /** Makes what its chart makes, as far as the injector looks at it, and starts it. */
  async up(image: string): Promise<void> {
    const { api } = this.#cluster;
    await api.create(pathOf('Namespace'), { metadata: { name: NAMESPACE } });
    const labels = { app: 'dapr-scheduler-server' };
    await api.create(pathOf('StatefulSet', NAMESPACE), {
      apiVersion: apiVersionOf('StatefulSet'),
      kind: 'StatefulSet',
      metadata: { name: 'dapr-scheduler-server' },
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'scheduler', image: 'scheduler:1' }] } },
      },
    });
    // it looks up the controllers' accounts once, when it starts
    const accounts = ['replicaset-controller', 'statefulset-controller', 'daemon-set-controller'];
    await until('the accounts of the controllers', READY_MS, async () => {
      const found = await Promise.all(accounts.map((name) => api.find(pathOf('ServiceAccount', 'kube-system', name))));
      return found.every((one) => one !== undefined);
    });
    this.#port = await freePort();
    await this.#start(image);
    await this.#install();
  }

  /** Restarts it with another sidecar image, as an upgrade of its Deployment would. */
  async become(image: string): Promise<void> {
    if (this.#running) await stop(this.#cluster.state, this.#running);
    await this.#start(image);
  }

  async #start(image: string): Promise<void> {
    const { state } = this.#cluster;
    const { certificate, key } = this.#cluster.certificate(['localhost']);
    const file = (name: string, text: string): string => {
      const path = join(state, `dapr-${name}`);
      writeFileSync(path, text, { mode: 0o600 });
      return path;
    };
    const args = [
      `-port=${this.#port}`,
      `-kubeconfig=${this.#cluster.kubeconfig('testbed:dapr', ['system:masters'])}`,
      `-certificate=${file('certificate', certificate)}`,
      `-key=${file('key', key)}`,
      `-authority=${file('authority', this.#cluster.ca)}`,
    ];
    const env = { SIDECAR_IMAGE: image, NAMESPACE, KUBE_CLUSTER_DOMAIN: 'cluster.local' };
    const program = { name: NAME, file: this.#toolbox.program('dapr-injector'), args, env };
    // any answer of its server will do
    this.#running = await serve(state, program, READY_MS, () => this.#answers());
  }

  async #answers(): Promise<boolean> {
    const answer = await fetch(`http://localhost:${this.#port}/`).catch((error: Error) => error);
    // a server that speaks TLS says so in plain text
    return !(answer instanceof Error);
  }

  /** As Dapr's chart writes it, but by URL. */
  async #install(): Promise<void> {
    await this.#cluster.api.create(pathOf('MutatingWebhookConfiguration'), {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: NAME },
      webhooks: [
        {
          name: ENTRY,
          clientConfig: {
            url: `https://localhost:${this.#port}/mutate`,
            caBundle: Buffer.from(this.#cluster.ca).toString('base64'),
          },
          rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Ignore',
          reinvocationPolicy: 'IfNeeded',
        },
      ],
    });
  }
}
