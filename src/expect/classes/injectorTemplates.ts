import { parse } from 'yaml';
import { fits, type Shape } from '../../fieldTypes.ts';
import { SELECTOR } from '../../kinds/rawWorkload.ts';
import type { LabelSelector, Labels } from '../../model.ts';
import { withoutPassages } from './passages.ts';
import { readsOf, type TemplateReads } from './templateReads.ts';

/** What an injector with some configuration reads of a pod. */
export interface InjectorReads extends TemplateReads {
  /** Containers and volumes that the templates name themselves: a pod's own ones of these names are merged with them. */
  readonly named: ReadonlySet<string>;
}

/** The configuration of Istio's injector, as far as it decides what is read (istio pkg/kube/inject/inject.go, Config). */
interface RawConfig {
  readonly templates?: Labels | null;
  readonly defaultTemplates?: readonly string[] | null;
  readonly aliases?: Readonly<Record<string, unknown>> | null;
  readonly neverInjectSelector?: readonly LabelSelector[] | null;
  readonly alwaysInjectSelector?: readonly LabelSelector[] | null;
}

const CONFIG: Shape = {
  templates: 'labels',
  defaultTemplates: ['string'],
  aliases: 'object',
  neverInjectSelector: [SELECTOR],
  alwaysInjectSelector: [SELECTOR],
};
const KEYS: ReadonlySet<string> = new Set([
  ...Object.keys(CONFIG),
  // whether to inject by default, and annotations that are added
  'injectedAnnotations',
  'policy',
  // of Istio before 1.10; later ones do not look at it
  'template',
]);

/** Which templates a pod gets, unless the default ones (inject.go selectTemplates). */
const TEMPLATES_ANNOTATION = 'inject.istio.io/templates';
/** The template that is used where none is named. */
const USUAL = ['sidecar'];
/** Lists of names in YAML, however they are quoted. A name that a template computes counts as read. */
const NAMED = /\bname:[ \t]*["']?([a-z0-9-]+)/g;

/** The templates of an injector's configuration, with what each of them reads. */
export class InjectorTemplates {
  readonly #config: RawConfig;
  readonly #reads = new Map<string, InjectorReads | undefined>();
  readonly #selected: readonly string[];

  private constructor(config: RawConfig) {
    this.#config = config;
    const selectors = [...(config.neverInjectSelector ?? []), ...(config.alwaysInjectSelector ?? [])];
    this.#selected = selectors.flatMap(({ matchLabels, matchExpressions }) => [
      ...Object.keys(matchLabels ?? {}),
      ...(matchExpressions ?? []).map(({ key }) => key),
    ]);
  }

  /**
   * @param data of ConfigMap `istio-sidecar-injector[-rev]`
   * @returns undefined if its configuration is not understood
   */
  static of(data: Readonly<Record<string, unknown>>): InjectorTemplates | undefined {
    if (typeof data.config !== 'string') return undefined;
    try {
      const config = parse(data.config, { logLevel: 'silent' }) as RawConfig | null;
      if (typeof config !== 'object' || config === null || !fits(config, CONFIG)) return undefined;
      return Object.keys(config).every((key) => KEYS.has(key)) ? new InjectorTemplates(config) : undefined;
    } catch {
      return undefined;
    }
  }

  /** What is read of a pod with these annotations; undefined if a template that it gets is not understood. */
  readsFor(annotations: Labels): InjectorReads | undefined {
    const known: InjectorReads[] = [];
    // a tenant may write 100,000 names into one annotation
    for (const name of new Set(this.#namesFor(annotations)))
      for (const template of this.#aliased(name)) {
        const reads = this.#readsOf(template);
        if (!reads) return undefined;
        known.push(reads);
      }
    return {
      labels: all(
        known.map(({ labels }) => labels),
        this.#selected,
      ),
      annotations: all(known.map((one) => one.annotations)),
      spec: new Set(known.flatMap(({ spec }) => [...spec])),
      named: new Set(known.flatMap(({ named }) => [...named])),
    };
  }

  #namesFor(annotations: Labels): readonly string[] {
    const own = annotations[TEMPLATES_ANNOTATION]?.split(',').map((name) => name.trim());
    const { defaultTemplates } = this.#config;
    return own ?? (defaultTemplates?.length ? defaultTemplates : USUAL);
  }

  #aliased(name: string): readonly string[] {
    const aliases = this.#config.aliases ?? {};
    const alias = Object.hasOwn(aliases, name) ? aliases[name] : [name];
    // a name of no template is not understood
    return fits([alias], [['string']]) ? (alias as readonly string[]) : [''];
  }

  #readsOf(name: string): InjectorReads | undefined {
    if (this.#reads.has(name)) return this.#reads.get(name);
    const templates = this.#config.templates ?? {};
    const text = Object.hasOwn(templates, name) ? templates[name] : undefined;
    const reads = text === undefined ? undefined : readsOf(withoutPassages(text));
    const named = new Set([...(text ?? '').matchAll(NAMED)].flatMap(([, one]) => one ?? []));
    const known = reads && { ...reads, named };
    // names of templates are a tenant's, too: only those that exist are kept
    if (text !== undefined) this.#reads.set(name, known);
    return known;
  }
}

function all(
  sets: readonly (ReadonlySet<string> | 'all')[],
  more: readonly string[] = [],
): ReadonlySet<string> | 'all' {
  const keys = new Set(more);
  for (const one of sets) {
    if (one === 'all') return 'all';
    for (const key of one) keys.add(key);
  }
  return keys;
}

const known = new WeakMap<object, { readonly templates: InjectorTemplates | undefined }>();

/** The templates of a configuration, which is read once. */
export function templatesIn(data: Readonly<Record<string, unknown>>): InjectorTemplates | undefined {
  const before = known.get(data) ?? { templates: InjectorTemplates.of(data) };
  known.set(data, before);
  return before.templates;
}
