import type { LabelSelector, Labels, Workload } from '../model.ts';
import { type Reason, reason } from '../reasons.ts';
import { type ConditionsMet, conditionsMet } from './matchCondition.ts';
import { selects } from './selector.ts';
import type { WebhookEntry } from './webhookEntry.ts';

/** Which injector entries the API server would call for a pod. */
export type Match<E> =
  | { readonly kind: 'entry'; readonly entry: E }
  | {
      readonly kind: 'none';
      readonly reason: Reason;
      /** Why an entry may only be missing at the moment, so that pods must not lose their sidecars; absent if nothing suggests it. */
      readonly doubt?: string;
      /** The revisions whose injectors there are; absent if revisions say nothing, as of other sources than Istio. */
      readonly revisions?: readonly string[];
    }
  | { readonly kind: 'conflict'; readonly reason: Reason }
  | { readonly kind: 'unknown'; readonly reason: Reason };

/** An entry whose selectors match, with the result of its conditions. */
interface Selected<E> {
  readonly candidate: E;
  readonly conditions: ConditionsMet;
}

/** What is said where no entry matches. */
export interface NoneWords {
  readonly why: () => string;
  /** See `Match`. A condition that is false leaves no doubt. */
  readonly doubt?: () => string | undefined;
  /** See `Match`. */
  readonly revisions?: () => readonly string[];
}

/**
 * Applies the API server's rule (apiserver admission/plugin/webhook/generic/webhook.go ShouldCallHook) to every injector entry.
 * @param entries in the API server's order
 * @param namespace labels of the Namespace object; undefined if the object was not seen, so that its labels are unknown
 * @param pod labels of the next pod
 * @param workload the owner of the next pod, for `matchConditions`. Without it, the conditions are unknown
 * @param none says why no entry matches
 */
export function match<E extends { readonly entry: WebhookEntry }>(
  entries: readonly E[],
  namespace: Labels | undefined,
  pod: Labels,
  workload?: Workload,
  none: NoneWords = { why: () => whyNone(namespace ?? {}, pod) },
): Match<E> {
  if (!namespace) return { kind: 'unknown', reason: reason('namespace-not-seen', 'its labels are not known yet') };
  const selected: Selected<E>[] = [];
  for (const candidate of entries) {
    try {
      if (isSelected(candidate.entry, namespace, pod))
        selected.push({ candidate, conditions: conditionsMet(candidate.entry, workload) });
    } catch (error) {
      return { kind: 'unknown', reason: reason('invalid-selector', `${nameOf(candidate.entry)}: ${String(error)}`) };
    }
  }
  return verdictOf(selected, none);
}

function verdictOf<E extends { readonly entry: WebhookEntry }>(
  selected: readonly Selected<E>[],
  none: NoneWords,
): Match<E> {
  const called: E[] = [];
  const refused: string[] = [];
  for (const { candidate, conditions } of selected) {
    const words = conditionWords(candidate.entry, conditions);
    if (conditions.met === 'unknown') return { kind: 'unknown', reason: reason('match-conditions', words) };
    if (conditions.met) called.push(candidate);
    else refused.push(words);
  }
  const [first, ...others] = called;
  if (!first) {
    if (refused.length > 0) return { kind: 'none', reason: reason('not-injected', refused.join(', ')) };
    const doubt = none.doubt?.();
    const revisions = none.revisions?.();
    const more = { ...(doubt !== undefined && { doubt }), ...(revisions && { revisions }) };
    return { kind: 'none', reason: reason('not-injected', none.why()), ...more };
  }
  if (others.length > 0) {
    const names = called.map(({ entry }) => nameOf(entry)).join(' and ');
    return {
      kind: 'conflict',
      reason: reason('conflict', `${names} both inject this pod; it is left to chance which one wins`),
    };
  }
  return { kind: 'entry', entry: first };
}

function conditionWords(entry: WebhookEntry, conditions: ConditionsMet): string {
  if (conditions.met === true) return '';
  const which = `condition "${conditions.condition}" of ${nameOf(entry)}`;
  return conditions.met ? `${which} cannot be evaluated here: ${conditions.why}` : `${which} is false`;
}

/** Why the API server would not call an entry for a workload's next pod, in words; undefined if it would. */
export function whyNot(entry: WebhookEntry, namespace: Labels, pod: Labels, workload?: Workload): string | undefined {
  try {
    if (!entry.callsPodCreation) return 'its rules do not cover the creation of pods';
    if (!selects(entry.namespaceSelector, namespace))
      return `its namespaceSelector does not match: ${say(entry.namespaceSelector)}`;
    if (!selects(entry.objectSelector, pod)) return `its objectSelector does not match: ${say(entry.objectSelector)}`;
    return conditionWords(entry, conditionsMet(entry, workload)) || undefined;
  } catch (error) {
    return `it cannot be evaluated: ${String(error)}`;
  }
}

function say({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`);
  const expressions = matchExpressions.map(({ key, operator, values }) =>
    [key, operator, values && `[${values}]`].filter(Boolean).join(' '),
  );
  return [...labels, ...expressions].join(', ');
}

const isSelected = (entry: WebhookEntry, namespace: Labels, pod: Labels): boolean =>
  entry.callsPodCreation && selects(entry.namespaceSelector, namespace) && selects(entry.objectSelector, pod);

const nameOf = (entry: WebhookEntry): string => `${entry.configuration}/${entry.name}`;

const LABELS_OF_INTENT = ['istio-injection', 'istio.io/rev', 'sidecar.istio.io/inject'];

/**
 * Whether labels ask for Istio's injection, whatever webhooks there are (selectors of mutatingwebhook.yaml in istio
 * manifests/charts/istio-control/istio-discovery).
 */
export function asksForInjection(namespace: Labels, pod: Labels): boolean {
  const { 'sidecar.istio.io/inject': own } = pod;
  if (own === 'true' || own === 'false') return own === 'true';
  const { 'istio-injection': all } = namespace;
  if (all === 'enabled' || all === 'disabled') return all === 'enabled';
  return [pod, namespace].some((labels) => Object.hasOwn(labels, 'istio.io/rev'));
}

/** Why no entry of Istio matches a pod, in words, by the labels that people set for it. */
export function whyNone(namespace: Labels, pod: Labels): string {
  const said = [
    ...LABELS_OF_INTENT.filter((key) => Object.hasOwn(namespace, key)).map(
      (key) => `namespace ${key}=${namespace[key]}`,
    ),
    ...LABELS_OF_INTENT.filter((key) => Object.hasOwn(pod, key)).map((key) => `pod ${key}=${pod[key]}`),
  ];
  return said.length === 0
    ? 'neither namespace nor pod asks for injection'
    : `no injector entry matches ${said.join(', ')}`;
}
