import { stringify } from 'yaml';
import type { KubeClient } from '../cluster/client.ts';
import type { Environment } from '../cluster/kubeconfig.ts';
import { remembering } from '../cluster/memory.ts';
import { readOnly } from '../cluster/readOnly.ts';
import { Injectors } from '../expect/injectors.ts';
import type { Mesh } from '../expect/mesh.ts';
import { keyOf } from '../model.ts';
import { plan } from '../plan/plan.ts';
import { explanation } from '../report/explanation.ts';
import { planTable } from '../report/planTable.ts';
import { type Row, rowsOf } from '../report/row.ts';
import { Survey } from '../survey.ts';
import { type MeshScope, MeshWatch } from '../watch/meshWatch.ts';
import { connect } from './connect.ts';
import { standingIn } from './leases.ts';
import { PolicySource } from './policySource.ts';
import { Progress } from './progress.ts';
import type { Settings } from './settings.ts';

/** The standard streams and the environment, as far as a command needs them. */
export interface Streams {
  readonly input: AsyncIterable<Buffer>;
  readonly out: NodeJS.WriteStream;
  readonly error: NodeJS.WriteStream;
  readonly environment: Environment;
}

const NOTHING_OUTDATED = 0;
const NOT_JUDGED = 1;
const OUTDATED = 3;
/** How long the first lists may take before `plan` gives up and says which is missing. */
const PATIENCE = 30_000;
const WRONG_USAGE = 2;

/**
 * The operator's own pipeline, once and without the means to write: watch, scan, ask, judge, plan, print.
 * @returns the exit code: 0 all judged and none outdated, 3 some outdated, 1 none outdated but some not judged
 * @throws {Error} in words for people when the policy file cannot be used, the cluster cannot be read or has no injector
 */
export async function planCommand(
  settings: Settings,
  given: ReadonlySet<string>,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  if (settings.explain && !settings.namespace) {
    streams.error.write('error: --explain names one workload, so it needs --namespace, for example -n shop\n');
    return WRONG_USAGE;
  }
  const policy = (await PolicySource.open(settings, given)).current();
  const { client, cluster: writable, namespace: ofContext } = connect(settings, streams.environment);
  const cluster = remembering(readOnly(writable));
  const stop = new AbortController();
  const stopping = AbortSignal.any([stop.signal, signal]);
  const progress = new Progress(streams.error);
  const { injectorAddress } = settings;
  const injectors = new Injectors({ cluster, now: Date.now, ...(injectorAddress && { address: injectorAddress }) });
  try {
    progress.say('reading the mesh');
    const recalling = cluster.recall(settings.namespace || undefined, stopping);
    recalling.catch(() => undefined);
    const mesh = await readMesh(
      client,
      scopeOf(settings),
      (text) => streams.error.write(`warning: ${text}\n`),
      stopping,
    );
    const survey = new Survey({ cluster, injectors, policy: () => policy });
    progress.say('reading workloads and pods, asking the injectors');
    const missing = await recalling;
    for (const { message } of missing) streams.error.write(`warning: records of restarts may be missing: ${message}\n`);
    const sightings = await survey.scan(mesh, settings.namespace || undefined, stopping);
    const judged = await Promise.all([...sightings.values()].map((sighting) => survey.judge(mesh, sighting)));
    const standing = await standingIn(client, ofContext, stopping);
    const now = Date.now();
    const context = {
      now,
      policy: { ...policy, istiodConfigReadDelay: 0 },
      epochSeenAt: new Map(),
      retryAt: new Map(),
      unconfirmed: () => undefined,
      stale: undefined,
      busy: new Set<never>(),
      paused: standing.paused,
      resumedAt: standing.resumedAt,
    };
    const rows = rowsOf(judged, plan(judged, context));
    progress.done();
    if (!settings.explain) {
      streams.out.write(render(rows, settings, streams));
      return exitCode(rows);
    }
    const { kind, name } = settings.explain;
    const key = keyOf({ kind, name, namespace: settings.namespace });
    const one = judged.find(({ workload }) => keyOf(workload) === key);
    const row = rows.find((candidate) => candidate.kind === kind && candidate.name === name);
    if (!one || !row) throw new Error(unknownWorkload(key, rows, policy.skipNamespaces));
    const { groups = [] } = sightings.get(key) ?? {};
    streams.out.write(explanation({ judged: one, mesh, groups, row, rules: policy }));
    return exitCode([row]);
  } finally {
    progress.done();
    stop.abort();
    await Promise.all([injectors.close(), client.close()]);
  }
}

const scopeOf = ({ namespace, istioNamespaces }: Settings): MeshScope => ({
  namespaces: istioNamespaces.size > 0 && namespace ? [namespace] : [],
  istioNamespaces: [...istioNamespaces],
});

/** Lists what decides the injectors' answers. The first thing that cannot be read ends it: half a mesh would make a wrong plan. */
async function readMesh(
  client: KubeClient,
  scope: MeshScope,
  warn: (text: string) => void,
  signal: AbortSignal,
): Promise<Mesh> {
  const failed = Promise.withResolvers<never>();
  const late = setTimeout(
    () => failed.reject(new Error(`the API server did not answer within ${PATIENCE / 1000} s`)),
    PATIENCE,
  );
  try {
    const watch = new MeshWatch(
      client,
      signal,
      (_watched, error, instead) => (instead ? warn(`${(error as Error).message}; ${instead}`) : failed.reject(error)),
      scope,
    );
    await Promise.race([watch.settled(signal), failed.promise]);
    return withInjectors(watch.mesh());
  } finally {
    clearTimeout(late);
    failed.promise.catch(() => undefined);
  }
}

function unknownWorkload(key: string, rows: readonly Row[], skipped: ReadonlySet<string>): string {
  const [, namespace = ''] = key.split('/');
  if (skipped.has(namespace)) return `namespace ${namespace} is skipped (--skip-namespaces)`;
  const known = rows.map(({ kind, name }) => `${kind}/${name}`);
  return `there is no ${key}; in this namespace there ${known.length > 0 ? `are ${known.join(', ')}` : 'is no workload'}`;
}

function withInjectors(mesh: Mesh): Mesh {
  if (mesh.injections.length > 0) return mesh;
  throw new Error(
    'no Istio injector in this cluster: no MutatingWebhookConfiguration has an entry whose name ends in ' +
      'sidecar-injector.istio.io. Is Istio installed, and is this the right context (--context)?',
  );
}

function render(rows: readonly Row[], { output, all }: Settings, { out, environment }: Streams): string {
  if (output === 'json') return `${JSON.stringify({ workloads: rows }, null, 2)}\n`;
  if (output === 'yaml') return stringify({ workloads: rows });
  const colour = out.isTTY === true && !environment.NO_COLOR;
  return planTable(rows, { colour, all });
}

function exitCode(rows: readonly Row[]): number {
  if (rows.some(({ verdict }) => verdict === 'outdated')) return OUTDATED;
  return rows.some(({ verdict }) => verdict === 'unknown' || verdict === 'conflict') ? NOT_JUDGED : NOTHING_OUTDATED;
}
