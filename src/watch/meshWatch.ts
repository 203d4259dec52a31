import type { WatchApi } from '../cluster/api.ts';
import { isForbidden } from '../cluster/apiError.ts';
import { Reflector, type ReflectorOptions } from '../cluster/reflector.ts';
import { resourcePath } from '../cluster/resources.ts';
import type { Change } from '../cluster/store.ts';
import type { Mesh } from '../expect/mesh.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import { ONLY_ISTIO } from '../expect/sources.ts';
import type { RawConfiguration } from '../expect/webhookEntry.ts';
import { deployment } from '../kinds/deployment.ts';
import type { RawWorkload } from '../kinds/rawWorkload.ts';
import type { MeshChange } from './changes.ts';
import { FirstLists, unlessAborted } from './firstLists.ts';
import {
  type AnswersVersion,
  type ConfigMap,
  MeshAssembly,
  type MeshObjects,
  type Named,
  type ProxyConfig,
  type RawService,
} from './meshAssembly.ts';
import { EVERY_PART, MeshEvents, type Touch } from './meshEvents.ts';
import { NamedWatches, type WatchKey } from './namedWatches.ts';
import { configMapPlaces, controlPlanePlaces, everywhereOr } from './watchedPlaces.ts';

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
  readonly #client: WatchApi;
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
  readonly #lists = new FirstLists();
  readonly #assembly: MeshAssembly;
  readonly #events: MeshEvents;
  /** The watched objects as they are now, for a mesh that is assembled from changed ones. */
  readonly objects: MeshObjects;
  readonly #sources: () => readonly SidecarSource[];
  /** The sources that the last mesh was made with. */
  #builtFrom: readonly SidecarSource[];
  #touched: { readonly namespaces: Set<string>; epochs: boolean; places: boolean } | undefined;

  /**
   * @param onError called for each failure; it is retried with back-off
   * @param answersVersion how often the answers of an entry's injector have changed; see `answersChanged`
   * @param sources the sidecars that are kept up to date; see `sourcesChanged`
   */
  constructor(
    client: WatchApi,
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
    this.#events = new MeshEvents(this.#assembly, sources);
    const events = this.#events;
    this.#deployments = new NamedWatches(({ namespace }, stop) =>
      this.#reflect<RawWorkload>(
        {
          path: resourcePath(deployment, namespace),
          instead: 'its istiod is not visible, so gates G1 and G4 do not apply',
        },
        (change) => this.#touch(events.deployment(namespace, change)),
        stop,
      ),
    );
    this.#services = new NamedWatches((place, stop) =>
      this.#reflect<RawService>(
        { ...oneOf('services', place), instead: 'the istiod behind it is looked for by the label app=istiod' },
        (change) => this.#touch(events.service(change)),
        stop,
      ),
    );
    this.#configMaps = new NamedWatches((place, stop) =>
      this.#reflect<ConfigMap>(oneOf('configmaps', place), (change) => this.#touch(events.configMap(change)), stop),
    );
    this.#configurations = this.#reflect<RawConfiguration & Named>(
      { path: resourcePath('mutatingwebhookconfigurations') },
      (change) => this.#touch(events.configuration(change)),
    );
    this.#namespaces = this.#reflect<Named>({ path: resourcePath('namespaces'), metadataOnly: true }, (change) =>
      this.#touch(events.namespace(change)),
    );
    this.#watchProxyConfigs();
  }

  #watchProxyConfigs(): void {
    if (this.#proxyConfigs.length > 0 || !this.#sources().includes(ISTIO)) return;
    const { namespaces, istioNamespaces } = this.#scope;
    const configured = namespaces.length === 0 ? [] : [...namespaces, ...istioNamespaces];
    this.#proxyConfigs = everywhereOr(configured).map((namespace) =>
      this.#reflect<ProxyConfig>({ path: resourcePath('proxyconfigs', namespace), optional: true }, (change) =>
        this.#touch(this.#events.proxyConfig(change)),
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
    void reflector.synced.then(() => this.#touch(EVERY_PART));
    reflector.start();
    return reflector;
  }

  #noteForbidden(reflector: Pick<Reflector<Named>, 'synced'>): void {
    this.#lists.noteForbidden(reflector);
    this.#touch(EVERY_PART);
  }

  onChange(listener: MeshListener): void {
    this.#listeners.push(listener);
  }

  /**
   * Records what an event affects. Listeners get all events of one turn together, so that a burst is handled once. The mesh is made again
   * when it is asked for, from the parts that are as they were and from those that the events have changed.
   */
  #touch(touch: Touch | undefined): void {
    if (!touch) return;
    const { namespaces = [], epochs = false, entries = false, places = false } = touch;
    this.#assembly.forget(entries);
    if (!this.#touched) setImmediate(() => this.#tell());
    this.#touched ??= { namespaces: new Set(), epochs: false, places: false };
    for (const name of namespaces) this.#touched.namespaces.add(name);
    this.#touched.epochs ||= epochs;
    this.#touched.places ||= places;
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
    this.#touch({ epochs: true, ...EVERY_PART });
  }

  #tell(): void {
    const touched = this.#touched;
    this.#touched = undefined;
    if (!touched || this.#signal.aborted) return;
    if (touched.places) this.#follow();
    for (const listener of this.#listeners) listener({ namespaces: [...touched.namespaces], epochs: touched.epochs });
  }

  /** Resolves when all watched objects have been listed once, including the objects that those lists refer to. */
  async settled(signal: AbortSignal): Promise<void> {
    const needed = [this.#configurations, this.#namespaces].map(({ synced }) => synced);
    await Promise.all([unlessAborted(Promise.all(needed), signal), this.#lists.allOf(this.#proxyConfigs, signal)]);
    const waitedFor = new Set<Reflector<Named>>();
    while (!signal.aborted) {
      this.#follow();
      const next = this.#named().filter((reflector) => !waitedFor.has(reflector));
      // what the first lists have shown is no change for those who begin now: each start would scan everything twice
      if (next.length === 0) return this.#tell();
      for (const reflector of next) waitedFor.add(reflector);
      await this.#lists.allOf(next, signal);
    }
  }

  /** Describes each watch that is failing now; empty if all are healthy. */
  problems(): string[] {
    const optional = [...this.#proxyConfigs, ...this.#named()].filter(
      (reflector) => !this.#lists.isForbidden(reflector),
    );
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
      (reflector) => reflector.isSynced || !this.#lists.isForbidden(reflector),
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
    const entries = this.#assembly.entries().map(({ entry }) => entry);
    const { deployments, services } = controlPlanePlaces(entries, this.#sources(), this.#scope.istioNamespaces);
    this.#deployments.become(deployments);
    this.#services.become(services);
    const known = [...this.#deployments.reflectors(), ...this.#services.reflectors()];
    if (known.every((reflector) => reflector.isSynced || this.#lists.isForbidden(reflector)))
      this.#configMaps.become(configMapPlaces(this.#assembly.resolve()));
  }
}

const oneOf = (kind: 'services' | 'configmaps', { namespace, name }: WatchKey) => ({
  path: resourcePath(kind, namespace),
  fieldSelector: `metadata.name=${name}`,
});
