import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Mesh } from '../../../src/expect/mesh.ts';
import type { Coalesce } from '../../../src/watch/coalesce.ts';
import type { MeshWatch } from '../../../src/watch/meshWatch.ts';
import { MemoryMesh } from './memoryMesh.ts';
import { byService, configMap, deployment, namespace, proxyConfig, service, webhook } from './meshObjects.ts';

const NAMESPACES = 1000;
export const REVISIONS = 10;
export const CONFIGURATIONS = 50;
const CHANGES = 20;
const ENTRIES = ['rev.namespace', 'rev.object', 'namespace', 'object'];
/** Turns of the event loop in which everything that was sent has arrived. */
const ARRIVAL = 200;

const CA = Buffer.from('-----BEGIN CERTIFICATE-----\n'.repeat(40));
const caBundle = (index: number) => Buffer.concat([CA, Buffer.from(String(index))]).toString('base64');
const revisionOf = (index: number) => `r${index % REVISIONS}`;

function configuration(index: number, bundle: string) {
  const clientConfig = { ...byService(`istiod-${revisionOf(index)}`), caBundle: bundle };
  const made = webhook(clientConfig, { name: `injector-${index}`, labels: { 'istio.io/rev': revisionOf(index) } });
  const [entry] = made.webhooks as [object];
  return { ...made, webhooks: ENTRIES.map((name) => ({ ...entry, name: `${name}.sidecar-injector.istio.io` })) };
}

function istiod(index: number, ready = 1) {
  const revision = revisionOf(index);
  return deployment(`istiod-${revision}`, { revision, ready, env: [{ name: 'REVISION', value: revision }] });
}

/** A cluster with a thousand namespaces, ten revisions and fifty webhook configurations. */
function filled(): MemoryMesh {
  const api = new MemoryMesh();
  for (let index = 0; index < NAMESPACES; index++) api.put('namespaces', namespace(`team-${index}`));
  for (let index = 0; index < NAMESPACES; index += 10) api.put('proxyconfigs', proxyConfig(`team-${index}`, 'debug'));
  for (let index = 0; index < CONFIGURATIONS; index++)
    api.put('mutatingwebhookconfigurations', configuration(index, caBundle(0)));
  for (let index = 0; index < REVISIONS; index++) {
    const selector = { app: 'istiod', 'istio.io/rev': revisionOf(index) };
    api.put('services', service(`istiod-${revisionOf(index)}`, { selector }));
    api.put('deployments', istiod(index));
    for (const name of ['istio', 'istio-sidecar-injector'])
      api.put('configmaps', configMap(`${name}-${revisionOf(index)}`, { values: 'x: y\n'.repeat(2000) }));
  }
  return api;
}

/** What happens in one turn of the event loop. It returns whether there is another turn. */
export type Burst = (api: MemoryMesh, turn: number, mesh: () => Mesh) => boolean;

const relabel: Burst = (api, turn) => {
  api.put('namespaces', namespace(`team-${turn}`, { 'istio.io/rev': 'r1' }));
  return turn + 1 < NAMESPACES;
};

/** Bursts of a thousand events. */
export const BURSTS = {
  '1,000 namespaces are relabelled': relabel,
  'so they are, while restarts ask for the mesh': (api, turn, mesh) => {
    if (turn % 10 === 0) mesh();
    return relabel(api, turn, mesh);
  },
  '50 CA bundles are written 20 times each': (api, turn) => {
    api.put('mutatingwebhookconfigurations', configuration(turn % CONFIGURATIONS, caBundle(1 + turn)));
    return turn + 1 < CONFIGURATIONS * CHANGES;
  },
  'the status of 10 istiods changes 100 times each': (api, turn) => {
    api.put('deployments', istiod(turn, turn % 2));
    return turn + 1 < 1000;
  },
} as const satisfies Record<string, Burst>;

/** What a burst costs. */
export interface BurstCost {
  readonly hashes: number;
  /** How often all entries were gone through, for what to watch or for a mesh. */
  readonly walks: number;
  /** How often a mesh was made. */
  readonly meshes: number;
  /** Of processor time. */
  readonly milliseconds: number;
}

let hashes = 0;
const { createHash } = crypto;
crypto.createHash = (...given) => {
  hashes += 1;
  return createHash(...given);
};
syncBuiltinESMExports();

/** Plays a burst, an event in each turn of the event loop. The mesh is asked for when the burst is due, as the operator does. */
export async function burstCost(
  code: { readonly MeshWatch: typeof MeshWatch; readonly Coalesce: typeof Coalesce },
  burst: Burst,
): Promise<BurstCost> {
  const api = filled();
  const stop = new AbortController();
  const watch = new code.MeshWatch(api.client(), stop.signal, (what, error) => {
    throw new Error(`${what}: ${error}`);
  });
  await watch.settled(stop.signal);
  for (let turn = 0; turn < ARRIVAL; turn++) await nextTurn();
  watch.mesh();
  const counts = { walks: 0, meshes: 0 };
  const { configurations, namespaces } = watch.objects;
  Object.assign(watch.objects, {
    configurations: () => {
      counts.walks += 1;
      return configurations();
    },
    namespaces: () => {
      counts.meshes += 1;
      return namespaces();
    },
  });
  const coalesce = new code.Coalesce();
  let now = 0;
  watch.onChange(() => coalesce.note(now));
  hashes = 0;
  const before = process.cpuUsage();
  for (let turn = 0, goesOn = true; goesOn; turn++) {
    now += 1;
    goesOn = burst(api, turn, () => watch.mesh());
    await nextTurn();
    if (coalesce.take(now)) watch.mesh();
  }
  for (let turn = 0; turn < ARRIVAL; turn++) await nextTurn();
  if (coalesce.take(now + 2000)) watch.mesh();
  const { user, system } = process.cpuUsage(before);
  stop.abort();
  return { ...counts, hashes, milliseconds: (user + system) / 1000 };
}
