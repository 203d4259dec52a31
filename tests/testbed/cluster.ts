import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { stringify } from 'yaml';
import { Api } from './api.ts';
import { AUDIT_POLICY } from './audit.ts';
import type { Toolbox } from './build.ts';
import { Authority, type Credentials, signingKey } from './certificates.ts';
import { signal } from './identity.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { FAKE, PLAYED_BY_KWOK } from './nodes.ts';
import { freePort } from './ports.ts';
import { alive, serve, stop } from './processes.ts';
import { kubelets } from './stages.ts';

const READY_MS = 60_000;
const MASTERS = 'system:masters';
const THROTTLE = ['--kube-api-qps=400', '--kube-api-burst=800'];
const HOSTS = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', '127.0.0.1'];

export const CONTROLLERS = ['kwok', 'kube-controller-manager', 'kube-scheduler'] as const;
type Controller = (typeof CONTROLLERS)[number];

export interface ClusterOptions {
  /** Each controller acts as its own ServiceAccount, as kubeadm has it; otherwise all are one user. */
  readonly accounts?: boolean;
}

/** The processes that make a Kubernetes cluster without machines: all on loopback, all files in one folder. */
export class Cluster {
  readonly state: string;
  readonly server: string;
  readonly ca: string;
  readonly api: Api;
  readonly auditLog: string;
  /** Where kubelets send what is forwarded to any port of any pod: a free port of 127.0.0.1, for whoever plays the pod. */
  readonly forwarded: number;
  readonly #toolbox: Toolbox;
  readonly #authority: Authority;
  readonly #ports: Ports;
  readonly #accounts: boolean;

  private constructor(state: string, toolbox: Toolbox, ports: Ports, accounts: boolean) {
    this.#accounts = accounts;
    this.state = state;
    this.#toolbox = toolbox;
    this.#ports = ports;
    this.#authority = new Authority('testbed');
    this.ca = this.#authority.certificate;
    this.server = `https://127.0.0.1:${ports.api}`;
    this.auditLog = join(state, 'audit.log');
    this.forwarded = ports.forwarded;
    this.api = new Api(this.server, this.ca, this.#authority.issue({ user: 'testbed:admin', groups: [MASTERS] }));
  }

  /** Starts all of it. Nodes are the caller's. */
  static async up(state: string, toolbox: Toolbox, { accounts = false }: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster(state, toolbox, await choosePorts(), accounts);
    cluster.#writeFiles();
    await cluster.#serve('etcd', cluster.#etcdFlags(), () =>
      isHealthy(`http://127.0.0.1:${cluster.#ports.etcd}/health`),
    );
    await cluster.startApiServer();
    await cluster.startControllers();
    return cluster;
  }

  /** Makes a user with a certificate and returns the path of its kubeconfig. Rights come from its groups or bindings. */
  kubeconfig(user: string, groups: readonly string[] = []): string {
    const path = join(this.state, `${user.replaceAll(':', '-')}.kubeconfig`);
    writeKubeconfig(path, this.server, this.ca, user, this.#authority.issue({ user, groups }));
    return path;
  }

  /** The path of a kubeconfig that shows a token, its context in a namespace. */
  tokenKubeconfig(name: string, namespace: string, token: string): string {
    const path = join(this.state, `${name}.kubeconfig`);
    writeKubeconfig(path, this.server, this.ca, name, { token }, namespace);
    return path;
  }

  /** A certificate from the cluster's own authority, for servers that tests run beside it. */
  certificate(hosts: readonly string[]): Credentials {
    return this.#authority.issue({ user: hosts[0] ?? 'localhost', hosts });
  }

  async startApiServer(): Promise<void> {
    const isReady = async () => (await this.api.get<string>('/readyz')) === 'ok';
    await this.#serve('kube-apiserver', this.#apiServerFlags(), isReady);
  }

  /** Stops the API server alone: every client sees refused connections. */
  stopApiServer(): Promise<void> {
    return this.#stop(['kube-apiserver']);
  }

  /** Freezes the API server: every client is connected, by the kernel, and gets no answer. */
  freezeApiServer(): void {
    this.#signalApiServer('SIGSTOP');
  }

  /** Lets a frozen API server go on. */
  thawApiServer(): void {
    this.#signalApiServer('SIGCONT');
  }

  async startControllers(): Promise<void> {
    const starting = CONTROLLERS.map((name) =>
      this.#serve(name, this.#controllerFlags(name), () => isHealthy(this.#healthUrl(name))),
    );
    await Promise.all(starting);
  }

  /** Freezes the cluster: objects can still be read and written, but nothing follows. */
  stopControllers(): Promise<void> {
    return this.#stop(CONTROLLERS);
  }

  async #serve(
    name: Parameters<Toolbox['program']>[0],
    args: readonly string[],
    isReady: () => Promise<boolean>,
  ): Promise<void> {
    await serve(this.state, { name, file: this.#toolbox.program(name), args }, READY_MS, isReady);
  }

  async #stop(names: readonly string[]): Promise<void> {
    const running = alive(this.state).filter(({ name }) => names.includes(name));
    await Promise.all(running.map((process) => stop(this.state, process)));
  }

  #signalApiServer(name: NodeJS.Signals): void {
    for (const running of alive(this.state)) if (running.name === 'kube-apiserver') signal(running, name);
  }

  #file(name: string): string {
    return join(this.state, name);
  }

  #writeFiles(): void {
    const serving = this.#authority.issue({ user: 'kube-apiserver', hosts: HOSTS });
    const tokens = signingKey();
    const files = {
      'ca.crt': this.ca,
      'serving.crt': serving.certificate,
      'serving.key': serving.key,
      'tokens.pub': tokens.publicKey,
      'tokens.key': tokens.privateKey,
      'audit.yaml': stringify(AUDIT_POLICY),
      'stages.yaml': kubelets(this.#toolbox.folder('stages'), this.forwarded),
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(this.#file(name), content, { mode: 0o600 });
  }

  #etcdFlags(): string[] {
    const client = `http://127.0.0.1:${this.#ports.etcd}`;
    const peer = `http://127.0.0.1:${this.#ports.etcdPeer}`;
    return [
      `--data-dir=${this.#file('etcd')}`,
      '--unsafe-no-fsync',
      '--quota-backend-bytes=8589934592',
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ];
  }

  #apiServerFlags(): string[] {
    return [
      `--etcd-servers=http://127.0.0.1:${this.#ports.etcd}`,
      ...this.#serving(this.#ports.api),
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      // on loopback, where a client that tries a ClusterIP is refused at once and leaves no traffic
      '--service-cluster-ip-range=127.96.0.0/16',
      '--authorization-mode=RBAC,Node',
      // the names of the fake machines lead nowhere
      '--kubelet-preferred-address-types=InternalIP',
      `--client-ca-file=${this.#file('ca.crt')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${this.#file('tokens.pub')}`,
      `--service-account-signing-key-file=${this.#file('tokens.key')}`,
      `--audit-policy-file=${this.#file('audit.yaml')}`,
      `--audit-log-path=${this.auditLog}`,
      // in megabytes: it would begin another file after 100, and what was read of the first would be read no further
      '--audit-log-maxsize=100000',
    ];
  }

  #controllerFlags(name: Controller): string[] {
    const kubeconfig = `--kubeconfig=${this.kubeconfig(`testbed:${name}`, [MASTERS])}`;
    const port = this.#ports[name];
    if (name === 'kwok') return [kubeconfig, ...this.#kwokFlags(port)];
    const common = [kubeconfig, ...this.#serving(port), '--leader-elect=false', ...THROTTLE];
    return name === 'kube-scheduler' ? common : [...common, ...this.#managerFlags()];
  }

  #managerFlags(): string[] {
    return [
      '--controllers=*',
      `--use-service-account-credentials=${this.#accounts}`,
      `--root-ca-file=${this.#file('ca.crt')}`,
      `--service-account-private-key-file=${this.#file('tokens.key')}`,
      '--concurrent-deployment-syncs=20',
      '--concurrent-replicaset-syncs=20',
      '--concurrent-statefulset-syncs=20',
    ];
  }

  #kwokFlags(port: number): string[] {
    return [
      // a node without the annotation is one whose kubelet is silent
      `--manage-nodes-with-annotation-selector=${PLAYED_BY_KWOK}=${FAKE}`,
      `--config=${this.#file('stages.yaml')}`,
      '--node-lease-duration-seconds=40',
      '--cidr=10.244.0.0/16',
      '--node-ip=127.0.0.1',
      // Its default is to serve on every address of the machine.
      `--server-address=127.0.0.1:${port}`,
      // the API server asks kubelets there, over TLS
      `--node-port=${port}`,
      `--tls-cert-file=${this.#file('serving.crt')}`,
      `--tls-private-key-file=${this.#file('serving.key')}`,
    ];
  }

  #serving(port: number): string[] {
    return [
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--cert-dir=${this.state}`,
      `--tls-cert-file=${this.#file('serving.crt')}`,
      `--tls-private-key-file=${this.#file('serving.key')}`,
    ];
  }

  #healthUrl(name: Controller): string {
    return `${name === 'kwok' ? 'http' : 'https'}://127.0.0.1:${this.#ports[name]}/healthz`;
  }
}

type Ports = Readonly<Record<'api' | 'etcd' | 'etcdPeer' | 'forwarded' | Controller, number>>;

async function choosePorts(): Promise<Ports> {
  return {
    api: await freePort(),
    etcd: await freePort(),
    etcdPeer: await freePort(),
    forwarded: await freePort(),
    kwok: await freePort(),
    'kube-controller-manager': await freePort(),
    'kube-scheduler': await freePort(),
  };
}

/** Whether a health address answers 200; who answers is not checked, only that somebody does. */
export async function isHealthy(url: string): Promise<boolean> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const { statusCode, body } = await request(url, { dispatcher, headersTimeout: 5_000 });
    await body.dump();
    return statusCode === 200;
  } finally {
    await dispatcher.destroy();
  }
}
