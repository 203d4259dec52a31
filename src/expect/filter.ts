import { selectorQuery } from '../cluster/selectorQuery.ts';
import type { LabelSelector, NamespaceFacts, Workload, WorkloadKind } from '../model.ts';
import { globMatches } from './glob.ts';
import { selects } from './selector.ts';

/** Names workloads by what they are. Every field that is given must match; of a list, one entry. `*` stands for any characters. */
export interface Filter {
  readonly namespaces?: readonly string[];
  readonly namespaceLabels?: LabelSelector;
  readonly names?: readonly string[];
  readonly kinds?: readonly WorkloadKind[];
  /** Kind of the object that owns the workload itself, for example `Prometheus`. */
  readonly ownerKinds?: readonly string[];
  /** Over the labels of the pod template: those that a webhook's objectSelector sees, too. */
  readonly labels?: LabelSelector;
  /** Over the annotations of the workload itself, not of its pods. */
  readonly annotations?: LabelSelector;
  /** Over the images of the template's containers, init containers among them; one that matches is enough. */
  readonly images?: readonly string[];
}

/** What a filter sees of a workload. */
export interface Filtered {
  readonly workload: Workload;
  readonly namespace: NamespaceFacts;
}

type Field = keyof Filter;

const FIELDS: { readonly [F in Field]: (wanted: NonNullable<Filter[F]>, filtered: Filtered) => boolean } = {
  namespaces: (patterns, { workload }) => anyMatches(patterns, workload.namespace),
  namespaceLabels: (selector, { namespace }) => selects(selector, namespace.labels),
  names: (patterns, { workload }) => anyMatches(patterns, workload.name),
  kinds: (kinds, { workload }) => kinds.includes(workload.kind),
  ownerKinds: (kinds, { workload }) => workload.owner !== undefined && kinds.includes(workload.owner.kind),
  labels: (selector, { workload }) => selects(selector, workload.template.labels),
  annotations: (selector, { workload }) => selects(selector, workload.annotations),
  images: (patterns, { workload }) => imagesOf(workload.template.spec).some((image) => anyMatches(patterns, image)),
};

/** Whether a filter selects a workload: each condition that it has must match. */
export function filterMatches(filter: Filter, filtered: Filtered): boolean {
  return fieldsOf(filter).every((field) => fieldMatches(field, filter, filtered));
}

function fieldMatches<F extends Field>(field: F, filter: Filter, filtered: Filtered): boolean {
  const wanted = filter[field];
  return wanted === undefined || FIELDS[field](wanted, filtered);
}

const fieldsOf = (filter: Filter): Field[] => (Object.keys(FIELDS) as Field[]).filter((field) => filter[field]);

/** Whether one of the patterns matches the whole text. */
export const anyMatches = (patterns: readonly string[], text: string): boolean =>
  patterns.some((pattern) => globMatches(pattern, text));

/** The spec is opaque to all but the injector, so any field may be missing or have another type. */
function imagesOf(spec: Readonly<Record<string, unknown>>): string[] {
  const containers = [spec.containers, spec.initContainers].flatMap((list: unknown) =>
    Array.isArray(list) ? (list as unknown[]) : [],
  );
  return containers.flatMap((container) => {
    const image = typeof container === 'object' && container !== null && 'image' in container && container.image;
    return typeof image === 'string' ? [image] : [];
  });
}

/** A filter in words, for reasons: `namespaces: batch-*; labels: tier=db`. */
export function filterWords(filter: Filter): string {
  return fieldsOf(filter)
    .map((field) => `${field}: ${wordsOf(filter[field] ?? [])}`)
    .join('; ');
}

const LONGEST = 80;

/** Patterns or a selector as people write them, cut where a list is long: reasons are log fields and table cells. */
export function wordsOf(wanted: readonly string[] | LabelSelector): string {
  const words = isList(wanted) ? wanted.join(', ') : selectorQuery(wanted);
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words;
}

const isList = (wanted: readonly string[] | LabelSelector): wanted is readonly string[] => Array.isArray(wanted);
