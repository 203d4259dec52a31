import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Testbed } from '../testbed/testbed.ts';

/** What the API server calls itself in webhooks' requests (apiserver pkg/util/webhook/authentication.go). */
const API_SERVER = 'kube-apiserver-admission';

/**
 * Two injectors behind one address, as a load balancer in front of a remote control plane: each new connection reaches the next one.
 * Both answer as istiod does, with a proxy of the version that they are set to.
 */
export class FakeInjector {
  versions: readonly string[];
  /** Whether calls of the API server are cut off, as by a firewall between it and the mesh; everybody else is still answered. */
  deafToApiServer = false;
  readonly #server: Server;
  #connections = 0;

  private constructor(server: Server, version: string) {
    this.#server = server;
    this.versions = [version];
  }

  static async start(bed: Testbed, version: string): Promise<FakeInjector> {
    const { certificate, key } = bed.cluster.certificate(['localhost']);
    const server = createServer({ cert: certificate, key });
    const fake = new FakeInjector(server, version);
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
        const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Review;
        const number = backend.get(request.socket) ?? 0;
        const answer = answerTo(asked, fake.versions[number % fake.versions.length] ?? '');
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}/inject`;
  }

  /** A webhook configuration that sends pods of namespaces labelled `mesh: fake` here. */
  configuration(bed: Testbed, path = '', failurePolicy: 'Fail' | 'Ignore' = 'Fail'): object {
    return {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'fake-injector', labels: { 'istio.io/rev': 'remote' } },
      webhooks: [
        {
          name: 'fake.sidecar-injector.istio.io',
          clientConfig: { url: `${this.url}${path}`, caBundle: Buffer.from(bed.cluster.ca).toString('base64') },
          rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
          namespaceSelector: { matchLabels: { mesh: 'fake' } },
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy,
        },
      ],
    };
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

interface Review {
  readonly request: { readonly uid: string; readonly object: { readonly metadata: { readonly annotations?: object } } };
}

function answerTo({ request }: Review, version: string): object {
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
      uid: request.uid,
      allowed: true,
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    },
  };
}
