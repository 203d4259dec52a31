import type { SidecarConfig } from '../model.ts';
import { sameQuantity } from './quantity.ts';

/** A field that the injector would set and that a pod does not have so. */
export interface ConfigDifference {
  /** `resources.limits.cpu`, `env[PROXY_CONFIG].value` */
  readonly path: string;
  readonly wanted: unknown;
  /** Undefined if the pod does not have it. */
  readonly actual: unknown;
}

/** What a list is: a map by these keys, as the API server merges most of them (listMapKeys of core/v1), or one value. Others are sets. */
type ListType = { readonly by: readonly string[] } | 'atomic';

const LISTS: Readonly<Record<string, ListType>> = {
  env: { by: ['name'] },
  volumeMounts: { by: ['mountPath'] },
  volumeDevices: { by: ['devicePath'] },
  ports: { by: ['containerPort', 'protocol'] },
  httpHeaders: { by: ['name'] },
  claims: { by: ['name', 'request'] },
  envFrom: { by: ['prefix', 'configMapRef', 'secretRef'] },
  command: 'atomic',
  args: 'atomic',
};

/** Values that the API server fills in before keys are compared. */
const KEY_DEFAULTS: Readonly<Record<string, string>> = { protocol: 'TCP' };

/** Parents of quantities, and quantities. */
const QUANTITIES: ReadonlySet<string> = new Set(['limits', 'requests']);
const DIVISOR = 'divisor';

/** Differences that are found in one container. */
const MOST = 100;
/** A container is nested less deeply. An injector that nests more is not followed. */
const DEEPEST = 12;

type Fields = Readonly<Record<string, unknown>>;

/** The results for each pair that was compared: their containers are parsed for that, and not kept. */
const compared = new WeakMap<SidecarConfig, WeakMap<SidecarConfig, readonly ConfigDifference[]>>();

/**
 * The fields of the wanted configuration that the actual one does not have. What only the actual one has counts for nothing: defaults,
 * values of a LimitRange, and what webhooks after the injector add.
 */
export function configDifferences(wanted: SidecarConfig, actual: SidecarConfig): readonly ConfigDifference[] {
  if (wanted.hash === actual.hash) return [];
  const known = compared.get(wanted) ?? new WeakMap<SidecarConfig, readonly ConfigDifference[]>();
  compared.set(wanted, known);
  const found = known.get(actual) ?? differencesIn(wanted.container, actual.container);
  known.set(actual, found);
  return found;
}

function differencesIn(wanted: Fields | undefined, actual: Fields | undefined): readonly ConfigDifference[] {
  const found: ConfigDifference[] = [];
  if (!wanted || !actual) return found;
  compareFields({ wanted, actual, path: '', depth: 0 }, found);
  return found;
}

interface Place<T> {
  readonly wanted: T;
  readonly actual: unknown;
  readonly path: string;
  readonly depth: number;
}

function compareFields({ wanted, actual, path, depth }: Place<Fields>, found: ConfigDifference[]): void {
  const there = isFields(actual) ? actual : {};
  const isTaken = isTakenOver(there);
  for (const [key, value] of Object.entries(wanted)) {
    if (isTaken && HANDLERS.has(key)) continue;
    const at = path === '' ? key : `${path}.${key}`;
    const has = Object.hasOwn(there, key) ? there[key] : undefined;
    compareValue({ wanted: value, actual: has, path: at, depth: depth + 1 }, key, path, found);
  }
}

/** What a probe or a lifecycle handler does. */
const HANDLERS: ReadonlySet<string> = new Set(['httpGet', 'tcpSocket', 'grpc']);
const TAKEN_OVER = /^\/app-(?:health|lifecycle)\//;

/** Istio's agent answers the probes of every other container of its pods (istio pkg/kube/inject/app_probe.go). */
function isTakenOver({ httpGet }: Fields): boolean {
  return isFields(httpGet) && typeof httpGet.path === 'string' && TAKEN_OVER.test(httpGet.path);
}

function compareValue(place: Place<unknown>, key: string, parent: string, found: ConfigDifference[]): void {
  const { wanted, actual, path, depth } = place;
  if (found.length >= MOST || depth > DEEPEST) return;
  if (Array.isArray(wanted)) compareLists({ ...place, wanted }, LISTS[key], found);
  else if (isFields(wanted)) compareFields({ ...place, wanted }, found);
  else if (!same(wanted, actual, key === DIVISOR || QUANTITIES.has(lastOf(parent))))
    found.push({ path, wanted, actual });
}

const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1);

/** Go leaves out what is empty, so an empty value and none are one. */
function same(wanted: unknown, actual: unknown, isQuantity: boolean): boolean {
  if (actual === undefined || actual === null) return wanted === null || EMPTY.has(wanted);
  return isQuantity ? sameQuantity(wanted, actual) : wanted === actual;
}

const EMPTY: ReadonlySet<unknown> = new Set([undefined, '', 0, false]);

function compareLists(place: Place<readonly unknown[]>, type: ListType | undefined, found: ConfigDifference[]): void {
  const { wanted, path, depth } = place;
  const actual: readonly unknown[] = Array.isArray(place.actual) ? place.actual : [];
  if (type === 'atomic') {
    const equal = wanted.length === actual.length && wanted.every((one, index) => one === actual[index]);
    if (wanted.length > 0 && !equal) found.push({ path, wanted, actual: place.actual });
    return;
  }
  if (!type) {
    const there = new Set(actual.map(wordOf));
    for (const one of wanted)
      if (found.length < MOST && !there.has(wordOf(one))) found.push({ path, wanted: one, actual: place.actual });
    return;
  }
  // of equal keys, the last one counts, as it does for the kubelet
  const there = new Map(actual.map((one) => [keyOf(one, type.by), one]));
  for (const [key, one] of new Map(wanted.map((one) => [keyOf(one, type.by), one])))
    compareValue({ wanted: one, actual: there.get(key), path: `${path}[${key}]`, depth: depth + 1 }, '', path, found);
}

const keyOf = (element: unknown, by: readonly string[]): string => {
  const fields = isFields(element) ? element : {};
  return by.flatMap((name) => partOf(name, fields[name]) || KEY_DEFAULTS[name] || []).join('/');
};

/** A field as a part of a key. A ConfigMap and a Secret may have one name. */
function partOf(field: string, value: unknown): string {
  const word = wordOf(value);
  return word && isFields(value) ? `${field} ${word}` : word;
}

/** A value as a word: of a reference to another object, its name. */
function wordOf(value: unknown): string {
  const word = isFields(value) ? value.name : value;
  return typeof word === 'string' || typeof word === 'number' ? String(word) : '';
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
