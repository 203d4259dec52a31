import { messageOf } from '../messageOf.ts';
import type { PodFacts } from '../model.ts';
import { DO_NOT_DISRUPT_KEYS } from '../names.ts';
import type { Intern } from './interner.ts';
import {
  INJECTED,
  type PodWishes,
  PROXY,
  podFacts,
  REVISION,
  type Reading,
  ROLLOUTS_HASH,
  TEMPLATE_HASH,
} from './podFields.ts';
import { isIstios } from './podSample.ts';
import { ProtobufError, ProtobufReader, type Visit } from './protobuf.ts';
import type { RawCondition, RawContainer, RawOwner } from './rawPod.ts';
import { SidecarConfigs } from './sidecarConfig.ts';

type Draft<T> = { -readonly [K in keyof T]: T[K] };

/** A container with its bytes, which view those of the page, if its configuration is read. */
type ContainerDraft = Draft<RawContainer> & { bytes?: Buffer };

interface PodDraft {
  readonly metadata: MetadataDraft;
  readonly spec: {
    nodeName?: string;
    hostNetwork?: boolean;
    readonly containers: ContainerDraft[];
    readonly initContainers: ContainerDraft[];
    readonly keepsBytes: KeepsBytes;
  };
  readonly status: { phase?: string; readonly conditions: RawCondition[] };
}

interface MetadataDraft {
  name?: string;
  namespace?: string;
  uid?: string;
  creationTimestamp?: number;
  deletionTimestamp?: string;
  readonly labels: Record<string, string>;
  readonly annotations: Record<string, string>;
  readonly ownerReferences: RawOwner[];
}

interface ListDraft {
  continued: string;
  readonly pods: PodFacts[];
  readonly of: Wanted;
}

interface Envelope {
  kind: string;
  encoding: string;
  list?: ListDraft;
  readonly of: Wanted;
}

/** How the pods of a list are read; `head` if none of them is. */
type Wanted = { readonly intern: Intern; readonly reading: ProtobufReading } | 'head';

interface ProtobufReading extends Reading {
  readonly keepsBytes: KeepsBytes;
}

/** Whether the bytes of a container of this name are kept. */
type KeepsBytes = (container: string | undefined) => boolean;

/** Four bytes before every Kubernetes protobuf object (apimachinery pkg/runtime/serializer/protobuf/protobuf.go). */
const MAGIC = Buffer.from('k8s\0', 'latin1');

/**
 * Reads a PodList as `application/vnd.kubernetes.protobuf`, pod by pod.
 * @param wishes what is read of pods
 * @param configs where their configurations are kept
 * @returns the pods' facts and the token for the next page, empty on the last
 * @throws ProtobufError for anything but one whole PodList
 */
export function podListFromProtobuf(
  bytes: Buffer,
  intern: Intern,
  { containers = [], isSampled, config = false }: PodWishes = {},
  configs = new SidecarConfigs(),
): { pods: PodFacts[]; continued: string } {
  const configOf = ({ bytes }: ContainerDraft) => bytes && configs.ofProtobuf(bytes);
  const kept = new Set(config ? [PROXY, ...containers] : []);
  const keepsBytes: KeepsBytes = (name) => kept.has(name ?? '');
  const reading = { containers, isSampled, keepsBytes, ...(config && { configOf }) };
  const { pods, continued } = listIn(bytes, { intern, reading });
  return { pods, continued };
}

/**
 * The token for the next page, empty on the last. It comes before the pods, so it is known before they are read.
 * @throws ProtobufError for anything but one PodList; pods are not looked at
 */
export const nextPageFromProtobuf = (bytes: Buffer): string => listIn(bytes, 'head').continued;

function listIn(bytes: Buffer, of: Wanted): ListDraft {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    throw new ProtobufError('not Kubernetes protobuf: it does not start with "k8s\\0"');
  const envelope = new ProtobufReader(bytes, MAGIC.length).root<Envelope>(unknown, { kind: '', encoding: '', of });
  if (envelope.kind !== 'PodList')
    throw new ProtobufError(`a ${envelope.kind || 'nameless object'} instead of a PodList`);
  if (envelope.encoding) throw new ProtobufError(`the content encoding ${envelope.encoding} is unknown`);
  if (!envelope.list) throw new ProtobufError('the PodList is missing from its envelope');
  return envelope.list;
}

// Field numbers never change once released. Each visitor names the message and the .proto file that fix its own.

/** Unknown, apimachinery/pkg/runtime/generated.proto */
const unknown: Visit<Envelope> = (field, reader, envelope) => {
  if (field === 1) reader.message(typeMeta, envelope);
  else if (field === 2 && isPodList(envelope)) {
    envelope.list = reader.message(podList, { continued: '', pods: [], of: envelope.of });
  } else if (field === 3) envelope.encoding = reader.text();
};

/** A list of another kind is not read as a PodList: the error names the kind. */
const isPodList = ({ kind }: Envelope): boolean => kind === 'PodList';

/** TypeMeta, apimachinery/pkg/runtime/generated.proto */
const typeMeta: Visit<Envelope> = (field, reader, envelope) => {
  if (field === 2) envelope.kind = reader.text();
};

/** PodList, api/core/v1/generated.proto */
const podList: Visit<ListDraft> = (field, reader, list) => {
  if (field === 1) reader.message(listMeta, list);
  else if (field === 2 && list.of !== 'head') {
    const { intern, reading } = list.of;
    const again = reader.position;
    const draft = reader.message(pod, emptyPod(reading));
    const whole = () => reader.from(again).message(wholePod, emptyPod(reading));
    list.pods.push(factsOf(draft, whole, intern, reading));
  }
};

/** ListMeta, apimachinery/pkg/apis/meta/v1/generated.proto */
const listMeta: Visit<ListDraft> = (field, reader, list) => {
  if (field === 3) list.continued = reader.text();
};

const emptyPod = ({ keepsBytes }: ProtobufReading): PodDraft => ({
  metadata: { labels: {}, annotations: {}, ownerReferences: [] },
  spec: { containers: [], initContainers: [], keepsBytes },
  status: { conditions: [] },
});

/** @param whole reads the pod once more, with its labels: they are wanted of few pods */
function factsOf(draft: PodDraft, whole: () => PodDraft, intern: Intern, reading: Reading): PodFacts {
  try {
    const { isSampled, ...others } = reading;
    const facts = podFacts(draft, intern, others);
    return isSampled?.(facts.owner, facts) ? podFacts(whole(), intern, reading) : facts;
  } catch (error) {
    throw new ProtobufError(messageOf(error));
  }
}

/** The same pod with all its labels, and the annotations of Istio. */
const wholePod: Visit<PodDraft> = (field, reader, into) => {
  if (field === 1) reader.message(wholeMeta, into.metadata);
  else pod(field, reader, into);
};

const wholeMeta: Visit<MetadataDraft> = (field, reader, into) => {
  if (field === 11) keep(into.labels, reader, () => true);
  else if (field === 12) keep(into.annotations, reader, (key) => WANTED.has(key) || isIstios(key));
  else objectMeta(field, reader, into);
};

/** Pod, api/core/v1/generated.proto */
const pod: Visit<PodDraft> = (field, reader, into) => {
  if (field === 1) reader.message(objectMeta, into.metadata);
  else if (field === 2) reader.message(podSpec, into.spec);
  else if (field === 3) reader.message(podStatus, into.status);
};

/** ObjectMeta, apimachinery/pkg/apis/meta/v1/generated.proto */
const objectMeta: Visit<MetadataDraft> = (field, reader, into) => {
  if (field === 1) into.name = reader.text();
  else if (field === 3) into.namespace = reader.text();
  else if (field === 5) into.uid = reader.text();
  else if (field === 8) into.creationTimestamp = milliseconds(reader.message(time, { seconds: 0 }).seconds);
  else if (field === 9) into.deletionTimestamp = DELETING;
  else if (field === 11) keep(into.labels, reader);
  else if (field === 12) keep(into.annotations, reader);
  else if (field === 13) into.ownerReferences.push(reader.message<Draft<RawOwner>>(ownerReference, {}));
};

/** Time, apimachinery/pkg/apis/meta/v1/generated.proto: seconds since 1970 */
const time: Visit<{ seconds: number }> = (field, reader, into) => {
  if (field === 1) into.seconds = reader.number();
};

const LAST_SECOND = Date.UTC(9999, 0) / 1000;

const milliseconds = (seconds: number): number => (seconds < LAST_SECOND ? seconds * 1000 : 0);

/** Only its presence is read. */
const DELETING = 'set';

const WANTED: ReadonlySet<string> = new Set([TEMPLATE_HASH, ROLLOUTS_HASH, REVISION, INJECTED, ...DO_NOT_DISRUPT_KEYS]);
const isWanted = (key: string): boolean => WANTED.has(key);

/** An entry of a map is a message of key 1 and value 2 (protobuf.dev/programming-guides/proto3/#maps). */
function keep(into: Record<string, string>, reader: ProtobufReader, wanted = isWanted): void {
  const { key, value } = reader.message(mapEntry, { key: '', value: '', wanted });
  if (wanted(key)) into[key] = value;
}

const mapEntry: Visit<{ key: string; value: string; readonly wanted: (key: string) => boolean }> = (
  field,
  reader,
  entry,
) => {
  if (field === 1) entry.key = reader.text();
  // Kubernetes writes the key first, so that large values of other annotations are never made into strings; the format allows either.
  else if (field === 2 && (entry.key === '' || entry.wanted(entry.key))) entry.value = reader.text();
};

/** OwnerReference, apimachinery/pkg/apis/meta/v1/generated.proto */
const ownerReference: Visit<Draft<RawOwner>> = (field, reader, into) => {
  if (field === 1) into.kind = reader.text();
  else if (field === 3) into.name = reader.text();
  else if (field === 4) into.uid = reader.text();
  else if (field === 5) into.apiVersion = reader.text();
  else if (field === 6) into.controller = reader.bool();
};

/** PodSpec, api/core/v1/generated.proto */
const podSpec: Visit<PodDraft['spec']> = (field, reader, into) => {
  if (field === 2) into.containers.push(containerOf(reader, into.keepsBytes));
  else if (field === 10) into.nodeName = reader.text();
  else if (field === 11) into.hostNetwork = reader.bool();
  else if (field === 20) into.initContainers.push(containerOf(reader, into.keepsBytes));
};

function containerOf(reader: ProtobufReader, keepsBytes: KeepsBytes): ContainerDraft {
  const at = reader.position;
  const draft = reader.message<ContainerDraft>(container, {});
  if (keepsBytes(draft.name)) draft.bytes = reader.from(at).bytes();
  return draft;
}

/** Container, api/core/v1/generated.proto */
const container: Visit<ContainerDraft> = (field, reader, into) => {
  if (field === 1) into.name = reader.text();
  else if (field === 2) into.image = reader.text();
  else if (field === 24) into.restartPolicy = reader.text();
};

/** PodStatus, api/core/v1/generated.proto */
const podStatus: Visit<PodDraft['status']> = (field, reader, into) => {
  if (field === 1) into.phase = reader.text();
  else if (field === 2) into.conditions.push(reader.message<Draft<RawCondition>>(podCondition, {}));
};

/** PodCondition, api/core/v1/generated.proto */
const podCondition: Visit<Draft<RawCondition>> = (field, reader, into) => {
  if (field === 1) into.type = reader.text();
  else if (field === 2) into.status = reader.text();
};
