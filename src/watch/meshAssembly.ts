import { isDeepStrictEqual } from 'node:util';
import { chartLabels } from '../expect/chartLabels.ts';
import { configMapNames, type Home, homeOf, type ServiceBackend } from '../expect/controlPlaneOf.ts';
import { contentHash, digest, fixedInjection, type InjectorContent, injectionOf } from '../expect/epoch.ts';
import type { ChartLabels, Injection, Istiod, Mesh, NotReady } from '../expect/mesh.ts';
import { rootNamespaceOf } from '../expect/rootNamespace.ts';
import { selects } from '../expect/selector.ts';
import type { SidecarSource } from '../expect/sidecarSource.ts';
import { ISTIO } from '../expect/sources/istio.ts';
import { ONLY_ISTIO } from '../expect/sources.ts';
import { injectorEntries, type RawConfiguration, type WebhookEntry } from '../expect/webhookEntry.ts';
import { fits } from '../fieldTypes.ts';
import type { RawWorkload } from '../kinds/rawWorkload.ts';
import type { Labels, NamespaceFacts } from '../model.ts';
import { isLabelledIstiod, istiodOf, podLabelsOf } from './istiod.ts';
import { onceFor, onceForText } from './onceFor.ts';
import { rolloutProblem } from './rolloutProblem.ts';
import { isSameContent, isSameMesh, sameFacts } from './sameMesh.ts';

/** The fields that identify an object. */
export interface Named {
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
    readonly deletionTimestamp?: string;
  };
}
export type ConfigMap = Named & { readonly data?: Readonly<Record<string, string>> };
export type ProxyConfig = Named & { readonly spec?: object };
export type RawService = Named & { readonly spec?: { readonly type?: string; readonly selector?: Labels } };

/** The watched objects that make up the mesh. */
export interface MeshObjects {
  readonly configurations: () => readonly (RawConfiguration & Named)[];
  readonly namespaces: () => readonly Named[];
  readonly proxyConfigs: () => readonly ProxyConfig[];
  /** Whether they cannot be read, so that there may be others. */
  readonly proxyConfigsUnread?: () => boolean;
  readonly deployments: (namespace: string) => readonly RawWorkload[];
  readonly services: () => readonly RawService[];
  readonly configMap: (namespace: string, name: string) => ConfigMap | undefined;
}

/** An entry with the control plane behind it. */
export interface Resolved {
  readonly source: SidecarSource;
  readonly entry: WebhookEntry;
  readonly home: Home;
  /** The control plane that answers it, which also determines its ConfigMaps. */
  readonly revision: string;
}

/** Counts changed answers of an entry's injector. */
export type AnswersVersion = (entry: WebhookEntry) => number;

/**
 * Builds the mesh from the watched objects, on demand. Results are cached per version of an object, so a burst of events costs only what
 * has changed.
 */
export class MeshAssembly {
  readonly #objects: MeshObjects;
  /** The namespaces of `--istio-namespaces`. */
  readonly #trusted: readonly string[];
  readonly #answersVersion: AnswersVersion;
  readonly #sources: () => readonly SidecarSource[];
  readonly #entriesOf = new WeakMap<SidecarSource, (raw: RawConfiguration) => readonly WebhookEntry[]>();
  readonly #factsOf = onceFor(({ metadata }: Named): NamespaceFacts => {
    const { labels = {}, annotations = {}, deletionTimestamp } = metadata ?? {};
    return { labels, annotations, ...(deletionTimestamp !== undefined && { deleting: true }) };
  });
  #resolved: readonly Resolved[] | undefined;
  /** The last mesh that was made. */
  #mesh: Mesh | undefined;
  #isCurrent = false;
  /** The last injection of each source that asks no webhook. */
  readonly #fixed = new WeakMap<SidecarSource, Injection>();
  /** The ProxyConfigs of each namespace in the last mesh, with their hash. */
  #proxyConfigs: ReadonlyMap<string, { readonly madeOf: string; readonly hash: string }> = new Map();
  /** The last injection of each entry. */
  readonly #injections = new WeakMap<WebhookEntry, { readonly content: InjectorContent; readonly made: Injection }>();
  #roots: ReadonlySet<string> = new Set();
  /** A Deployment read as a control plane. */
  readonly istiodOf = onceFor(istiodOf);

  /**
   * @param answersVersion how often the answers of an entry's injector have changed
   * @param sources the sidecars that are kept up to date
   */
  constructor(
    objects: MeshObjects,
    trusted: readonly string[],
    answersVersion: AnswersVersion = () => 0,
    sources: () => readonly SidecarSource[] = () => ONLY_ISTIO,
  ) {
    this.#sources = sources;
    this.#objects = objects;
    this.#trusted = trusted;
    this.#answersVersion = answersVersion;
  }

  /**
   * Invalidates the mesh after a change of an object. It is made on next use, from all parts that have not changed.
   * @param entries whether the entries, or the control planes behind them, have to be gone through again
   */
  forget(entries = true): void {
    this.#isCurrent = false;
    if (entries) this.#resolved = undefined;
  }

  /** The mesh as it is now: the same object as before if nothing in it has changed. */
  mesh(): Mesh {
    if (!this.#isCurrent || !this.#mesh) this.#mesh = this.#build(this.#mesh);
    this.#isCurrent = true;
    return this.#mesh;
  }

  /** Whether ProxyConfigs of a namespace apply to the whole mesh, according to its last build. */
  isRoot(namespace: string): boolean {
    return this.#roots.has(namespace);
  }

  /** The entries of one configuration that any source asks. */
  entriesOf(raw: RawConfiguration): readonly WebhookEntry[] {
    return this.#sources().flatMap((source) => this.#entriesFor(source, raw));
  }

  #entriesFor(source: SidecarSource, raw: RawConfiguration): readonly WebhookEntry[] {
    const entriesOf = this.#entriesOf.get(source) ?? onceFor((one: RawConfiguration) => injectorEntries([one], source));
    this.#entriesOf.set(source, entriesOf);
    return entriesOf(raw);
  }

  /**
   * The entries of each source in the API server's order: configurations by name (apiserver configuration/mutating_webhook_manager.go sorts
   * by name).
   */
  entries(): { source: SidecarSource; entry: WebhookEntry }[] {
    const named = this.#objects.configurations().map((raw) => [raw.metadata?.name ?? '', raw] as const);
    const sorted = named.sort(([a], [b]) => Number(a > b) - Number(a < b)).map(([, raw]) => raw);
    return this.#sources().flatMap((source) =>
      sorted.flatMap((raw) => this.#entriesFor(source, raw).map((entry) => ({ source, entry }))),
    );
  }

  /** The Deployments that a source names in `readyFirst`, and that are not completely rolled out. */
  #notReady({ readyFirst = [] }: SidecarSource): NotReady[] {
    return readyFirst.flatMap((ref) => {
      const raw = this.#objects.deployments(ref.namespace).find(({ metadata }) => metadata?.name === ref.name);
      const problem = raw ? rolloutProblem(raw) : 'does not exist, or cannot be read';
      return problem === undefined ? [] : { ...ref, problem };
    });
  }

  resolve(): readonly Resolved[] {
    const candidates = onceForText((namespace) => this.#candidatesIn(namespace));
    this.#resolved ??= this.entries().map(({ source, entry }) => {
      const home = homeOf(entry, this.#serviceOf(entry), candidates, this.#trusted);
      return { source, entry, home, revision: home.istiod?.revision ?? entry.revision };
    });
    return this.#resolved;
  }

  /** Whether a Deployment of a namespace can be the control plane of any entry. */
  mayBeIstiod(namespace: string, raw: RawWorkload): boolean {
    return isCandidate(raw, this.#selectorsIn(namespace));
  }

  #candidatesIn(namespace: string): readonly Istiod[] {
    const selectors = this.#selectorsIn(namespace);
    const candidates = this.#objects.deployments(namespace).filter((raw) => isCandidate(raw, selectors));
    return candidates.map((raw) => this.istiodOf(raw));
  }

  #selectorsIn(namespace: string): Labels[] {
    return this.#objects
      .services()
      .filter(({ metadata }) => metadata?.namespace === namespace)
      .map((raw) => backendOf(raw).selector)
      .filter((selector) => Object.keys(selector).length > 0);
  }

  #serviceOf({ address }: WebhookEntry): ServiceBackend | undefined {
    if (!('service' in address)) return undefined;
    const { namespace, name } = address.service;
    const found = this.#objects
      .services()
      .find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name);
    return found && backendOf(found);
  }

  #build(before: Mesh | undefined): Mesh {
    const proxyConfigs = this.#proxyConfigHashes();
    const roots = new Set<string>();
    const asked = this.resolve().map((resolved) => this.#injection(resolved, proxyConfigs, roots));
    const sources = this.#sources();
    const fixed = sources.flatMap((source) => this.#fixedOf(source) ?? []);
    const injections = [...asked, ...fixed];
    this.#roots = roots;
    const namespaces = this.#objects.namespaces().map((raw): [string, NamespaceFacts] => {
      const name = raw.metadata?.name ?? '';
      const hash = proxyConfigs.get(name);
      const facts = this.#factsOf(raw);
      const now = hash === undefined ? facts : { ...facts, proxyConfigs: hash };
      const known = before?.namespaces.get(name);
      return [name, known && sameFacts(known, now) ? known : now];
    });
    const made = { injections, namespaces: new Map(namespaces), sources };
    return before && isSameMesh(before, made) ? before : made;
  }

  #injection(
    { source, entry, home, revision }: Resolved,
    proxyConfigs: ReadonlyMap<string, string>,
    roots: Set<string>,
  ): Injection {
    const istiod = home.istiod && { istiod: home.istiod };
    const answersVersion = this.#answersVersion(entry);
    if (source !== ISTIO)
      return this.#injectionOf(entry, { source, notReady: this.#notReady(source), ...istiod, answersVersion });
    const names = configMapNames(revision);
    const injector = this.#configMap(home.namespace, names.injector);
    const meshConfig = this.#configMap(home.namespace, names.mesh)?.data;
    const root = rootNamespaceOf(meshConfig, home.namespace);
    roots.add(root);
    const configChart: ChartLabels | undefined = injector && chartLabels(injector.metadata?.labels);
    return this.#injectionOf(entry, {
      injectorConfig: injector?.data,
      meshConfig,
      ...istiod,
      ...(configChart && { configChart }),
      rootProxyConfigs: proxyConfigs.get(root),
      proxyConfigsUnread: this.#objects.proxyConfigsUnread?.() ?? false,
      answersVersion,
    });
  }

  #fixedOf(source: SidecarSource): Injection | undefined {
    if (!source.fixed) return undefined;
    const notReady = this.#notReady(source);
    const last = this.#fixed.get(source);
    if (last && isDeepStrictEqual(last.notReady ?? [], notReady)) return last;
    const made = fixedInjection(source, source.fixed, notReady);
    this.#fixed.set(source, made);
    return made;
  }

  #injectionOf(entry: WebhookEntry, content: InjectorContent): Injection {
    const last = this.#injections.get(entry);
    if (last && isSameContent(last.content, content)) return last.made;
    const made = injectionOf(entry, content);
    this.#injections.set(entry, { content, made });
    return made;
  }

  #configMap(namespace: string | undefined, name: string): ConfigMap | undefined {
    return namespace === undefined ? undefined : this.#objects.configMap(namespace, name);
  }

  /** ProxyConfigs by namespace. The order in which they arrived does not matter. */
  #proxyConfigHashes(): Map<string, string> {
    const byNamespace = Map.groupBy(this.#objects.proxyConfigs(), ({ metadata }) => metadata?.namespace ?? '');
    const hashed = [...byNamespace].map(([namespace, configs]) => {
      const specs = configs.map(({ metadata, spec }) => `${metadata?.name}=${spec && digest(spec)}`).sort();
      const madeOf = specs.join();
      const known = this.#proxyConfigs.get(namespace);
      return [namespace, known?.madeOf === madeOf ? known : { madeOf, hash: contentHash(specs) }] as const;
    });
    this.#proxyConfigs = new Map(hashed);
    return new Map(hashed.map(([namespace, { hash }]) => [namespace, hash]));
  }
}

const backendOf = ({ spec }: RawService): ServiceBackend => ({
  type: typeof spec?.type === 'string' ? spec.type : 'ClusterIP',
  selector: (fits(spec, { selector: 'labels' }) && spec?.selector) || {},
});

const isCandidate = (raw: RawWorkload, selectors: readonly Labels[]): boolean =>
  isLabelledIstiod(raw) || selectors.some((matchLabels) => selects({ matchLabels }, podLabelsOf(raw)));
