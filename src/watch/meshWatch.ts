import { isForbidden } from '../cluster/apiError.ts';
import type { KubeClient } from '../cluster/client.ts';
import { Reflector, type ReflectorOptions } from '../cluster/reflector.ts';
import { resourcePath } from '../cluster/resources.ts';
import type { Change } from '../cluster/store.ts';
import { configMapNames, controlPlaneNamespaces } from '../expect/controlPlaneOf.ts';
import { contentHash, digest } from '../expect/epoch.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import { ONLY_ISTIO } from '../expect/sources.ts';
import type { RawConfiguration, WebhookEntry } from '../expect/webhookEntry.ts';
import { deployment } from '../kinds/deployment.ts';
import type { RawWorkload } from '../kinds/rawWorkload.ts';
import type { MeshChange } from './changes.ts';
import {
  type AnswersVersion,
  type ConfigMap,
  MeshAssembly,
  type MeshObjects,
  type Named,
  type ProxyConfig,
  type RawService,
} from './meshAssembly.ts';
import { NamedWatches, type WatchKey } from './namedWatches.ts';

/** Called once for all events of one turn of the event loop. */
export type MeshListener = (change?: MeshChange) => void;

/** Called for every failed list or watch. `instead` describes the fallback; absent if there is none. */
export type WatchErrorListener = (watched: string, error: unknown, instead?: string) => void;

/** The namespaces to watch, for installations with rights in some namespaces only. An empty list means all namespaces. */
export interface MeshScope {
  /** Namespaces of workloads. */
  readonly namespaces: readonly string[];
  /** Namespaces of istiods. */
  readonly istioNamespaces: readonly string[];
}

const EVERYWHERE: MeshScope = { namespaces: [], istioNamespaces: [] };

/**
 * Watches the objects that decide injectors' answers: MutatingWebhookConfigurations, Namespaces (metadata only), and ProxyConfigs if the
 * API is served. In the namespaces that injector entries refer to, it watches the Deployments and, by name, the entries' Services and the
 * injectors' ConfigMaps. Objects elsewhere that only look like Istio's are ignored. If a permission is missing, it continues without that
 * object: changes of ConfigMaps and ProxyConfigs then count when answers expire, and an invisible control plane is asked twice (gate G3).
 */
export class MeshWatch {
  readonly #client: KubeClient;
  readonly #signal: AbortSignal;
  readonly #onError: WatchErrorListener;
  readonly #scope: MeshScope;
  readonly #listeners: MeshListener[] = [];
  readonly #configurations: Reflector<RawConfiguration & Named>;
  readonly #namespaces: Reflector<Named>;
  /** None unless Istio's proxy is kept up to date. */
  #proxyConfigs: readonly Reflector<ProxyConfig>[] = [];
  readonly #deployments: NamedWatches<RawWorkload>;
  readonly #services: NamedWatches<RawService>;
  readonly #configMaps: NamedWatches<ConfigMap>;
  /** Forbidden objects, with the callers that wait for the result. Permissions may differ between two ConfigMaps of a namespace. */
  readonly #forbidden = new Set<unknown>();
  readonly #waiting: (() => void)[] = [];
  readonly #assembly: MeshAssembly;
  /** The watched objects as they are now, for a mesh that is assembled from changed ones. */
  readonly objects: MeshObjects;
  readonly #sources: () => readonly SidecarSource[];
  /** The sources that the last mesh was made with. */
  #builtFrom: readonly SidecarSource[];
  #touched: { readonly namespaces: Set<string>; epochs: boolean } | undefined;

  /**
   * @param onError called for each failure; it is retried with back-off
   * @param answersVersion how often the answers of an entry's injector have changed; see `answersChanged`
   * @param sources the sidecars that are kept up to date; see `sourcesChanged`
   */
  constructor(
    client: KubeClient,
    signal: AbortSignal,
    onError: WatchErrorListener,
    scope: MeshScope = EVERYWHERE,
    answersVersion?: AnswersVersion,
    sources: () => readonly SidecarSource[] = () => ONLY_ISTIO,
  ) {
    this.#sources = sources;
    this.#builtFrom = sources();
    this.#client = client;
    this.#signal = signal;
    this.#onError = onError;
    this.#scope = scope;
    this.objects = {
      configurations: () => this.#configurations.items(),
      namespaces: () => this.#namespaces.items(),
      proxyConfigs: () => this.#proxyConfigs.flatMap((reflector) => reflector.items()),
      proxyConfigsUnread: () => this.#proxyConfigs.some(({ isSynced }) => !isSynced),
      deployments: (namespace: string) => this.#deployments.items({ namespace }),
      services: () => this.#services.reflectors().flatMap((reflector) => reflector.items()),
      configMap: (namespace: string, name: string) => this.#configMaps.items({ namespace, name })[0],
    };
    this.#assembly = new MeshAssembly(this.objects, scope.istioNamespaces, answersVersion, sources);
    this.#deployments = new NamedWatches(({ namespace }, stop) =>
      this.#reflect<RawWorkload>(
        {
          path: resourcePath(deployment, namespace),
          instead: 'its istiod is not visible, so gates G1 and G4 do not apply',
        },
        (change) => this.#deploymentChanged(namespace, change),
        stop,
      ),
    );
    this.#services = new NamedWatches((place, stop) =>
      this.#reflect<RawService>(
        { ...oneOf('services', place), instead: 'the istiod behind it is looked for by the label app=istiod' },
        (change) => this.#touch({ epochs: differs(change, ({ spec }) => [spec?.type, spec?.selector]) }),
        stop,
      ),
    );
    this.#configMaps = new NamedWatches((place, stop) =>
      this.#reflect<ConfigMap>(
        oneOf('configmaps', place),
        (change) => this.#touch({ epochs: differs(change, ({ data }) => data && digest(data)) }),
        stop,
      ),
    );
    this.#configurations = this.#reflect<RawConfiguration & Named>(
      { path: resourcePath('mutatingwebhookconfigurations') },
      (change) => this.#touch({ epochs: differs(change, (raw) => this.#assembly.entriesOf(raw).map(withoutCaBundle)) }),
    );
    this.#namespaces = this.#reflect<Named>({ path: resourcePath('namespaces'), metadataOnly: true }, (change) =>
      this.#touch({ namespaces: differs(change, ({ metadata }) => metadata?.labels ?? {}) ? [change.key] : [] }),
    );
    this.#watchProxyConfigs();
  }

  #watchProxyConfigs(): void {
    if (this.#proxyConfigs.length > 0 || !this.#sources().includes(ISTIO)) return;
    const { namespaces, istioNamespaces } = this.#scope;
    const configured = namespaces.length === 0 ? [] : [...namespaces, ...istioNamespaces];
    this.#proxyConfigs = places(configured).map((namespace) =>
      this.#reflect<ProxyConfig>({ path: resourcePath('proxyconfigs', namespace), optional: true }, (change) =>
        this.#proxyConfigChanged(change),
      ),
    );
  }

  #reflect<T extends Named>(
    what: Pick<ReflectorOptions, 'path' | 'fieldSelector' | 'metadataOnly' | 'optional'> & {
      readonly instead?: string;
    },
    changed: (change: Change<T>) => void,
    stop?: AbortSignal,
  ): Reflector<T> {
    const reflector = new Reflector<T>({
      ...what,
      client: this.#client,
      signal: stop ? AbortSignal.any([stop, this.#signal]) : this.#signal,
      onError: (error) => {
        if (isForbidden(error)) this.#noteForbidden(reflector);
        this.#onError(what.path, error, isForbidden(error) ? what.instead : undefined);
      },
    });
    reflector.onChange(changed);
    // an empty list also counts as an event, for callers that wait for it
    void reflector.synced.then(() => this.#touch({}));
    reflector.start();
    return reflector;
  }

  #noteForbidden(reflector: unknown): void {
    this.#forbidden.add(reflector);
    for (const tell of this.#waiting) tell();
    this.#touch({});
  }

  /** Resolves when a reflector has its first list, or when the list is forbidden. */
  #listedOrForbidden(reflector: Reflector<Named>): Promise<void> {
    const told = new Promise<void>((resolve) => {
      const tell = (): void => {
        if (this.#forbidden.has(reflector)) resolve();
      };
      this.#waiting.push(tell);
      tell();
    });
    return Promise.race([reflector.synced, told]);
  }

  onChange(listener: MeshListener): void {
    this.#listeners.push(listener);
  }

  /** Records what an event affects. Listeners get all events of one turn together, so that a burst is handled once. */
  #touch({ namespaces = [], epochs = false }: Partial<MeshChange>): void {
    this.#assembly.forget();
    if (!this.#touched) setImmediate(() => this.#tell());
    this.#touched ??= { namespaces: new Set(), epochs: false };
    for (const name of namespaces) this.#touched.namespaces.add(name);
    this.#touched.epochs ||= epochs;
  }

  /** Ends the epoch of an injector whose answers have changed although no watched object did. */
  answersChanged(): void {
    this.#touch({ epochs: true });
  }

  /** Another policy is in force. If it has other sources, the mesh is another. */
  sourcesChanged(): void {
    const sources = this.#sources();
    if (JSON.stringify(sources) === JSON.stringify(this.#builtFrom)) return;
    this.#builtFrom = sources;
    this.#watchProxyConfigs();
    this.#touch({ epochs: true });
  }

  #tell(): void {
    const touched = this.#touched;
    this.#touched = undefined;
    if (!touched || this.#signal.aborted) return;
    this.#follow();
    for (const listener of this.#listeners) listener({ namespaces: [...touched.namespaces], epochs: touched.epochs });
  }

  #deploymentChanged(namespace: string, change: Change<RawWorkload>): void {
    const { before, after } = change;
    if ([before, after].some((raw) => raw && this.#isNeeded(namespace, raw))) this.#touch({});
    if (![before, after].some((raw) => raw && this.#assembly.mayBeIstiod(namespace, raw))) return;
    const isSameSpec = before && after && before.metadata?.generation === after.metadata?.generation;
    this.#touch({
      epochs: differs(change, (raw) => {
        const { revision, isLabelled, templateHash } = this.#assembly.istiodOf(raw);
        return [revision, isLabelled, isSameSpec ? '' : templateHash];
      }),
    });
  }

  #isNeeded(namespace: string, { metadata }: RawWorkload): boolean {
    return this.#sources().some(({ readyFirst = [] }) =>
      readyFirst.some((ref) => ref.namespace === namespace && ref.name === metadata?.name),
    );
  }

  #proxyConfigChanged(change: Change<ProxyConfig>): void {
    // computed per object as it arrives: computing all of them when the mesh is built would take long
    if (change.after?.spec) digest(change.after.spec);
    if (!differs(change, ({ spec }) => spec && digest(spec))) return;
    const namespace = (change.after ?? change.before)?.metadata?.namespace ?? '';
    this.#touch({ namespaces: [namespace], epochs: this.#assembly.isRoot(namespace) });
  }

  /** Resolves when all watched objects have been listed once, including the objects that those lists refer to. */
  async settled(signal: AbortSignal): Promise<void> {
    const { synced } = this.#configurations;
    const optional = this.#proxyConfigs.map((reflector) => this.#listedOrForbidden(reflector));
    await unlessAborted(Promise.all([synced, this.#namespaces.synced, ...optional]), signal);
    const waitedFor = new Set<Reflector<Named>>();
    while (!signal.aborted) {
      this.#follow();
      const next = this.#named().filter((reflector) => !waitedFor.has(reflector));
      // what the first lists have shown is no change for those who begin now: each start would scan everything twice
      if (next.length === 0) return this.#tell();
      for (const reflector of next) waitedFor.add(reflector);
      await unlessAborted(Promise.all(next.map((reflector) => this.#listedOrForbidden(reflector))), signal);
    }
  }

  /** Describes each watch that is failing now; empty if all are healthy. */
  problems(): string[] {
    const optional = [...this.#proxyConfigs, ...this.#named()].filter((reflector) => !this.#forbidden.has(reflector));
    return [this.#configurations, this.#namespaces, ...optional].flatMap(({ isSynced, lastError, path }) =>
      isSynced ? [] : [`${path} ${lastError?.message ?? 'is being listed'}`],
    );
  }

  /** The failing watch, among those that every decision depends on, after its first list; undefined if all are healthy. */
  stale(): string | undefined {
    const failed = this.#vital().find(({ isSynced, lastError }) => !isSynced || lastError !== undefined);
    return failed && `${failed.path}: ${failed.lastError?.message ?? 'not listed yet'}`;
  }

  #vital(): Reflector<Named>[] {
    const visible = [...this.#deployments.reflectors(), ...this.#services.reflectors()].filter(
      (reflector) => reflector.isSynced || !this.#forbidden.has(reflector),
    );
    return [this.#configurations, this.#namespaces, ...visible];
  }

  #named(): Reflector<Named>[] {
    return [...this.#deployments.reflectors(), ...this.#services.reflectors(), ...this.#configMaps.reflectors()];
  }

  /** The current mesh. It depends only on the stores and is cached until one of them changes. */
  mesh(): Mesh {
    return this.#assembly.mesh();
  }

  /** Starts watches for newly referenced objects, and stops watches for objects that no entry refers to any more. */
  #follow(): void {
    if (!this.#configurations.isSynced || this.#signal.aborted) return;
    const { istioNamespaces } = this.#scope;
    const isVisible = (namespace: string): boolean =>
      istioNamespaces.length === 0 || istioNamespaces.includes(namespace);
    const entries = this.#assembly.entries().map(({ entry }) => entry);
    const behind = entries.flatMap((entry) => controlPlaneNamespaces(entry, istioNamespaces));
    const needed = this.#sources().flatMap(({ readyFirst = [] }) => readyFirst.map(({ namespace }) => namespace));
    const homes = new Set([...behind, ...needed].filter(isVisible));
    this.#deployments.become([...homes].map((namespace) => ({ namespace })));
    const services = entries.flatMap(({ address }) => ('service' in address ? [address.service] : []));
    this.#services.become(services.filter(({ namespace }) => isVisible(namespace)));
    const known = [...this.#deployments.reflectors(), ...this.#services.reflectors()];
    if (known.every((reflector) => reflector.isSynced || this.#forbidden.has(reflector)))
      this.#configMaps.become(this.#wantedConfigMaps());
  }

  #wantedConfigMaps(): WatchKey[] {
    return this.#assembly
      .resolve()
      .filter(({ source }) => source === ISTIO)
      .flatMap(({ home: { namespace }, revision }) =>
        namespace === undefined ? [] : Object.values(configMapNames(revision)).map((name) => ({ namespace, name })),
      );
  }
}

const oneOf = (kind: 'services' | 'configmaps', { namespace, name }: WatchKey) => ({
  path: resourcePath(kind, namespace),
  fieldSelector: `metadata.name=${name}`,
});

/** istiod keeps rewriting it. */
const withoutCaBundle = ({ caBundle: _caBundle, ...stable }: WebhookEntry) => stable;

/** Whether the relevant part of an object has changed. */
function differs<T>({ before, after }: Change<T>, counts: (object: T) => unknown): boolean {
  return !before || !after || contentHash(counts(before)) !== contentHash(counts(after));
}

/** All namespaces, or each listed namespace once. */
const places = (namespaces: readonly string[]): (string | undefined)[] =>
  namespaces.length === 0 ? [undefined] : [...new Set(namespaces)];

/** Waits for a promise, or for the signal to abort. */
async function unlessAborted(waiting: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let stop: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener('abort', resolve as () => void, { once: true });
  });
  await Promise.race([waiting, aborted]).finally(() => stop && signal.removeEventListener('abort', stop));
}
