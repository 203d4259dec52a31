import assert from 'node:assert/strict';
import { Store } from '../../../src/cluster/store.ts';
import type { Mesh } from '../../../src/expect/mesh.ts';
import { Coalesce } from '../../../src/watch/coalesce.ts';
import { MeshAssembly, type MeshObjects, type Named } from '../../../src/watch/meshAssembly.ts';
import { MeshWatch } from '../../../src/watch/meshWatch.ts';
import { BURSTS, burstCost, REVISIONS } from './burstCost.ts';
import { byService, configMap, deployment, namespace, service, type Written, webhook } from './meshObjects.ts';

const SIZE = 1000;

let versions = 0;
const written = (object: Written): Written & Named => ({
  ...object,
  metadata: { ...object.metadata, ...{ uid: object.metadata.name, resourceVersion: String(++versions) } },
});
/** The same object as another answer of the API server has it. */
const copy = <T>(object: T): T => JSON.parse(JSON.stringify(object)) as T;

/** Data that tell when their JSON is hashed. */
class Counted {
  readonly a = 'b';
  readonly #onHash: () => void;

  constructor(onHash: () => void) {
    this.#onHash = onHash;
  }

  toJSON(): object {
    this.#onHash();
    return { a: this.a };
  }
}

/** A mesh over stores, which counts how often it is read anew and how often ConfigMaps are hashed. */
class Watched {
  readonly namespaces = new Store<Written & Named>();
  readonly configMaps = new Store<Written & Named>();
  /** Reads of a ConfigMap's data, of which each makes a hash. */
  hashed = 0;
  built = 0;
  readonly assembly: MeshAssembly;
  readonly #configuration = webhook(byService(), { labels: { 'istio.io/rev': 'default' } });

  constructor() {
    for (let index = 0; index < SIZE; index++) this.namespaces.put(written(namespace(`team-${index}`)));
    for (const name of ['istio-sidecar-injector', 'istio'])
      this.configMaps.put(this.#counted(written(configMap(name, { a: 'b' }))));
    const [istiod, home] = [deployment('istiod'), service('istiod', { selector: { app: 'istiod' } })];
    const objects: MeshObjects = {
      configurations: () => [this.#configuration],
      namespaces: () => {
        this.built += 1;
        return this.namespaces.items();
      },
      proxyConfigs: () => [],
      deployments: () => [istiod],
      services: () => [home],
      configMap: (inNamespace, name) => this.configMaps.get(`${inNamespace}/${name}`),
    };
    this.assembly = new MeshAssembly(objects, []);
  }

  #counted(object: Written & Named): Written & Named {
    return { ...object, data: new Counted(() => this.hashed++) };
  }

  /** Another list of what is there already, as after a lost watch. */
  relist(): void {
    this.namespaces.replace(this.namespaces.items().map(copy));
    this.configMaps.replace(this.configMaps.items().map((one) => this.#counted(one)));
    this.assembly.forget();
  }

  mesh(): Mesh {
    return this.assembly.mesh();
  }
}

test('a thousand namespaces that are relabelled within ten seconds are one mesh', () => {
  const seen = new Watched();
  const burst = new Coalesce();
  const meshes = new Set<Mesh>([seen.mesh()]);
  for (let index = 0; index < SIZE; index++) {
    const now = index * 9;
    seen.namespaces.put(written(namespace(`team-${index}`, { 'istio.io/rev': 'canary' })));
    seen.assembly.forget();
    burst.note(now);
    if (burst.take(now)) meshes.add(seen.mesh());
  }
  assert.ok(burst.take(SIZE * 9 + 2000));
  const last = seen.mesh();
  assert.equal(last.namespaces.get('team-999')?.labels['istio.io/rev'], 'canary');
  assert.equal(meshes.add(last).size, 2);
  assert.equal(seen.built, 2);
});

test('a ConfigMap is hashed once, whatever else changes', () => {
  const seen = new Watched();
  seen.mesh();
  const once = seen.hashed;
  for (let index = 0; index < 50; index++) {
    seen.namespaces.put(written(namespace(`team-${index}`, { changed: String(index) })));
    seen.assembly.forget();
    seen.mesh();
  }
  assert.ok(once > 0);
  assert.equal(seen.hashed, once);
});

test('a new list of unchanged objects hashes nothing and leaves the mesh as it is', () => {
  const seen = new Watched();
  const before = seen.mesh();
  const { hashed } = seen;
  seen.relist();
  const after = seen.mesh();
  assert.equal(after, before);
  assert.equal(seen.hashed, hashed);
});

/** Of each burst, how many hashes it may take: those of what is really another. */
const bursts: [keyof typeof BURSTS, hashes: number][] = [
  ['1,000 namespaces are relabelled', 0],
  ['so they are, while restarts ask for the mesh', 0],
  ['50 CA bundles are written 20 times each', 0],
  ['the status of 10 istiods changes 100 times each', REVISIONS],
];
for (const [name, allowed] of bursts)
  test(`${name}: the entries are gone through once, and ${allowed} hashes are made`, async () => {
    const { hashes, walks, meshes } = await burstCost({ MeshWatch, Coalesce }, BURSTS[name]);
    assert.ok(hashes <= allowed, `${hashes} hashes`);
    assert.ok(walks <= 1, `${walks} walks`);
    assert.equal(meshes, name.includes('ask') ? 100 : 1);
  });
