import { FORTSA_RESTARTED_AT, RESTARTED_AT } from '../../names.ts';
import { contentHash } from '../epoch.ts';
import type { Question } from '../question.ts';
import { type InjectorReads, type InjectorTemplates, templatesIn } from './injectorTemplates.ts';

/**
 * Fields of a container of the app that istiod's code (istio pkg/kube/inject, as of 1.31) only hands back as they are. Names, ports, probes
 * and lifecycle handlers are read, too, by `DumpAppProbers` and `patchRewriteProbe` of app_probe.go, but only to make the variable
 * ISTIO_KUBE_APP_PROBERS of the sidecar and other probes of the app. Those functions cannot fail. Everything else stays in the key:
 * `securityContext`, for example, which `isSidecarUserMatchingAppUser` of webhook.go reads.
 */
const OF_APP = [
  'args',
  'command',
  'env',
  'envFrom',
  'image',
  'imagePullPolicy',
  'lifecycle',
  'livenessProbe',
  'readinessProbe',
  'resources',
  'startupProbe',
  'volumeMounts',
];

/** The same of fields that a template may read. */
const OF_APP_UNLESS_READ = [
  { field: 'name', read: 'Names' },
  { field: 'ports', read: 'Ports' },
];

/**
 * Fields of a pod's spec that istiod's code only hands back, unless a template reads them. Volumes are merged by their names (`RunTemplate`
 * of inject.go), so one volume never changes another, and none changes a container.
 */
const OF_POD_UNLESS_READ: Readonly<Record<string, string>> = {
  affinity: 'Affinity',
  serviceAccount: 'ServiceAccountName',
  serviceAccountName: 'ServiceAccountName',
  topologySpreadConstraints: 'TopologySpreadConstraints',
};

/** Containers that istiod's code knows by name (inject.go, `ProxyContainerName` and the next ones). */
const OF_ISTIO: ReadonlySet<unknown> = new Set(['istio-proxy', 'istio-validation', 'istio-init', 'enable-core-dump']);

/**
 * What istiod's code reads of labels and annotations has `istio` in its key, or is about Prometheus (`getPrometheusScrape` and others of
 * webhook.go). Of labels, `injectRequired` of inject.go also reads those that the configuration selects by, and `GetProxyConfigOrDefault`
 * those that a ProxyConfig does. A Deployment's name is read from labels only where a pod has an owner, which a question does not name.
 */
const OF_ISTIO_KEY = /istio/;
/** Annotations that charts write so that pods restart with their configuration, and those that a restart writes. */
const OF_NO_INJECTOR = /^checksum\//;
const TIMES: ReadonlySet<string> = new Set([RESTARTED_AT, FORTSA_RESTARTED_AT]);

/** A pod that says that it has been injected before: istiod takes containers away, or puts them back (`stripPod`, `reinsertOverrides`). */
const INJECTED_BEFORE = ['sidecar.istio.io/status', 'proxy.istio.io/overrides'];

/** Texts that the passages of Istio's templates may write without quotes of their own. The API server lets others through in images. */
const PLAIN = /^[\w./:@-]*$/;

interface Classed {
  readonly templates: InjectorTemplates;
  readonly hash: string | undefined;
}

const classed = new WeakMap<object, Classed>();

/**
 * The class of a question: an injector that reads pods as its templates and istiod's code say gives the same answer to all questions of one
 * class, as far as an answer is looked at. The class begins with the epoch and the namespace.
 * @returns undefined if that cannot be told of its injector or its template. Such a question is asked by itself
 */
export function classOf({ injection, namespace, template, proxyConfigs, config }: Question): string | undefined {
  const { source, entry, istiod, injectorConfig } = injection;
  // only Istio's own injector is known, and only if it is the one whose configuration is seen
  if (source || entry.askedAt || !istiod || !injectorConfig) return undefined;
  const templates = templatesIn(injectorConfig);
  if (!templates) return undefined;
  const hash = hashOf(template, templates, proxyConfigs !== undefined);
  return hash && `${injection.epoch}/${namespace}/${hash}.${proxyConfigs ?? ''}${config ? '+config' : ''}`;
}

function hashOf(
  template: Question['template'],
  templates: InjectorTemplates,
  byProxyConfigs: boolean,
): string | undefined {
  const before = classed.get(template);
  // ProxyConfigs are made and deleted with other objects than the template
  if (before?.templates === templates && !byProxyConfigs) return before.hash;
  const reads = templates.readsFor(template.annotations);
  const kept = reads && keptOf(template, byProxyConfigs ? { ...reads, labels: 'all' } : reads);
  const hash = kept && contentHash(kept);
  if (!byProxyConfigs) classed.set(template, { templates, hash });
  return hash;
}

/** What an answer depends on; undefined if that cannot be told. */
function keptOf({ labels, annotations, spec }: Question['template'], reads: InjectorReads): object | undefined {
  if (INJECTED_BEFORE.some((key) => Object.hasOwn(annotations, key))) return undefined;
  const { labels: ofLabels, annotations: ofAnnotations } = reads;
  const keptLabels = Object.entries(labels).filter(
    ([key, value]) => ofLabels === 'all' || ofLabels.has(key) || OF_ISTIO_KEY.test(key) || !PLAIN.test(value),
  );
  const keptAnnotations = Object.entries(annotations).filter(
    ([key]) => ofAnnotations === 'all' || ofAnnotations.has(key) || !(OF_NO_INJECTOR.test(key) || TIMES.has(key)),
  );
  const fields = Object.entries(spec).map(([field, value]) => [field, keptField(field, value, reads)] as const);
  if (fields.some(([, value]) => value === UNCLEAR)) return undefined;
  return {
    labels: Object.fromEntries(keptLabels),
    annotations: Object.fromEntries(keptAnnotations),
    spec: Object.fromEntries(fields),
  };
}

/** Stands for a field of which it is not clear what an injector makes of it. */
const UNCLEAR = Symbol('unclear');

function keptField(field: string, value: unknown, reads: InjectorReads): unknown {
  switch (field) {
    case 'containers':
      return reads.spec.has('Containers') ? value : containersOf(value, reads);
    case 'initContainers':
      return reads.spec.has('InitContainers') ? value : containersOf(value, reads);
    case 'volumes':
      return reads.spec.has('Volumes') ? value : namedIn(value, reads);
    default: {
      const read = Object.hasOwn(OF_POD_UNLESS_READ, field) ? OF_POD_UNLESS_READ[field] : undefined;
      if (read === undefined || reads.spec.has(read)) return value;
      return typeof value !== 'string' || PLAIN.test(value) ? undefined : UNCLEAR;
    }
  }
}

function containersOf(value: unknown, reads: InjectorReads): unknown {
  if (!isList(value)) return UNCLEAR;
  const kept = value.map((one) => containerOf(one, reads));
  return kept.includes(UNCLEAR) ? UNCLEAR : kept;
}

/** A container of the app without what is only handed back. One that an injector's template may merge with its own is kept. */
function containerOf(container: Fields, { named, spec }: InjectorReads): unknown {
  const { name, image } = container;
  if (typeof name !== 'string' || OF_ISTIO.has(name) || named.has(name)) return container;
  if (!PLAIN.test(name) || typeof image !== 'string' || !PLAIN.test(image)) return UNCLEAR;
  const unread = OF_APP_UNLESS_READ.flatMap(({ field, read }) => (spec.has(read) ? [] : field));
  const without = new Set([...OF_APP, ...unread]);
  return Object.fromEntries(Object.entries(container).filter(([field]) => !without.has(field)));
}

/** The volumes of the names that the templates use themselves; undefined if there are none. */
function namedIn(value: unknown, { named }: InjectorReads): unknown {
  if (!isList(value)) return UNCLEAR;
  const kept = value.filter(({ name }) => typeof name !== 'string' || named.has(name));
  return kept.length > 0 ? kept : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const isList = (value: unknown): value is readonly Fields[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null && !Array.isArray(one));
