import { join } from 'node:path';
import type { Api } from './api.ts';
import { Audit } from './audit.ts';
import { type Toolbox, toolbox } from './build.ts';
import { Cluster } from './cluster.ts';
import { Dapr } from './dapr.ts';
import { Flagger } from './flagger.ts';
import { GivenBed } from './givenBed.ts';
import { Guard } from './guard.ts';
import { Istio } from './istio.ts';
import { type KubernetesMinor, kubernetesMinor, versionOfMinor } from './kubernetesVersions.ts';
import { createNodes } from './nodes.ts';
import { Olm } from './olm.ts';
import { pathOf } from './paths.ts';
import { alive, type Running } from './processes.ts';
import { ArgoRollouts } from './rollouts.ts';
import { run } from './run.ts';
import { type PodSidecar, sidecars } from './sidecars.ts';
import { createState, disown, own, remove, sweep } from './state.ts';
import {
  createNamespace,
  deleteNamespace,
  deploy,
  restart,
  type WorkloadKind,
  type WorkloadOptions,
  waitReady,
} from './workloads.ts';

export interface TestbedOptions {
  /** An empty folder for all files; by default a new one, which `down` removes. */
  readonly state?: string;
  /** Webhooks by URL, the default. With `false` they name a Service, as stock meshes do, which needs root. */
  readonly rootless?: boolean;
  readonly nodes?: number;
  /** By default the minor of `TESTBED_KUBERNETES`, else the usual one. */
  readonly kubernetes?: KubernetesMinor;
  /** The kubelets' version, by default Kubernetes' own: below v1.33 Istio makes no native sidecars. */
  readonly kubelet?: string;
  /** Each controller acts as its own ServiceAccount. Some injectors answer only those. */
  readonly accounts?: boolean;
  readonly log?: (line: string) => void;
}

/** A rule of an RBAC role. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  readonly resourceNames?: readonly string[];
}

const SYSTEM = /^(kube-|default$|istio-system$|mesh-)/;

/** A Kubernetes cluster and, where wanted, an Istio mesh, of real programs and fake machines. It dies with this process. */
export class Testbed {
  readonly state: string;
  readonly cluster: Cluster;
  readonly istio: Istio;
  readonly olm: Olm;
  readonly dapr: Dapr;
  readonly rollouts: ArgoRollouts;
  readonly flagger: Flagger;
  readonly audit: Audit;
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly #toolbox: Toolbox;
  readonly #guard: Guard;

  private constructor(cluster: Cluster, programs: Toolbox, guard: Guard, byService: boolean) {
    this.state = cluster.state;
    this.cluster = cluster;
    this.#toolbox = programs;
    this.#guard = guard;
    this.istio = new Istio(cluster, programs, byService);
    this.olm = new Olm(cluster, programs);
    this.dapr = new Dapr(cluster, programs);
    this.rollouts = new ArgoRollouts(cluster, programs);
    this.flagger = new Flagger(cluster, programs);
    this.audit = new Audit(cluster.auditLog, cluster.api);
    this.kubeconfig = cluster.kubeconfig('testbed:admin', ['system:masters']);
  }

  /** Brings a cluster up, without Istio, or takes the one of E2E_KUBECONFIG. Leftovers of killed testbeds are ended first. */
  static async up(options: TestbedOptions = {}): Promise<Testbed> {
    if (process.env.E2E_KUBECONFIG) return GivenBed.up(process.env.E2E_KUBECONFIG);
    const { rootless = true, nodes = 3, accounts = false, log = () => undefined } = options;
    const minor = options.kubernetes ?? kubernetesMinor(process.env.TESTBED_KUBERNETES);
    const kubelet = options.kubelet ?? `v${versionOfMinor(minor)}`;
    const programs = toolbox(minor);
    for (const swept of await sweep()) log(`removed what a killed testbed had left in ${swept}`);
    const state = await createState(options.state);
    own(state, process.pid);
    const guard = new Guard(state);
    try {
      log(`starting Kubernetes in ${state}`);
      const cluster = await Cluster.up(state, programs, { accounts });
      if (options.kubernetes ?? process.env.TESTBED_KUBERNETES) await mustBe(cluster.api, minor);
      await createNodes(cluster.api, nodes, kubelet);
      return new Testbed(cluster, programs, guard, !rootless);
    } catch (error) {
      await guard.release();
      await remove(state);
      throw error;
    }
  }

  get api(): Api {
    return this.cluster.api;
  }

  /** The processes of this testbed that are alive. */
  get processes(): readonly Running[] {
    return alive(this.state);
  }

  /** Ends all processes and removes the folder. */
  async down(): Promise<void> {
    await this.api.close();
    await remove(this.state);
    await this.#guard.release();
  }

  /** Lets the testbed live on when this process ends; `command.ts down` ends it. */
  async detach(): Promise<void> {
    disown(this.state);
    await this.api.close();
    await this.#guard.release();
  }

  kubectl(...args: readonly string[]): Promise<string> {
    return run(this.#toolbox.program('kubectl'), args, { env: { KUBECONFIG: this.kubeconfig, HOME: this.state } });
  }

  /** The namespaces that scenarios have made and not deleted. */
  async scenarioNamespaces(): Promise<string[]> {
    const namespaces = await this.api.list(pathOf('Namespace'));
    return namespaces.map(({ metadata }) => metadata.name).filter((name) => !SYSTEM.test(name));
  }

  /** Makes a user, so that the audit log tells who did what, and returns its kubeconfig. Without rules it may do all. */
  async operatorKubeconfig(user: string, rules?: readonly Rule[]): Promise<string> {
    const role = rules ? `testbed:${user}` : 'cluster-admin';
    const group = 'rbac.authorization.k8s.io';
    const apiVersion = `${group}/v1`;
    if (rules) {
      await this.api.create(pathOf('ClusterRole'), {
        apiVersion,
        kind: 'ClusterRole',
        metadata: { name: role },
        rules,
      });
    }
    await this.api.create(pathOf('ClusterRoleBinding'), {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: `testbed:${user}` },
      subjects: [{ apiGroup: group, kind: 'User', name: user }],
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    });
    return this.cluster.kubeconfig(user);
  }

  /** The kubeconfig of a ServiceAccount, by a token as its pods get one; at the API server it is `system:serviceaccount:NAMESPACE:NAME`. */
  async accountKubeconfig(namespace: string, name: string): Promise<string> {
    const { status } = await this.api.create<{ status: { token: string } }>(
      `${pathOf('ServiceAccount', namespace, name)}/token`,
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
    );
    return this.cluster.tokenKubeconfig(`${namespace}-${name}`, namespace, status.token);
  }

  stopControllers(): Promise<void> {
    return this.cluster.stopControllers();
  }

  startControllers(): Promise<void> {
    return this.cluster.startControllers();
  }

  namespace(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
    return createNamespace(this.api, name, labels);
  }

  deleteNamespace(name: string): Promise<void> {
    return deleteNamespace(this.api, name);
  }

  /** Sets labels of a namespace; `null` removes one. */
  async label(namespace: string, labels: Readonly<Record<string, string | null>>): Promise<void> {
    await this.api.patch(pathOf('Namespace', '', namespace), { metadata: { labels } });
  }

  deploy(options: WorkloadOptions): Promise<void> {
    return deploy(this.api, options);
  }

  /** Restarts a workload as a person would. */
  restart(namespace: string, name: string, kind: WorkloadKind = 'Deployment'): Promise<void> {
    return restart(this.api, kind, namespace, name);
  }

  waitReady(namespace: string, deadlineMs?: number): Promise<void> {
    return waitReady(this.api, namespace, deadlineMs);
  }

  sidecars(namespace: string): Promise<PodSidecar[]> {
    return sidecars(this.api, namespace);
  }

  /** Makes one pod end as Failed, as an eviction does: its controller replaces it and the pod stays behind. */
  async failPod(namespace: string, pod: string): Promise<void> {
    const status = { phase: 'Failed', reason: 'Evicted', message: 'failed by the testbed' };
    await this.api.patch(`${pathOf('Pod', namespace, pod)}/status`, { status });
  }

  /** A path in the testbed's folder. */
  path(...parts: readonly string[]): string {
    return join(this.state, ...parts);
  }
}

/** A program of the machine's own may stand in for the testbed's, and be of another version than the one that was asked for. */
async function mustBe(api: Api, minor: KubernetesMinor): Promise<void> {
  const { gitVersion } = await api.get<{ gitVersion: string }>('/version');
  if (!gitVersion.startsWith(`v${minor}.`))
    throw new Error(
      `the API server is ${gitVersion}, not ${minor}: KUBEBUILDER_ASSETS or PATH has another kube-apiserver`,
    );
}
