import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { isHealthy } from './cluster.ts';
import { freeAddress, freePort } from './ports.ts';
import { type Running, serve, stop } from './processes.ts';

const READY_MS = 60_000;
/** The charts' Service leads to this port; a client that resolves an ExternalName uses it as it is. */
const SERVICE_PORT = 443;

/** Which control plane an istiod is. */
export interface IstiodIdentity {
  readonly revision: string;
  readonly namespace: string;
}

/** Where an istiod serves its webhook. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

interface Environment {
  readonly state: string;
  readonly program: string;
  readonly kubeconfig: string;
  /** Tells the processes of one revision apart; the first has none. */
  readonly replica?: string;
}

/** A real istiod on the host; the Deployment in the cluster, with pods that kwok plays, is its shell. */
export class Istiod {
  readonly identity: IstiodIdentity;
  /** Where the webhook is served. */
  readonly host: string;
  readonly port: number;
  #environment: Environment;
  readonly #ports: Readonly<Record<'http' | 'grpc' | 'secureGrpc' | 'monitoring' | 'control', number>>;
  #running: Running | undefined;

  private constructor(environment: Environment, identity: IstiodIdentity, host: string, port: number, ports: number[]) {
    const [http = 0, grpc = 0, secureGrpc = 0, monitoring = 0, control = 0] = ports;
    this.#environment = environment;
    this.identity = identity;
    this.host = host;
    this.port = port;
    this.#ports = { http, grpc, secureGrpc, monitoring, control };
  }

  /** Chooses the places to listen at: any port for webhooks by URL, the well-known port of an own address for a Service. */
  static async place(environment: Environment, identity: IstiodIdentity, byService: boolean): Promise<Istiod> {
    const host = byService ? await freeAddress(SERVICE_PORT) : '127.0.0.1';
    const port = byService ? SERVICE_PORT : await freePort();
    const ports = [await freePort(), await freePort(), await freePort(), await freePort(), await freePort()];
    return new Istiod(environment, identity, host, port, ports);
  }

  /** The webhook's URL for meshes that name one. */
  get url(): string {
    return `https://localhost:${this.port}/inject`;
  }

  get address(): Address {
    const { host, port, url } = this;
    return { host, port, url };
  }

  get processName(): string {
    const { replica } = this.#environment;
    return [`istiod-${this.identity.namespace}-${this.identity.revision}`, ...(replica ? [replica] : [])].join('-');
  }

  async start(): Promise<void> {
    const { state, program } = this.#environment;
    const folder = join(state, `${this.processName}.d`);
    mkdirSync(folder, { recursive: true });
    const env = this.#variables();
    const istiod = { name: this.processName, file: program, args: this.#flags(), env, folder };
    this.#running = await serve(state, istiod, READY_MS, () => isHealthy(`http://127.0.0.1:${this.#ports.http}/ready`));
  }

  async stop(): Promise<void> {
    if (this.#running) await stop(this.#environment.state, this.#running);
    this.#running = undefined;
  }

  /** Another program takes its place, as the pod of a new version does. */
  async become(program: string): Promise<void> {
    await this.stop();
    this.#environment = { ...this.#environment, program };
    await this.start();
  }

  /** How many questions it was asked since its start, by the API server and by everybody else. */
  async questions(): Promise<number> {
    const { body } = await request(`http://127.0.0.1:${this.#ports.monitoring}/metrics`);
    const samples = (await body.text()).matchAll(/^sidecar_injection_requests_total\S* (\S+)$/gm);
    return [...samples].reduce((sum, [, value]) => sum + Number(value), 0);
  }

  /** What it would do now to a pod that asks for injection, in a form that can be compared. It counts as a question. */
  async answer(): Promise<string> {
    const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
    try {
      const { body } = await request(`https://${this.host}:${this.port}/inject`, {
        method: 'POST',
        dispatcher,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(REVIEW),
      });
      const review = (await body.json()) as { response?: { patch?: string } };
      const operations: unknown[] = JSON.parse(Buffer.from(review.response?.patch ?? 'W10=', 'base64').toString());
      // The operations come in random order.
      return operations
        .map((operation) => JSON.stringify(operation))
        .sort()
        .join('\n');
    } finally {
      await dispatcher.destroy();
    }
  }

  #flags(): string[] {
    const local = (port: number) => `127.0.0.1:${port}`;
    return [
      'discovery',
      `--kubeconfig=${this.#environment.kubeconfig}`,
      `--httpsAddr=${this.host}:${this.port}`,
      `--httpAddr=${local(this.#ports.http)}`,
      `--grpcAddr=${local(this.#ports.grpc)}`,
      `--secureGRPCAddr=${local(this.#ports.secureGrpc)}`,
      `--monitoringAddr=${local(this.#ports.monitoring)}`,
      '--ctrlz_address=127.0.0.1',
      `--ctrlz_port=${this.#ports.control}`,
      '--shutdownDuration=0s',
    ];
  }

  #variables(): Record<string, string> {
    const { revision, namespace } = this.identity;
    const service = revision === 'default' ? 'istiod' : `istiod-${revision}`;
    return {
      REVISION: revision,
      POD_NAME: service,
      POD_NAMESPACE: namespace,
      SERVICE_ACCOUNT: service,
      ISTIOD_ADDR: `${service}.${namespace}.svc:15012`,
      // The certificate it makes for itself must also be good for the webhook's URL.
      ISTIOD_CUSTOM_HOST: 'localhost',
      PILOT_CERT_PROVIDER: 'istiod',
      PILOT_ENABLE_ANALYSIS: 'false',
      CLUSTER_ID: 'Kubernetes',
    };
  }
}

const REVIEW = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: 'testbed',
    operation: 'CREATE',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    resource: { group: '', version: 'v1', resource: 'pods' },
    namespace: 'default',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        generateName: 'question-',
        namespace: 'default',
        labels: { 'sidecar.istio.io/inject': 'true' },
        annotations: {},
      },
      spec: { containers: [{ name: 'app', image: 'app', resources: {} }] },
    },
  },
};
