import { isForbidden } from '../cluster/apiError.ts';
import type { KubeClient } from '../cluster/client.ts';
import { Reflector, type ReflectorOptions } from '../cluster/reflector.ts';
import { resourcePath } from '../cluster/resources.ts';
import type { Change } from '../cluster/store.ts';
import type { RawWorkload } from '../cluster/workloads.ts';
import { chartLabels } from '../expect/chartLabels.ts';
import { injectionOf } from '../expect/epoch.ts';
import { configMapNames, homeOf } from '../expect/injectorHome.ts';
import type { ChartLabels, Istiod, Mesh } from '../expect/mesh.ts';
import { injectorEntries, type RawConfiguration, type WebhookEntry } from '../expect/webhookEntry.ts';
import type { Labels } from '../model.ts';
import { sameLabels } from './changes.ts';
import { istiodOf } from './istiod.ts';

interface Named {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
}
type ConfigMap = Named & { readonly data?: Readonly<Record<string, string>> };
type ProxyConfig = Named & { readonly spec?: unknown };

/** Hears of each change; of a namespace's labels, with its name. */
export type MeshListener = (relabelled?: string) => void;

/** Where to watch; an empty list is everywhere. For who has rights in some namespaces only. */
export interface MeshScope {
  /** Where workloads are looked after. */
  readonly namespaces: readonly string[];
  /** Where istiods run. */
  readonly istioNamespaces: readonly string[];
}

const EVERYWHERE: MeshScope = { namespaces: [], istioNamespaces: [] };

/**
 * Watches the few objects that decide what injectors answer: MutatingWebhookConfigurations, Namespaces (metadata only), istiod Deployments,
 * ProxyConfigs where they are served, and of ConfigMaps only those that injectors read, each by name. Where it may not read ConfigMaps or
 * ProxyConfigs it goes on without: their changes are then seen when answers expire, the others' at once.
 */
export class MeshWatch {
  readonly #client: KubeClient;
  readonly #signal: AbortSignal;
  readonly #onError: (watched: string, error: unknown) => void;
  readonly #listeners: MeshListener[] = [];
  readonly #configurations: Reflector<RawConfiguration & Named>;
  readonly #namespaces: Reflector<Named>;
  readonly #deployments: readonly Reflector<RawWorkload>[];
  readonly #proxyConfigs: readonly Reflector<ProxyConfig>[];
  readonly #configMaps = new Map<
    string,
    { readonly reflector: Reflector<ConfigMap>; readonly stop: AbortController }
  >();
  /** What may not be read, and who waits to hear that. Of two ConfigMaps in a namespace one may be allowed and the other not. */
  readonly #forbidden = new Set<unknown>();
  readonly #waiting: (() => void)[] = [];
  #mesh: Mesh | undefined;

  /** @param onError hears of every failed list or watch; each is tried again with back-off */
  constructor(
    client: KubeClient,
    signal: AbortSignal,
    onError: (watched: string, error: unknown) => void,
    scope: MeshScope = EVERYWHERE,
  ) {
    this.#client = client;
    this.#signal = signal;
    this.#onError = onError;
    this.#configurations = this.#reflect({ path: resourcePath('mutatingwebhookconfigurations') });
    this.#namespaces = this.#reflect({ path: resourcePath('namespaces'), metadataOnly: true }, signal, relabelledBy);
    this.#deployments = places(scope.istioNamespaces).map((namespace) =>
      this.#reflect({ path: resourcePath('deployments', namespace), labelSelector: 'app=istiod' }),
    );
    const configured = scope.namespaces.length === 0 ? [] : [...scope.namespaces, ...scope.istioNamespaces];
    this.#proxyConfigs = places(configured).map((namespace) =>
      this.#reflect({ path: resourcePath('proxyconfigs', namespace), optional: true }),
    );
  }

  #reflect<T extends Named>(
    what: Pick<ReflectorOptions, 'path' | 'labelSelector' | 'fieldSelector' | 'metadataOnly' | 'optional'>,
    signal = this.#signal,
    relabelled: (change: Change<T>) => string | undefined = () => undefined,
  ): Reflector<T> {
    const reflector = new Reflector<T>({
      ...what,
      client: this.#client,
      signal,
      onError: (error) => {
        if (isForbidden(error)) this.#noteForbidden(reflector);
        this.#onError(what.path, error);
      },
    });
    reflector.onChange((change) => this.#changed(relabelled(change)));
    reflector.start();
    return reflector;
  }

  #noteForbidden(reflector: unknown): void {
    this.#forbidden.add(reflector);
    for (const tell of this.#waiting) tell();
  }

  /** Resolves when a reflector has its first list, or was told that it may not have it. */
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

  #changed(relabelled?: string): void {
    this.#mesh = undefined;
    this.#watchConfigMaps();
    for (const listener of this.#listeners) listener(relabelled);
  }

  /** Resolves when everything that is watched was listed once, and with it the ConfigMaps that this made known. */
  async settled(signal: AbortSignal): Promise<void> {
    const vital = Promise.all(this.#vital().map(({ synced }) => synced));
    const optional = Promise.all(this.#proxyConfigs.map((reflector) => this.#listedOrForbidden(reflector)));
    await unlessAborted(Promise.all([vital, optional]), signal);
    this.#watchConfigMaps();
    const configMaps = [...this.#configMaps.values()].map(({ reflector }) => this.#listedOrForbidden(reflector));
    await unlessAborted(Promise.all(configMaps), signal);
  }

  /** What cannot be watched now, in words; empty when all is well. */
  problems(): string[] {
    const configMaps = [...this.#configMaps.values()].map(({ reflector }) => reflector);
    const optional = [...this.#proxyConfigs, ...configMaps].filter((reflector) => !this.#forbidden.has(reflector));
    return [...this.#vital(), ...optional].flatMap(({ isSynced, lastError, path }) =>
      isSynced ? [] : [`${path} ${lastError?.message ?? 'is being listed'}`],
    );
  }

  /** Which of the watches that every decision rests on has failed since it was first listed; undefined when none has. */
  stale(): string | undefined {
    const failed = this.#vital().find(({ isSynced, lastError }) => !isSynced || lastError !== undefined);
    return failed && `${failed.path}: ${failed.lastError?.message ?? 'not listed yet'}`;
  }

  #vital(): Reflector<Named>[] {
    return [this.#configurations, this.#namespaces, ...this.#deployments];
  }

  /** The mesh as known now. Pure in the stores; kept until one of them changes. */
  mesh(): Mesh {
    this.#mesh ??= this.#build();
    return this.#mesh;
  }

  #build(): Mesh {
    const istiods = this.#istiods();
    const namespaces = new Map(
      this.#namespaces
        .items()
        .map(({ metadata }) => [
          metadata?.name ?? '',
          { labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {} },
        ]),
    );
    const proxyConfigs = sortedSpecs(this.#proxyConfigs.flatMap((reflector) => reflector.items()));
    const injections = this.#entries().map((entry) => {
      const home = homeOf(entry, istiods);
      const names = configMapNames(entry.revision);
      const istiod = istiods.find(({ namespace, revision }) => namespace === home && revision === entry.revision);
      return injectionOf(entry, {
        injectorConfig: this.#configMap(home, names.injector)?.data,
        meshConfig: this.#configMap(home, names.mesh)?.data,
        ...(istiod && { istiod }),
        ...this.#configChart(home, names.injector),
        proxyConfigs,
      });
    });
    return { injections, namespaces };
  }

  #entries(): WebhookEntry[] {
    return injectorEntries(this.#configurations.items());
  }

  #istiods(): Istiod[] {
    return this.#deployments.flatMap((reflector) => reflector.items().map(istiodOf));
  }

  #configMap(namespace: string | undefined, name: string): ConfigMap | undefined {
    return this.#configMaps.get(`${namespace}/${name}`)?.reflector.items()[0];
  }

  #configChart(namespace: string | undefined, name: string): { configChart?: ChartLabels } {
    const found = this.#configMap(namespace, name);
    return found ? { configChart: chartLabels(found.metadata?.labels) } : {};
  }

  /** Starts watching the ConfigMaps that entries have come to name, and stops for those that none names any more. */
  #watchConfigMaps(): void {
    if (!this.#configurations.isSynced || !this.#deployments.every(({ isSynced }) => isSynced)) return;
    const wanted = this.#wantedConfigMaps();
    for (const [key, { stop }] of this.#configMaps) {
      if (wanted.has(key)) continue;
      stop.abort();
      this.#configMaps.delete(key);
    }
    for (const [key, { namespace, name }] of wanted)
      if (!this.#configMaps.has(key)) this.#watchConfigMap(key, namespace, name);
  }

  #wantedConfigMaps(): Map<string, { namespace: string; name: string }> {
    const istiods = this.#istiods();
    const wanted = new Map<string, { namespace: string; name: string }>();
    for (const entry of this.#entries()) {
      const namespace = homeOf(entry, istiods);
      if (namespace === undefined) continue;
      for (const name of Object.values(configMapNames(entry.revision)))
        wanted.set(`${namespace}/${name}`, { namespace, name });
    }
    return wanted;
  }

  #watchConfigMap(key: string, namespace: string, name: string): void {
    const stop = new AbortController();
    const what = { path: resourcePath('configmaps', namespace), fieldSelector: `metadata.name=${name}` };
    this.#configMaps.set(key, {
      reflector: this.#reflect<ConfigMap>(what, AbortSignal.any([stop.signal, this.#signal])),
      stop,
    });
  }
}

function relabelledBy({ key, before, after }: Change<Named>): string | undefined {
  const same = before && after && sameLabels(before.metadata?.labels ?? {}, after.metadata?.labels ?? {});
  return same ? undefined : key;
}

/** Everywhere, or each namespace once. */
const places = (namespaces: readonly string[]): (string | undefined)[] =>
  namespaces.length === 0 ? [undefined] : [...new Set(namespaces)];

/** By name, so that the order in which they arrived makes no other epoch. */
function sortedSpecs(configs: readonly ProxyConfig[]): unknown[] {
  const named = configs.map(({ metadata, spec }) => [`${metadata?.namespace}/${metadata?.name}`, spec] as const);
  return named.sort(([a], [b]) => Number(a > b) - Number(a < b));
}

/** Waits for something that a stop makes pointless. */
async function unlessAborted(waiting: Promise<unknown>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let stop: (() => void) | undefined;
  const aborted = new Promise<void>((resolve) => {
    stop = resolve;
    signal.addEventListener('abort', resolve as () => void, { once: true });
  });
  await Promise.race([waiting, aborted]).finally(() => stop && signal.removeEventListener('abort', stop));
}
