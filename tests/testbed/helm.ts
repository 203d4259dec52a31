import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { Kind } from './paths.ts';
import { run } from './run.ts';

export type Values = Readonly<Record<string, unknown>>;

/** One chart with its values, as a release of it is installed or rendered. */
export interface Release {
  readonly name: string;
  readonly namespace: string;
  readonly chart: string;
  /** The version that the chart claims to be, as charts from Istio's repository do; it goes into labels. */
  readonly version: string;
  readonly values: Values;
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** Helm, with all its files in the testbed's folder. */
export class Helm {
  readonly #state: string;
  readonly #program: string;
  readonly #charts: string;
  readonly #copies: string;
  readonly #env: Record<string, string>;

  /** @param copies the folder in the testbed's for copies of these charts */
  constructor(state: string, program: string, charts: string, kubeconfig: string, copies = 'charts') {
    this.#copies = copies;
    this.#state = state;
    this.#program = program;
    this.#charts = charts;
    const own = (name: string) => join(state, 'helm', name);
    this.#env = {
      HOME: state,
      KUBECONFIG: kubeconfig,
      HELM_CACHE_HOME: own('cache'),
      HELM_CONFIG_HOME: own('config'),
      HELM_DATA_HOME: own('data'),
    };
  }

  async install(release: Release): Promise<void> {
    await this.#run('install', release, ['--create-namespace']);
  }

  async upgrade(release: Release): Promise<void> {
    await this.#run('upgrade', release, []);
  }

  async uninstall(name: string, namespace: string): Promise<void> {
    await run(this.#program, ['uninstall', name, '--namespace', namespace], { env: this.#env });
  }

  /** The values that a release in the cluster was installed with. */
  async values(name: string, namespace: string): Promise<Values> {
    const args = ['get', 'values', name, '--namespace', namespace, '--output', 'json'];
    return (JSON.parse(await run(this.#program, args, { env: this.#env })) as Values | null) ?? {};
  }

  /** Renders some of a chart's templates, in the order given, without touching the cluster. */
  async render(release: Release, templates: readonly string[]): Promise<Manifest[]> {
    const rendered: Manifest[] = [];
    for (const template of templates) {
      const text = await this.#run('template', release, ['--show-only', `templates/${template}.yaml`]);
      rendered.push(...parseAllDocuments(text).map((document) => document.toJS()));
    }
    return rendered.filter(Boolean);
  }

  #run(verb: string, release: Release, more: readonly string[]): Promise<string> {
    const values = join(this.#state, `values-${release.namespace}-${release.name}.json`);
    writeFileSync(values, JSON.stringify(release.values));
    const args = [verb, release.name, this.#versioned(release), '--namespace', release.namespace, '--values', values];
    return run(this.#program, [...args, ...more], { env: this.#env });
  }

  /** The charts in Istio's module all carry one placeholder version: a copy gets the version that it plays. */
  #versioned({ chart, version }: Release): string {
    const copy = join(this.#state, this.#copies, version, chart);
    if (existsSync(copy)) return copy;
    cpSync(join(this.#charts, chart), copy, { recursive: true });
    const file = join(copy, 'Chart.yaml');
    const text = readFileSync(file, 'utf8').replace(/^(version|appVersion): .*$/gm, `$1: ${version}`);
    writeFileSync(file, text);
    return copy;
  }
}
