import { hash as digestOf } from 'node:crypto';
import type { SidecarConfig } from '../model.ts';
import { sortedKeys } from '../sortedKeys.ts';
import { WeakValueMap } from '../weakValueMap.ts';
import { CONTAINER_FIELDS, containerFromProtobuf } from './containerProtobuf.ts';
import { ProtobufError, ProtobufReader, type Visit } from './protobuf.ts';

/** A container of more bytes than this is not compared. Istio's proxy has 5,000. */
const LARGEST = 32 * 1024;

/**
 * Variables that describe the pod and do not configure the sidecar (istio pkg/kube/inject, injection-template.yaml). A rollout of the
 * template changes them anyway, and some need the pod's owner, which a question does not name.
 */
const OF_THE_POD: ReadonlySet<unknown> = new Set([
  'ISTIO_META_APP_CONTAINERS',
  'ISTIO_META_OWNER',
  'ISTIO_META_POD_PORTS',
  'ISTIO_META_WORKLOAD_NAME',
  'ISTIO_KUBE_APP_PROBERS',
  'ISTIO_PROMETHEUS_ANNOTATIONS',
  'OTEL_RESOURCE_ATTRIBUTES',
]);

/** The API server mounts a token into each container, under a name with random letters (plugin/pkg/admission/serviceaccount). */
const TOKEN_MOUNT = 'kube-api-access-';

type Fields = Readonly<Record<string, unknown>>;

/**
 * How a container is configured; undefined if it is too large to be a sidecar. It is kept as text and parsed whenever it is compared: as
 * objects it takes nearly twice the memory, and thousands of workloads have one each.
 * @param container of an API object in JSON
 * @param ignored texts that change with every restart. They do not count for the hash
 */
export function sidecarConfig(container: Fields, ignored: readonly string[] = []): SidecarConfig | undefined {
  const text = comparedText(container);
  if (text === undefined) return undefined;
  const counting = ignored.filter((one) => one !== '').reduce((left, one) => left.replaceAll(one, ''), text);
  return {
    hash: digestOf('sha256', counting).slice(0, 32),
    get container() {
      return JSON.parse(text);
    },
  };
}

/** The fields of a container that are compared; undefined if they are too long to be those of a sidecar. */
function comparedText(container: Fields): string | undefined {
  const fields = CONTAINER_FIELDS.filter((field) => container[field] !== undefined && container[field] !== null).sort();
  const kept = Object.fromEntries(fields.map((field) => [field, keptOf(field, container[field])]));
  const text = JSON.stringify(kept, sortedKeys);
  return text.length > LARGEST ? undefined : text;
}

function keptOf(field: string, value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  if (field === 'env') return value.filter((one) => !OF_THE_POD.has(one?.name));
  return field === 'volumeMounts' ? value.filter((one) => !isToken(one?.name)) : value;
}

const isToken = (name: unknown): boolean => typeof name === 'string' && name.startsWith(TOKEN_MOUNT);

/**
 * Reads the configurations of the sidecars of many pods. Pods of one template have the same bytes but for the mount of their token, and
 * those of other templates mostly differ in variables that are not compared, so one configuration stands for them. It is decoded when it is
 * compared: that of a pod with an outdated image is not. Equal contents are one object, as long as a pod that was read has them.
 */
export class SidecarConfigs {
  /** What was read last. The API server lists the pods of one template one after the other. */
  #last: Seen | undefined;
  /** Where the bytes of that are. In place, they would keep their whole page. */
  readonly #room = Buffer.allocUnsafeSlow(LARGEST);
  /** By the digest of the bytes. */
  readonly #read = new WeakValueMap<SidecarConfig>();
  /** By their hashes. */
  readonly #known = new WeakValueMap<SidecarConfig>();
  #decoded = 0;

  /** @param bytes a Container message of `application/vnd.kubernetes.protobuf` */
  ofProtobuf(bytes: Buffer): SidecarConfig | undefined {
    if (bytes.length > LARGEST) return undefined;
    if (this.#last && differsInTokensOnly(bytes, this.#last)) return this.#last.config;
    const { variables, tokens } = ignoredIn(bytes);
    const config = this.#ofBytes(bytes, [...variables, ...tokens]);
    bytes.copy(this.#room);
    this.#last = { bytes: this.#room.subarray(0, bytes.length), tokens, config };
    return config;
  }

  /** @param ignored what is not compared, in its order */
  #ofBytes(bytes: Buffer, ignored: readonly Part[]): SidecarConfig {
    const digest = digestOf('sha256', withoutParts(bytes, ignored), 'base64');
    return this.#read.getOrMake(digest, () => new UndecodedConfig(digest, ownCopy(bytes), this.#decode));
  }

  readonly #decode = (bytes: Buffer): Fields | undefined => {
    this.#decoded += 1;
    try {
      const text = comparedText(containerFromProtobuf(bytes));
      return text && JSON.parse(text);
    } catch (error) {
      if (error instanceof ProtobufError) return undefined;
      throw error;
    }
  };

  /** How often bytes were decoded. */
  get decoded(): number {
    return this.#decoded;
  }

  /** @param container of an API object in JSON */
  ofObject(container: Readonly<Record<string, unknown>>): SidecarConfig | undefined {
    const config = sidecarConfig(container);
    return config && this.#known.getOrMake(config.hash, () => config);
  }
}

/** A configuration that is kept as bytes, and decoded whenever it is looked at. */
class UndecodedConfig implements SidecarConfig {
  readonly hash: string;
  readonly #bytes: Buffer;
  readonly #decode: (bytes: Buffer) => SidecarConfig['container'];

  /** @param bytes its own: those of a page would keep all of it */
  constructor(hash: string, bytes: Buffer, decode: (bytes: Buffer) => SidecarConfig['container']) {
    this.hash = hash;
    this.#bytes = bytes;
    this.#decode = decode;
  }

  get container(): SidecarConfig['container'] {
    return this.#decode(this.#bytes);
  }
}

/** Bytes that keep neither their page nor 64 KiB of Node's pool of buffers. */
function ownCopy(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}

/** A part of bytes: where it begins, and where it has ended. */
type Part = readonly [from: number, to: number];

/** A container that was read. */
interface Seen {
  readonly bytes: Buffer;
  readonly tokens: readonly Part[];
  readonly config: SidecarConfig;
}

/**
 * Whether a container has the bytes of another one except for the names of the tokens. The length of a token's mount stands before it, so
 * the same place holds a mount here, too.
 */
function differsInTokensOnly(bytes: Buffer, { bytes: others, tokens }: Seen): boolean {
  if (bytes.length !== others.length) return false;
  let from = 0;
  for (const [start, end] of tokens) {
    if (bytes.compare(others, from, start, from, start) !== 0 || !isTokenMount(bytes, start, end)) return false;
    from = end;
  }
  return bytes.compare(others, from, undefined, from) === 0;
}

/** The bytes without some parts of them, which are in order. */
function withoutParts(bytes: Buffer, parts: readonly Part[]): Buffer {
  if (parts.length === 0) return bytes;
  const starts = [0, ...parts.map(([, to]) => to)];
  const ends = [...parts.map(([from]) => from), bytes.length];
  return Buffer.concat(starts.map((start, index) => bytes.subarray(start, ends[index])));
}

/** The parts of a container that are not compared. */
interface Ignored {
  /** The variables that describe the pod, each with the byte of its field number. They come before the mounts. */
  readonly variables: Part[];
  /** The mounts of tokens, without their field numbers and lengths. */
  readonly tokens: Part[];
}

const ignoredIn = (bytes: Buffer): Ignored =>
  new ProtobufReader(bytes).root<Ignored>(ignored, { variables: [], tokens: [] });

const ENV = 7;
const VOLUME_MOUNTS = 9;

const ignored: Visit<Ignored> = (field, reader, into) => {
  if (field !== ENV && field !== VOLUME_MOUNTS) return;
  const start = reader.position - 1;
  const value = reader.bytes();
  const end = reader.position;
  if (field === ENV) {
    if (OF_THE_POD.has(variableName(value))) into.variables.push([start, end]);
  } else if (isTokenMount(value, 0, value.length)) into.tokens.push([end - value.length, end]);
};

const NAME_TAG = 0x0a;

/** The name of a variable. It comes first in what the API server encodes. None that is looked for has more than 127 characters. */
function variableName(variable: Buffer): string | undefined {
  const [tag, length = 0] = variable;
  return tag === NAME_TAG ? variable.toString('latin1', 2, 2 + length) : undefined;
}

const TOKEN_BYTES = Buffer.from(TOKEN_MOUNT, 'latin1');

/** Whether the mount at this place is that of a token. Field 1 comes first: the name. */
function isTokenMount(bytes: Buffer, start: number, end: number): boolean {
  const from = start + 2;
  const to = from + TOKEN_BYTES.length;
  return to <= end && bytes.compare(TOKEN_BYTES, 0, TOKEN_BYTES.length, from, to) === 0;
}
