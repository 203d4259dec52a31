import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { pathOf } from '../testbed/paths.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { until } from '../testbed/until.ts';

export interface FakeOptions {
  /** Of its namespace, and part of its configuration's name. */
  readonly name?: string;
  /** Labels of its webhook configuration. */
  readonly labels?: Readonly<Record<string, string>>;
  /** CEL expressions of its entry. */
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[];
}

/** What the API server calls itself in webhooks' requests (apiserver pkg/util/webhook/authentication.go). */
const API_SERVER = 'kube-apiserver-admission';

/**
 * Two injectors behind one address, as a load balancer in front of a remote control plane: each new connection reaches the next one.
 * Both answer as istiod does, with a proxy of the version that they are set to.
 */
export class FakeInjector {
  /** What each of them injects; an empty version declines. */
  versions: readonly string[];
  /** It takes questions and answers none. */
  mute = false;
  /** Whether calls of the API server are cut off, as by a firewall between it and the mesh; everybody else is still answered. */
  deafToApiServer = false;
  /** What the API server does with a pod when its call fails. Of the configuration that is written next. */
  failurePolicy: 'Fail' | 'Ignore' = 'Fail';
  readonly #server: Server;
  #connections = 0;

  readonly #bed: Testbed;
  readonly #options: FakeOptions;
  readonly #name: string;

  private constructor(bed: Testbed, server: Server, version: string, options: FakeOptions) {
    this.#bed = bed;
    this.#options = options;
    this.#name = options.name ?? 'fake';
    this.#server = server;
    this.versions = [version];
  }

  static async start(bed: Testbed, version: string, options: FakeOptions = {}): Promise<FakeInjector> {
    const { certificate, key } = bed.cluster.certificate(['localhost']);
    const server = createServer({ cert: certificate, key });
    const fake = new FakeInjector(bed, server, version, options);
    const backend = new WeakMap<object, number>();
    server.on('secureConnection', (socket) => backend.set(socket, fake.#connections++));
    server.on('request', (request, response) => {
      if (fake.deafToApiServer && request.headers['user-agent']?.startsWith(API_SERVER)) {
        request.socket.destroy();
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        if (fake.mute) return;
        const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Review;
        const number = backend.get(request.socket) ?? 0;
        const answer = answerTo(asked, fake.versions[number % fake.versions.length] ?? '');
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  /** Writes the webhook configuration, makes its namespace and waits until pods there are sent here. */
  async install(): Promise<void> {
    await this.#bed.api.create(pathOf('MutatingWebhookConfiguration'), this.#configuration(''));
    await this.#bed.namespace(this.#name, { mesh: this.#name });
    const spec = { containers: [{ name: 'a', image: 'a' }] };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec };
    await until('the API server to call it', 20_000, async () => {
      const path = `${pathOf('Pod', this.#name)}?dryRun=All`;
      const { spec } = await this.#bed.api.create<{ spec: { containers: unknown[] } }>(path, pod);
      return spec.containers.length === 2;
    });
  }

  /** Changes the webhook's path: the same injector under another address is another one to the operator. */
  async move(path: string): Promise<void> {
    const { webhooks } = this.#configuration(path);
    await this.#bed.api.patch(this.#path, { webhooks });
  }

  get #path(): string {
    return pathOf('MutatingWebhookConfiguration', '', `${this.#name}-injector`);
  }

  /** Sends pods of namespaces with its label here. */
  #configuration(path: string) {
    const { port } = this.#server.address() as AddressInfo;
    const caBundle = Buffer.from(this.#bed.cluster.ca).toString('base64');
    return {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: `${this.#name}-injector`, labels: this.#options.labels ?? { 'istio.io/rev': 'remote' } },
      webhooks: [
        {
          name: `${this.#name}.sidecar-injector.istio.io`,
          clientConfig: { url: `https://localhost:${port}/inject${path}`, caBundle },
          rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
          namespaceSelector: { matchLabels: { mesh: this.#name } },
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: this.failurePolicy,
          ...(this.#options.matchConditions && { matchConditions: this.#options.matchConditions }),
        },
      ],
    };
  }

  async stop(): Promise<void> {
    await this.#bed.api.delete(this.#path);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Review {
  readonly request: { readonly uid: string; readonly object: { readonly metadata: { readonly annotations?: object } } };
}

function answerTo({ request }: Review, version: string): object {
  const { uid } = request;
  if (!version) return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: { uid, allowed: true } };
  const proxy = { name: 'istio-proxy', image: `docker.io/istio/proxyv2:${version}` };
  const annotations = {
    ...request.object.metadata.annotations,
    'istio.io/rev': 'remote',
    'sidecar.istio.io/status': '{}',
  };
  const patch = [
    { op: 'add', path: '/spec/containers/-', value: proxy },
    { op: 'add', path: '/metadata/annotations', value: annotations },
  ];
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    },
  };
}
