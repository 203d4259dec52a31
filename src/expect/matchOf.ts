import { type NamespaceFacts, NO_NAMESPACE, type Unsupported, type Workload } from '../model.ts';
import { reason } from '../reasons.ts';
import { nextPodLabels } from './admission.ts';
import { nobody } from './epoch.ts';
import { filterMatches } from './filter.ts';
import { asksForInjection, type Match, match, type NoneWords, whyNone } from './match.ts';
import { type Injection, isAsked, type Mesh, sourceOf } from './mesh.ts';
import type { SidecarSource } from './sidecarSource.ts';
import { ISTIO } from './sources/istio.ts';
import { ONLY_ISTIO } from './sources.ts';

/** Which injection of one source applies to a workload. */
export interface SourceMatch {
  /** Absent for Istio's proxy. */
  readonly source?: SidecarSource;
  readonly match: Match<Injection>;
}

/** The match of a workload that no source is about. */
const NO_SOURCE: Match<Injection> = {
  kind: 'none',
  reason: reason('not-injected', 'no entry of sidecars in the policy matches'),
  doubt: 'the policy does not say which injector would inject it',
};

/** The sources of a policy or a mesh; Istio alone unless it names others. */
export const sourcesIn = ({ sources }: Pick<Mesh, 'sources'>): readonly SidecarSource[] => sources ?? ONLY_ISTIO;

/** What stands for the injector of each source where nobody injects pods any more. */
export const nobodiesOf = (mesh: Pick<Mesh, 'sources'>): readonly Injection[] =>
  sourcesIn(mesh).map((source) => nobody(source === ISTIO ? undefined : source));

/** For each source that is about a workload, the injection that decides its next pod. There is always at least one. */
export function matchesOf(mesh: Mesh, workload: Workload): [first: SourceMatch, ...others: SourceMatch[]] {
  if (workload.unsupported) return [{ match: unsupportedMatch(mesh, workload, workload.unsupported) }];
  const about: SidecarSource[] = [];
  for (const source of sourcesIn(mesh)) {
    // two entries may name one container: the first that is about the workload decides
    const isFirst = about.every(({ container }) => container !== source.container);
    if (isFirst && isAbout(source, mesh, workload)) about.push(source);
  }
  const [first, ...others] = about.map((source) => matchWith(source, mesh, workload));
  return first ? [first, ...others] : [{ match: NO_SOURCE }];
}

/** Of pods whose owner is not read, only Istio's proxy is judged: what other injectors look at is not known. */
function unsupportedMatch(mesh: Mesh, workload: Workload, { unknown }: Unsupported): Match<Injection> {
  if (unknown !== undefined) return { kind: 'unknown', reason: reason('not-read', unknown) };
  return sourcesIn(mesh).includes(ISTIO) ? matchOf(mesh, workload) : NO_SOURCE;
}

/** The injection of one source that decides a workload's next pod; Istio's unless another source is given. */
export function matchOf(mesh: Mesh, workload: Workload, source: SidecarSource = ISTIO): Match<Injection> {
  return isAbout(source, mesh, workload) ? matchWith(source, mesh, workload).match : NO_SOURCE;
}

const isAbout = ({ match: filters }: SidecarSource, mesh: Mesh, workload: Workload): boolean =>
  filters?.some((filter) => filterMatches(filter, { workload, namespace: namespaceOf(mesh, workload) })) ?? true;

function matchWith(source: SidecarSource, mesh: Mesh, workload: Workload): SourceMatch {
  const own = mesh.injections.filter((injection) => sourceOf(injection).name === source.name);
  if (source === ISTIO) return { match: matchIn(own, mesh, workload, istioWords(own, mesh, workload)) };
  const [fixed] = own.filter((injection) => !isAsked(injection));
  if (fixed) return { source, match: { kind: 'entry', entry: fixed } };
  const why = own.length === 0 ? 'the cluster has no such webhook' : 'the selectors of its webhook do not match';
  const words = { why: () => `${source.name}: ${why}`, doubt: () => (own.length === 0 ? why : undefined) };
  return { source, match: matchIn(own, mesh, workload, words) };
}

/** An injector's configuration may be deleted for a moment, or by mistake. Then labels still ask for it, or there is none at all. */
function istioWords(own: readonly Injection[], mesh: Mesh, workload: Workload): NoneWords {
  const { labels } = namespaceOf(mesh, workload);
  const pod = nextPodLabels(workload);
  const doubt = () => {
    if (own.length === 0) return 'the cluster has no injector';
    return asksForInjection(labels, pod) ? 'its labels ask for injection' : undefined;
  };
  return { why: () => whyNone(labels, pod), doubt, revisions: () => revisionsOf(mesh) };
}

/** One list for all workloads of a mesh. */
const revisions = new WeakMap<readonly Injection[], readonly string[]>();

/** The revisions of Istio's injectors. */
function revisionsOf({ injections }: Mesh): readonly string[] {
  const ofIstio = (): string[] =>
    injections.filter((one) => sourceOf(one) === ISTIO).flatMap(({ entry }) => entry?.revision ?? []);
  const known = revisions.get(injections) ?? [...new Set(ofIstio())];
  revisions.set(injections, known);
  return known;
}

function matchIn(injections: readonly Injection[], mesh: Mesh, workload: Workload, none: NoneWords) {
  const labels = mesh.namespaces.get(workload.namespace)?.labels;
  return match(injections.filter(isAsked), labels, nextPodLabels(workload), workload, none);
}

/** The namespace of a workload. If it has not been seen, it has no labels or annotations. */
export const namespaceOf = (mesh: Mesh, { namespace }: Pick<Workload, 'namespace'>): NamespaceFacts =>
  mesh.namespaces.get(namespace) ?? NO_NAMESPACE;
