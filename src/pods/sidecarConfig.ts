import { hash as digestOf } from 'node:crypto';
import { forgetOldest } from '../forgetOldest.ts';
import type { SidecarConfig } from '../model.ts';
import { CONTAINER_FIELDS, containerFromProtobuf } from './containerProtobuf.ts';
import { ProtobufReader, type Visit } from './protobuf.ts';

/** A container of more bytes than this is not compared. Istio's proxy has 5,000. */
const LARGEST = 32 * 1024;
/** Contents that are kept. A mesh has a few; a tenant's annotations can make more. */
const MOST = 20_000;

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

/**
 * How a container is configured; undefined if it is too large to be a sidecar.
 * @param container of an API object in JSON
 * @param ignored texts that change with every restart. They do not count for the hash
 */
export function sidecarConfig(
  container: Readonly<Record<string, unknown>>,
  ignored: readonly string[] = [],
): SidecarConfig | undefined {
  const fields = CONTAINER_FIELDS.filter((field) => container[field] !== undefined && container[field] !== null).sort();
  const kept = Object.fromEntries(fields.map((field) => [field, keptOf(field, container[field])]));
  let text = JSON.stringify(kept, sorted);
  if (text.length > LARGEST) return undefined;
  for (const one of ignored) if (one !== '') text = text.replaceAll(one, '');
  return { hash: digestOf('sha256', text).slice(0, 32), container: kept };
}

function keptOf(field: string, value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  if (field === 'env') return value.filter((one) => !OF_THE_POD.has(one?.name));
  return field === 'volumeMounts' ? value.filter((one) => !isToken(one?.name)) : value;
}

const isToken = (name: unknown): boolean => typeof name === 'string' && name.startsWith(TOKEN_MOUNT);

const sorted = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => Number(a > b) - Number(a < b)))
    : value;

/**
 * Reads the configurations of the sidecars of many pods. Pods of one template have the same bytes but for the mount of their token, so only
 * the first of them is decoded, and equal contents are one object.
 */
export class SidecarConfigs {
  /** By the digest of the bytes. */
  readonly #read = new Map<string, SidecarConfig | undefined>();
  /** By their hashes. */
  readonly #known = new Map<string, SidecarConfig>();

  /** @param bytes a Container message of `application/vnd.kubernetes.protobuf` */
  ofProtobuf(bytes: Buffer): SidecarConfig | undefined {
    if (bytes.length > LARGEST) return undefined;
    const digest = digestOf('sha256', withoutTokens(bytes), 'base64');
    if (this.#read.has(digest)) return this.#read.get(digest);
    const config = this.ofObject(containerFromProtobuf(bytes));
    this.#read.set(digest, config);
    forgetOldest(this.#read, MOST);
    return config;
  }

  /** The number of different contents that were decoded, as far as they are kept. */
  get decoded(): number {
    return this.#read.size;
  }

  /** @param container of an API object in JSON */
  ofObject(container: Readonly<Record<string, unknown>>): SidecarConfig | undefined {
    const config = sidecarConfig(container);
    if (!config) return undefined;
    const known = this.#known.get(config.hash);
    if (known) return known;
    this.#known.set(config.hash, config);
    forgetOldest(this.#known, MOST);
    return config;
  }
}

/** The bytes of a container without the mounts of tokens. */
function withoutTokens(bytes: Buffer): Buffer {
  const mounts: Buffer[] = [];
  new ProtobufReader(bytes).root(tokenMounts, mounts);
  if (mounts.length === 0) return bytes;
  const kept: Buffer[] = [];
  let from = 0;
  for (const mount of mounts) {
    const start = mount.byteOffset - bytes.byteOffset;
    kept.push(bytes.subarray(from, start));
    from = start + mount.length;
  }
  return Buffer.concat([...kept, bytes.subarray(from)]);
}

const VOLUME_MOUNTS = 9;

const tokenMounts: Visit<Buffer[]> = (field, reader, into) => {
  if (field !== VOLUME_MOUNTS) return;
  const mount = reader.bytes();
  // field 1 comes first: the name
  if (mount.subarray(2, 2 + TOKEN_MOUNT.length).toString('latin1') === TOKEN_MOUNT) into.push(mount);
};
