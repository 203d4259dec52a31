import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { toolbox } from '../testbed/build.ts';
import { run } from '../testbed/run.ts';

export const CHART = 'helm';

export type Values = Readonly<Record<string, unknown>>;

/** An object as the chart renders it. What a test looks at beyond that is for it to say. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: manifests of any kind are looked into by path
  readonly [field: string]: any;
}

export interface Rendering {
  readonly name?: string;
  readonly namespace?: string;
  /** API versions that the cluster is said to serve besides Kubernetes' own. */
  readonly serves?: readonly string[];
  /** Another folder than the chart's own. */
  readonly chart?: string;
  /** More values, as people write them. */
  readonly yaml?: string;
}

/** Renders the chart as `helm template` does, without a cluster. */
export async function render(values: Values = {}, rendering: Rendering = {}): Promise<Manifest[]> {
  const { serves = [] } = rendering;
  const text = await helm('template', values, rendering, serves.length > 0 ? ['--api-versions', serves.join(',')] : []);
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as Manifest | null) ?? []);
}

/** What Helm tells who has installed it. */
export async function notes(values: Values = {}, rendering: Rendering = {}): Promise<string> {
  const text = await helm('install', values, rendering, ['--dry-run=client']);
  return text.slice(text.indexOf('\nNOTES:') + 1);
}

/** Why Helm does not render it. @throws {Error} when it does */
export async function refusal(values: Values, rendering: Rendering = {}): Promise<string> {
  const manifests = await render(values, rendering).catch((error: Error) => error);
  if (manifests instanceof Error) return manifests.message;
  throw new Error(`Helm takes ${JSON.stringify(values)}`);
}

/** The one object of a kind. @throws {Error} when there is none or more than one */
export function only(manifests: readonly Manifest[], kind: string): Manifest {
  const [first, second] = manifests.filter((manifest) => manifest.kind === kind);
  if (!first || second) throw new Error(`there ${first ? 'are several' : 'is no'} ${kind}`);
  return first;
}

/** The operator's own ClusterRole, beside those for readers. */
export const ownClusterRole = (manifests: readonly Manifest[]): Manifest =>
  only(
    manifests.filter(({ metadata }) => !metadata.name.endsWith('-reader')),
    'ClusterRole',
  );

/** The container of the Deployment. */
export const container = (manifests: readonly Manifest[]) =>
  only(manifests, 'Deployment').spec.template.spec.containers[0];

async function helm(
  verb: string,
  values: Values,
  { name = 'meltemi', namespace = 'ops', chart = CHART, yaml = '{}' }: Rendering,
  more: readonly string[],
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'meltemi-chart-'));
  try {
    const file = join(folder, 'values.json');
    writeFileSync(file, JSON.stringify(values));
    const written = join(folder, 'values.yaml');
    writeFileSync(written, yaml);
    const args = [verb, name, chart, '--namespace', namespace, '--values', file, '--values', written, ...more];
    // no kubeconfig, lest a cluster of the machine's own be asked
    const env = { HOME: folder, KUBECONFIG: join(folder, 'none') };
    return await run(toolbox().program('helm'), args, { env });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
