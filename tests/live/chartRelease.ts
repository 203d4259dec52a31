import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { PRODUCT } from '../../src/names.ts';
import { CHART, type Values } from '../chart/chart.ts';
import { toolbox } from '../testbed/build.ts';
import { merge } from '../testbed/merge.ts';
import { pathOf } from '../testbed/paths.ts';
import { run } from '../testbed/run.ts';
import type { Testbed } from '../testbed/testbed.ts';
import { OperatorProcess } from './operatorProcess.ts';

/** Settings that make scenarios quick without changing what is decided. */
const QUICK: Values = { config: { istiodConfigReadDelay: '1s', annotationCooldown: '0' } };

interface Container {
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
}

interface Deployment {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: { readonly spec: { readonly serviceAccountName: string; readonly containers: [Container] } };
  };
}

/** The chart as Helm installs it in a testbed. Its pods are kwok's, so the operator that they would run is started beside it. */
export class ChartRelease {
  readonly name: string;
  readonly namespace: string;
  readonly #bed: Testbed;
  #values: Values = QUICK;

  constructor(bed: Testbed, namespace: string, name = 'meltemi') {
    this.#bed = bed;
    this.namespace = namespace;
    this.name = name;
  }

  /** The user that the API server knows the operator by. */
  get user(): string {
    return `system:serviceaccount:${this.namespace}:${this.name}`;
  }

  install(values: Values = {}): Promise<string> {
    return this.#helm('install', values);
  }

  /** Installs an earlier version of the chart, of which only its rendering is known. */
  async installRendered(version: string, rendering: string): Promise<void> {
    const chart = this.#bed.path(`chart-${version}`);
    mkdirSync(join(chart, 'templates'), { recursive: true });
    writeFileSync(
      join(chart, 'Chart.yaml'),
      stringify({ apiVersion: 'v2', name: PRODUCT, version, appVersion: version }),
    );
    writeFileSync(join(chart, 'templates/all.yaml'), rendering);
    await run(toolbox().program('helm'), ['install', this.name, chart, '--namespace', this.namespace], {
      env: this.#env,
    });
  }

  /** Goes back to an earlier revision of the release. */
  async rollback(revision: number): Promise<void> {
    const args = ['rollback', this.name, String(revision), '--namespace', this.namespace];
    await run(toolbox().program('helm'), args, { env: this.#env });
  }

  /** With the values of before and these over them. */
  upgrade(values: Values, ...flags: readonly string[]): Promise<string> {
    return this.#helm('upgrade', values, flags);
  }

  /** Applies the rendered chart without its Lease, as Argo CD does, with the values of before and these over them. */
  async apply(values: Values): Promise<void> {
    const rendered = await this.#helm('template', values);
    const documents = rendered.split(/^---$/m).filter((text) => !/^kind: Lease$/m.test(text));
    writeFileSync(this.#applied, documents.join('---'));
    await this.#bed.kubectl('apply', '--filename', this.#applied);
  }

  /** Deletes what was applied. */
  async remove(): Promise<void> {
    await this.#bed.kubectl('delete', '--filename', this.#applied);
  }

  get #applied(): string {
    return this.#bed.path(`applied-${this.namespace}-${this.name}.yaml`);
  }

  uninstall(): Promise<string> {
    return run(toolbox().program('helm'), ['uninstall', this.name, '--namespace', this.namespace, '--wait'], {
      env: this.#env,
    });
  }

  async #helm(verb: string, values: Values, flags: readonly string[] = []): Promise<string> {
    this.#values = merge(this.#values, values);
    const file = this.#bed.path(`release-${this.namespace}-${this.name}.json`);
    writeFileSync(file, JSON.stringify(this.#values));
    const args = [verb, this.name, CHART, '--namespace', this.namespace, '--values', file, ...flags];
    return run(toolbox().program('helm'), args, { env: this.#env });
  }

  get #env(): Record<string, string> {
    const own = (name: string): string => join(this.#bed.state, 'helm', name);
    return {
      HOME: this.#bed.state,
      KUBECONFIG: this.#bed.kubeconfig,
      HELM_CACHE_HOME: own('cache'),
      HELM_CONFIG_HOME: own('config'),
      HELM_DATA_HOME: own('data'),
    };
  }

  deployment(): Promise<Deployment> {
    return this.#bed.api.get<Deployment>(pathOf('Deployment', this.namespace, this.name));
  }

  /** Starts what a kubelet would: the arguments and variables of the Deployment, with a token of its ServiceAccount and its policy. */
  async start(...flags: readonly string[]): Promise<OperatorProcess> {
    const { template } = (await this.deployment()).spec;
    const { args, env } = template.spec.containers[0];
    const environment = Object.fromEntries(env.map(({ name, value }) => [name, value]));
    const [, , ...given] = args;
    const policy = { MELTEMI_POLICY: await this.mountPolicy() };
    const secure = `--metrics-secure=${environment.MELTEMI_METRICS_SECURE ?? 'true'}`;
    return new OperatorProcess(await this.kubeconfig(), [secure, ...given, ...flags], { ...environment, ...policy });
  }

  /** Puts the policy where the operator reads it, as a kubelet does with a mounted ConfigMap. */
  async mountPolicy(): Promise<string> {
    const map = await this.#bed.api.get<{ data: Record<string, string> }>(
      pathOf('ConfigMap', this.namespace, `${this.name}-policy`),
    );
    const file = this.#bed.path(`policy-${this.namespace}.yaml`);
    writeFileSync(file, map.data['policy.yaml'] ?? '');
    return file;
  }

  /** A kubeconfig with a token of a ServiceAccount in the release's namespace, by default the operator's. */
  async kubeconfig(): Promise<string> {
    const { server, ca } = this.#bed.cluster;
    const { serviceAccountName } = (await this.deployment()).spec.template.spec;
    const cluster = { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') };
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'testbed', cluster }],
      users: [{ name: 'operator', user: { token: await this.token(serviceAccountName) } }],
      contexts: [{ name: 'pod', context: { cluster: 'testbed', user: 'operator', namespace: this.namespace } }],
      'current-context': 'pod',
    };
    const file = this.#bed.path(`${this.namespace}-${this.name}.kubeconfig`);
    writeFileSync(file, stringify(config), { mode: 0o600 });
    return file;
  }

  async token(account: string): Promise<string> {
    const path = `${pathOf('ServiceAccount', this.namespace, account)}/token`;
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
    const { status } = await this.#bed.api.create<{ status: { token: string } }>(path, body);
    return status.token;
  }
}
