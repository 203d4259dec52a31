import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ApiObject } from './api.ts';
import type { Cluster } from './cluster.ts';
import { pathOf } from './paths.ts';
import { until } from './until.ts';

const READY_MS = 20_000;

/** A JSON Patch operation (RFC 6902). */
export interface Operation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/** An object as the API server shows it to a webhook. */
export interface Reviewed extends ApiObject {
  readonly spec?: Readonly<Record<string, unknown>>;
}

export interface WebhookOptions {
  /** The configuration's name. Webhooks are called in the order of these names, and Istio's begin with `istio-`. */
  readonly name: string;
  readonly resources: readonly ('pods' | 'deployments' | 'statefulsets' | 'daemonsets')[];
  readonly operations: readonly ('CREATE' | 'UPDATE')[];
  /** Labels of the namespaces that it is called for. */
  readonly namespaces: Readonly<Record<string, string>>;
  /** What it does to an object: operations that change it, or the words with which it is refused. */
  readonly answer: (object: Reviewed) => readonly Operation[] | string;
}

const GROUPS = { pods: '', deployments: 'apps', statefulsets: 'apps', daemonsets: 'apps' } as const;

/** An admission webhook of somebody else's: a policy engine, a registry mirror. It serves on loopback, by URL. */
export class Webhook {
  readonly #cluster: Cluster;
  readonly #server: Server;
  readonly #path: string;

  private constructor(cluster: Cluster, server: Server, name: string) {
    this.#cluster = cluster;
    this.#server = server;
    this.#path = pathOf('MutatingWebhookConfiguration', '', name);
  }

  /** Serves it, writes its configuration, and waits until the API server calls it. */
  static async up(cluster: Cluster, options: WebhookOptions): Promise<Webhook> {
    const { certificate, key } = cluster.certificate(['localhost']);
    const server = createServer({ cert: certificate, key });
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const answer = answerTo(JSON.parse(Buffer.concat(chunks).toString('utf8')), options);
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // a test that fails before its end must not keep the process
    server.unref();
    const webhook = new Webhook(cluster, server, options.name);
    await webhook.#install(options);
    return webhook;
  }

  async #install({ name, resources, operations, namespaces }: WebhookOptions): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    const rules = resources.map((resource) => ({
      operations,
      apiGroups: [GROUPS[resource]],
      apiVersions: ['v1'],
      resources: [resource],
    }));
    const probed = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };
    await this.#cluster.api.create(pathOf('MutatingWebhookConfiguration'), {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          ...this.#entry(port),
          name: `${name}.webhook.testbed`,
          rules,
          namespaceSelector: { matchLabels: namespaces },
        },
        // the API server reads configurations in the background: this one tells when it has read both
        {
          ...this.#entry(port),
          name: `${name}.probe.testbed`,
          rules: [probed],
          objectSelector: { matchLabels: { 'testbed.meltemi.dev/probe': name } },
        },
      ],
    });
    await until(`the API server to call webhook ${name}`, READY_MS, () => this.#isCalled(name));
  }

  #entry(port: number) {
    return {
      clientConfig: {
        url: `https://localhost:${port}/`,
        caBundle: Buffer.from(this.#cluster.ca).toString('base64'),
      },
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
    };
  }

  async #isCalled(name: string): Promise<boolean> {
    const probe = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'probe', labels: { 'testbed.meltemi.dev/probe': name } },
    };
    const made = await this.#cluster.api.create<{ data?: object }>(
      `${pathOf('ConfigMap', 'default')}?dryRun=All`,
      probe,
    );
    return made.data !== undefined;
  }

  async down(): Promise<void> {
    await this.#cluster.api.delete(this.#path);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Review {
  readonly request: { readonly uid: string; readonly object: Reviewed };
}

function answerTo({ request }: Review, { answer }: WebhookOptions): object {
  const { uid, object } = request;
  const isProbe = object.kind === 'ConfigMap';
  const said = isProbe ? [{ op: 'add', path: '/data', value: { called: 'yes' } }] : answer(object);
  const response =
    typeof said === 'string'
      ? { uid, allowed: false, status: { code: 403, message: said } }
      : { uid, allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(said)).toString('base64') };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response };
}

interface Container {
  readonly name: string;
  readonly image: string;
}

/** Operations that give every container of this name in a pod another image. */
export function otherImages(pod: Reviewed, name: string, image: (now: string) => string): Operation[] {
  return (['containers', 'initContainers'] as const).flatMap((field) =>
    ((pod.spec?.[field] ?? []) as readonly Container[]).flatMap((container, index): Operation[] => {
      const other = image(container.image);
      if (container.name !== name || other === container.image) return [];
      return [{ op: 'replace', path: `/spec/${field}/${index}/image`, value: other }];
    }),
  );
}
