import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { ENV_PREFIX, LEASE_NAME } from '../../src/names.ts';
import { Api, type ApiObject } from './api.ts';
import type { Audit } from './audit.ts';
import { GivenIstio } from './givenIstio.ts';
import type { Istio } from './istio.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { merge } from './merge.ts';
import { onlyThese } from './onlyThese.ts';
import { type Kind, pathOf } from './paths.ts';
import { programPath } from './programs.ts';
import { type PodSidecar, sidecars } from './sidecars.ts';
import type { Rule, Testbed } from './testbed.ts';
import {
  createNamespace,
  deleteNamespace,
  deploy,
  restart,
  type WorkloadKind,
  type WorkloadOptions,
  waitReady,
} from './workloads.ts';
import { WorkloadWrites } from './workloadWrites.ts';

/** On everything that the scenarios make for the whole cluster: what a run has left behind, the next one removes. */
const MARK = { 'testbed.meltemi.dev/given': 'scenario' };
const MARKED = { labelSelector: 'testbed.meltemi.dev/given=scenario' };
/** Where the operators' accounts are. */
const ACCOUNTS = 'meltemi-e2e';
const IMAGE = 'registry.k8s.io/pause:3.10';
const READY_MS = 180_000;
const TOKEN_SECONDS = 4 * 60 * 60;
const GROUP = 'rbac.authorization.k8s.io';

interface Lease extends ApiObject {
  readonly spec: { readonly holderIdentity?: string; readonly renewTime?: string };
}

/** A cluster that is there already, its Istio too. It lends the scenarios the testbed's verbs, as far as any cluster has them. */
export class GivenBed {
  readonly state: string;
  readonly kubeconfig: string;
  readonly api: Api;
  readonly istio: Istio;
  readonly audit: Audit;
  readonly #server: string;
  readonly #ca: string;
  readonly #writes: WorkloadWrites;

  private constructor(state: string, kubeconfig: string, server: string, ca: string, api: Api, writes: WorkloadWrites) {
    this.state = state;
    this.kubeconfig = kubeconfig;
    this.api = api;
    this.#server = server;
    this.#ca = ca;
    this.#writes = writes;
    const istio = new GivenIstio({
      api,
      state,
      kubeconfig,
      helm: programPath('helm') ?? 'helm',
      charts: process.env.E2E_ISTIO_CHARTS,
      upgrades: process.env.E2E_ISTIO_UPGRADE === '1',
      mark: MARK,
    });
    this.istio = onlyThese<Istio>('istio', istio);
    this.audit = onlyThese<Audit>('audit', writes);
  }

  /** The cluster of a kubeconfig's current context. What an earlier run has left behind there is removed. */
  static async up(kubeconfig: string): Promise<Testbed> {
    const { server, ca, api } = await connect(kubeconfig);
    await noOtherMeltemi(api);
    await sweep(api);
    await keepOffOthers(api);
    await createNamespace(api, ACCOUNTS, MARK);
    const state = mkdtempSync(join(tmpdir(), 'meltemi-given-'));
    const bed = new GivenBed(state, kubeconfig, server, ca, api, await WorkloadWrites.start(api));
    return onlyThese<Testbed>('bed', bed);
  }

  /** Removes all that the scenarios have made. */
  async down(): Promise<void> {
    this.#writes.stop();
    await sweep(this.api);
    await this.api.close();
    rmSync(this.state, { recursive: true, force: true });
  }

  /** Makes a ServiceAccount for an operator. Without rules it may do all. */
  async operatorKubeconfig(user: string, rules?: readonly Rule[]): Promise<string> {
    const name = `${ACCOUNTS}-${user}`;
    const metadata = { name, labels: MARK };
    await this.api.create(pathOf('ServiceAccount', ACCOUNTS), { metadata: { name: user } });
    if (rules) await this.api.create(pathOf('ClusterRole'), { metadata, rules });
    await this.api.create(pathOf('ClusterRoleBinding'), {
      metadata,
      subjects: [{ kind: 'ServiceAccount', namespace: ACCOUNTS, name: user }],
      roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: rules ? name : 'cluster-admin' },
    });
    const { status } = await this.api.create<{ status: { token: string } }>(
      `${pathOf('ServiceAccount', ACCOUNTS, user)}/token`,
      { spec: { expirationSeconds: TOKEN_SECONDS } },
    );
    const path = this.path(`${user}.kubeconfig`);
    writeKubeconfig(path, this.#server, this.#ca, user, { token: status.token });
    this.#writes.attributeTo(user);
    return path;
  }

  /** The namespaces that scenarios have made and not deleted. */
  async scenarioNamespaces(): Promise<string[]> {
    const marked = await this.api.list(pathOf('Namespace'), MARKED);
    return marked.map(({ metadata }) => metadata.name).filter((name) => name !== ACCOUNTS);
  }

  namespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    return createNamespace(this.api, name, { ...labels, ...MARK });
  }

  deleteNamespace(name: string): Promise<void> {
    return deleteNamespace(this.api, name);
  }

  /** Sets labels of a namespace; `null` removes one. */
  async label(namespace: string, labels: Readonly<Record<string, string | null>>): Promise<void> {
    await this.api.patch(pathOf('Namespace', '', namespace), { metadata: { labels } });
  }

  /** Creates a workload of real pods: those that are to become ready late count as available late. */
  deploy({ ready, readyAfter, stuckWithProxy, spec = {}, ...options }: WorkloadOptions): Promise<void> {
    if (ready || stuckWithProxy) throw new Error('bed.deploy: only a fake kubelet keeps pods from becoming ready');
    const late = readyAfter ? { minReadySeconds: Number.parseInt(readyAfter, 10) } : {};
    return deploy(this.api, { image: IMAGE, ...options, spec: merge(late, spec) });
  }

  /** Restarts a workload as a person would. */
  restart(namespace: string, name: string, kind: WorkloadKind = 'Deployment'): Promise<void> {
    return restart(this.api, kind, namespace, name);
  }

  waitReady(namespace: string, deadlineMs = READY_MS): Promise<void> {
    return waitReady(this.api, namespace, deadlineMs);
  }

  sidecars(namespace: string): Promise<PodSidecar[]> {
    return sidecars(this.api, namespace);
  }

  /** A path in a folder that goes away with the bed. */
  path(...parts: readonly string[]): string {
    return join(this.state, ...parts);
  }
}

/** By whatever the kubeconfig's user authenticates with: certificate, token or a plugin. */
async function connect(kubeconfig: string): Promise<{ server: string; ca: string; api: Api }> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const cluster = config.getCurrentCluster();
  const { caData, caFile, server } = cluster ?? {};
  const ca = caData ? Buffer.from(caData, 'base64').toString() : caFile && readFileSync(caFile, 'utf8');
  if (!server || !ca) throw new Error(`${kubeconfig}: its current context needs a server with a certificate authority`);
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { cert, key, headers = {} } = options;
  const connection = {
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value).trim()])),
    ...(cert && key && { cert: String(cert), key: String(key) }),
  };
  return { server, ca, api: new Api(server, ca, connection) };
}

/** Two operators with one Lease would wait for each other, and the scenarios would be judged by what the other one does. */
async function noOtherMeltemi(api: Api): Promise<void> {
  const leases = await api.list<Lease>(pathOf('Lease'), { fieldSelector: `metadata.name=${LEASE_NAME}` });
  const held = leases.find(({ spec }) => spec.holderIdentity && Date.now() - Date.parse(spec.renewTime ?? '') < 60_000);
  if (held)
    throw new Error(`a Meltemi runs in namespace ${held.metadata.namespace}: the scenarios need the cluster alone`);
}

/** Has every operator and plan of this process skip what is on the cluster now, which no scenario made. */
async function keepOffOthers(api: Api): Promise<void> {
  const namespaces = await api.list(pathOf('Namespace'));
  process.env[`${ENV_PREFIX}SKIP_NAMESPACES`] = namespaces.map(({ metadata }) => metadata.name).join(',');
}

/** Deletes what scenarios of this run or an earlier one have made, and the operators' Lease with its journal. */
async function sweep(api: Api): Promise<void> {
  const namespaces = await api.list(pathOf('Namespace'), MARKED);
  await Promise.all(namespaces.map(({ metadata }) => deleteNamespace(api, metadata.name)));
  const kinds: readonly Kind[] = ['ClusterRoleBinding', 'ClusterRole', 'MutatingWebhookConfiguration'];
  for (const kind of kinds)
    for (const { metadata } of await api.list(pathOf(kind), MARKED)) await api.delete(pathOf(kind, '', metadata.name));
  const lease = pathOf('Lease', 'default', LEASE_NAME);
  if (await api.find(lease)) await api.delete(lease);
}
