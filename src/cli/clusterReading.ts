import type { KubeClient } from '../cluster/client.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Injectors } from '../expect/injectors.ts';
import { sourcesIn } from '../expect/matchOf.ts';
import type { Mesh } from '../expect/mesh.ts';
import { Journal } from '../journal/journal.ts';
import { messageOf } from '../messageOf.ts';
import { LEASE_ANNOTATION } from '../names.ts';
import type { Observed } from '../observe/observed.ts';
import { Observer } from '../observe/observer.ts';
import type { Answered } from '../plan/assess.ts';
import type { Policy } from '../plan/policy.ts';
import type { MeshScope } from '../watch/meshWatch.ts';
import { findLease, type LeaseLookup } from './leases.ts';
import { type PlanMesh, planMesh } from './planMesh.ts';
import type { Settings } from './settings.ts';

/** What a plan rests on. */
export interface ClusterReading extends PlanMesh {
  readonly answered: readonly Answered[];
  readonly lookup: LeaseLookup;
  readonly journal: Journal;
}

/** How a cluster is read. */
export interface ClusterReader {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly injectors: Injectors;
  readonly settings: Settings;
  readonly policy: Policy;
  /** Namespaces in which Meltemi may run, the likeliest first. */
  readonly homes: readonly string[];
  /** Called with what could not be read, and what is missing for it. */
  readonly warn: (words: string) => void;
  /** Called with what is done next. */
  readonly say: (words: string) => void;
}

/**
 * Reads the mesh, the journal, workloads and pods, and asks the injectors. What needs nothing of another is read at the same time.
 * @throws {Error} with a message for users, when the mesh cannot be read or has no injector, or a namespace does not exist
 */
export async function readCluster(reader: ClusterReader, signal: AbortSignal): Promise<ClusterReading> {
  const { client, settings, policy, homes, warn, say } = reader;
  say('reading the mesh');
  const asked = { scope: scopeOf(settings), sources: sourcesIn(policy), assumptions: settings.if };
  const meshing = planMesh(client, asked, warn, signal);
  const looking = findLease(client, homes, signal);
  let lookup: LeaseLookup = { kind: 'none' };
  const journal = journalIn(() => lookup);
  const observer = observerFor(reader, journal);
  const scanning = scanned(observer, meshing, settings, signal);
  // if the mesh cannot be read, that is said first
  scanning.catch(() => undefined);
  const { mesh, assumptions } = await meshing;
  for (const words of missingIn(mesh, settings)) warn(words);
  lookup = await looking;
  if (lookup.kind === 'unknown') warn(`cannot tell whether Meltemi is paused: ${lookup.why}`);
  const loaded = journal.load();
  if (typeof loaded === 'object') warn(`the journal on the Lease cannot be read: ${loaded.unreadable}`);
  say('reading workloads and pods, asking the injectors');
  const answered = await observer.answerAll(mesh, await scanning);
  return { mesh, assumptions, answered, lookup, journal };
}

function observerFor({ cluster, injectors, policy, warn }: ClusterReader, journal: Journal): Observer {
  return new Observer({
    cluster,
    injectors,
    journal,
    policy: () => policy,
    onUnreadOwner: (kind, error) =>
      warn(`cannot read ${kind}, so its pods are listed under it and not under its own owner: ${messageOf(error)}`),
    // there is no next scan
    looks: Number.POSITIVE_INFINITY,
    onForbidden: (what, error) => warn(`cannot read ${what}: ${messageOf(error)}`),
  });
}

/** The journal on the Lease that was found. A plan reads it and writes nothing. */
function journalIn(found: () => LeaseLookup): Journal {
  const text = (): string | undefined => {
    const lookup = found();
    return lookup.kind === 'found' ? lookup.lease.annotations[LEASE_ANNOTATION.journal] : undefined;
  };
  const keep = (): Promise<void> => Promise.reject(new Error('a plan does not write'));
  return new Journal({ store: { text, keep }, now: Date.now, wall: Date.now, onError: () => undefined });
}

/** What is seen of the cluster. It is listed while the mesh is read, unless the mesh tells what to list, or whether to. */
async function scanned(
  observer: Pick<Observer, 'scan'>,
  coming: Promise<PlanMesh>,
  settings: Settings,
  signal: AbortSignal,
): Promise<Observed[]> {
  const mesh = coming.then((read) => read.mesh);
  if (settings.if.length > 0) await mesh;
  if (settings.namespaces.size === 0)
    return [...(await observer.scan(mesh, settings.namespace || undefined, signal)).values()];
  const observations: Observed[] = [];
  for (const place of placesOf(settings, await mesh))
    observations.push(...(await observer.scan(mesh, place, signal)).values());
  return observations;
}

function scopeOf({ namespace, namespaces, istioNamespaces }: Settings): MeshScope {
  const one = istioNamespaces.size > 0 && namespace ? [namespace] : [];
  return { namespaces: namespaces.size > 0 ? [...namespaces] : one, istioNamespaces: [...istioNamespaces] };
}

/** Of the managed namespaces those to scan. @throws {Error} for a namespace that is not managed */
function placesOf({ namespace, namespaces }: Settings, mesh: Mesh): string[] {
  // one that is gone has no workloads, and no Role that would let them be listed
  if (namespace === '') return [...namespaces].filter((name) => mesh.namespaces.has(name));
  if (namespaces.has(namespace)) return [namespace];
  throw new Error(`namespace ${namespace} is not managed (--namespaces ${[...namespaces].join(',')})`);
}

/**
 * What to say of managed namespaces that do not exist: they have no workloads, and not only current ones.
 * @throws {Error} if it is the only one that is asked for
 */
function missingIn({ namespaces: known }: Mesh, { namespace, namespaces }: Settings): string[] {
  if (namespace !== '' && !known.has(namespace)) throw new Error(`namespace ${namespace} does not exist`);
  const missing = namespace === '' ? [...namespaces].filter((name) => !known.has(name)) : [];
  return missing.map((name) => `namespace ${name} does not exist; check --namespaces`);
}
