import { ProtobufReader, type Visit } from './protobuf.ts';

/** How a field of a message is read into the form that it has in JSON. A function reads a message of its own. */
type FieldType = 'text' | 'number' | 'bool' | 'quantity' | 'intOrString' | 'quantities' | (() => Message);

/** The fields of a message by number: the name in JSON, the type, and whether it is repeated. Others are skipped. */
type Message = Readonly<Record<number, readonly [name: string, type: FieldType, repeated?: 'repeated']>>;

type Fields = Record<string, unknown>;

// Field numbers of k8s.io/api/core/v1/generated.proto. They never change once released.

/** A message that is embedded only for its one field, the name: its fields are in line in JSON. */
const LOCAL_NAME: Message = { 1: ['name', 'text'] };
const KEY_SELECTOR: Message = { 1: ['', () => LOCAL_NAME], 2: ['key', 'text'], 3: ['optional', 'bool'] };
const REFERENCE: Message = { 1: ['', () => LOCAL_NAME], 2: ['optional', 'bool'] };
const FIELD_REF: Message = { 1: ['apiVersion', 'text'], 2: ['fieldPath', 'text'] };
const RESOURCE_FIELD_REF: Message = {
  1: ['containerName', 'text'],
  2: ['resource', 'text'],
  3: ['divisor', 'quantity'],
};
const ENV_SOURCE: Message = {
  1: ['fieldRef', () => FIELD_REF],
  2: ['resourceFieldRef', () => RESOURCE_FIELD_REF],
  3: ['configMapKeyRef', () => KEY_SELECTOR],
  4: ['secretKeyRef', () => KEY_SELECTOR],
};
const ENV: Message = { 1: ['name', 'text'], 2: ['value', 'text'], 3: ['valueFrom', () => ENV_SOURCE] };
const ENV_FROM: Message = {
  1: ['prefix', 'text'],
  2: ['configMapRef', () => REFERENCE],
  3: ['secretRef', () => REFERENCE],
};
const PORT: Message = {
  1: ['name', 'text'],
  2: ['hostPort', 'number'],
  3: ['containerPort', 'number'],
  4: ['protocol', 'text'],
  5: ['hostIP', 'text'],
};
const CLAIM: Message = { 1: ['name', 'text'], 2: ['request', 'text'] };
const RESOURCES: Message = {
  1: ['limits', 'quantities'],
  2: ['requests', 'quantities'],
  3: ['claims', () => CLAIM, 'repeated'],
};
const MOUNT: Message = {
  1: ['name', 'text'],
  2: ['readOnly', 'bool'],
  3: ['mountPath', 'text'],
  4: ['subPath', 'text'],
  5: ['mountPropagation', 'text'],
  6: ['subPathExpr', 'text'],
  7: ['recursiveReadOnly', 'text'],
};
const DEVICE: Message = { 1: ['name', 'text'], 2: ['devicePath', 'text'] };
const EXEC: Message = { 1: ['command', 'text', 'repeated'] };
const HEADER: Message = { 1: ['name', 'text'], 2: ['value', 'text'] };
const HTTP_GET: Message = {
  1: ['path', 'text'],
  2: ['port', 'intOrString'],
  3: ['host', 'text'],
  4: ['scheme', 'text'],
  5: ['httpHeaders', () => HEADER, 'repeated'],
};
const TCP_SOCKET: Message = { 1: ['port', 'intOrString'], 2: ['host', 'text'] };
const GRPC: Message = { 1: ['port', 'number'], 2: ['service', 'text'] };
const SLEEP: Message = { 1: ['seconds', 'number'] };
const PROBE_HANDLER: Message = {
  1: ['exec', () => EXEC],
  2: ['httpGet', () => HTTP_GET],
  3: ['tcpSocket', () => TCP_SOCKET],
  4: ['grpc', () => GRPC],
};
const PROBE: Message = {
  1: ['', () => PROBE_HANDLER],
  2: ['initialDelaySeconds', 'number'],
  3: ['timeoutSeconds', 'number'],
  4: ['periodSeconds', 'number'],
  5: ['successThreshold', 'number'],
  6: ['failureThreshold', 'number'],
  7: ['terminationGracePeriodSeconds', 'number'],
};
const LIFECYCLE_HANDLER: Message = {
  1: ['exec', () => EXEC],
  2: ['httpGet', () => HTTP_GET],
  3: ['tcpSocket', () => TCP_SOCKET],
  4: ['sleep', () => SLEEP],
};
const LIFECYCLE: Message = {
  1: ['postStart', () => LIFECYCLE_HANDLER],
  2: ['preStop', () => LIFECYCLE_HANDLER],
  3: ['stopSignal', 'text'],
};
const CAPABILITIES: Message = { 1: ['add', 'text', 'repeated'], 2: ['drop', 'text', 'repeated'] };
const SE_LINUX: Message = { 1: ['user', 'text'], 2: ['role', 'text'], 3: ['type', 'text'], 4: ['level', 'text'] };
const PROFILE: Message = { 1: ['type', 'text'], 2: ['localhostProfile', 'text'] };
const SECURITY: Message = {
  1: ['capabilities', () => CAPABILITIES],
  2: ['privileged', 'bool'],
  3: ['seLinuxOptions', () => SE_LINUX],
  4: ['runAsUser', 'number'],
  5: ['runAsNonRoot', 'bool'],
  6: ['readOnlyRootFilesystem', 'bool'],
  7: ['allowPrivilegeEscalation', 'bool'],
  8: ['runAsGroup', 'number'],
  9: ['procMount', 'text'],
  11: ['seccompProfile', () => PROFILE],
  12: ['appArmorProfile', () => PROFILE],
};
const CONTAINER: Message = {
  3: ['command', 'text', 'repeated'],
  4: ['args', 'text', 'repeated'],
  5: ['workingDir', 'text'],
  6: ['ports', () => PORT, 'repeated'],
  7: ['env', () => ENV, 'repeated'],
  8: ['resources', () => RESOURCES],
  9: ['volumeMounts', () => MOUNT, 'repeated'],
  10: ['livenessProbe', () => PROBE],
  11: ['readinessProbe', () => PROBE],
  12: ['lifecycle', () => LIFECYCLE],
  15: ['securityContext', () => SECURITY],
  19: ['envFrom', () => ENV_FROM, 'repeated'],
  21: ['volumeDevices', () => DEVICE, 'repeated'],
  22: ['startupProbe', () => PROBE],
};

/**
 * Reads a Container message into the form that the API has in JSON, as far as containers are compared.
 * @throws ProtobufError if it is no such message
 */
export const containerFromProtobuf = (bytes: Buffer): Fields => new ProtobufReader(bytes).root(reading(CONTAINER), {});

/** The compared fields of a container. */
export const CONTAINER_FIELDS: readonly string[] = Object.values(CONTAINER).map(([name]) => name);

const reading =
  (message: Message): Visit<Fields> =>
  (number, reader, into) => {
    const field = message[number];
    if (!field) return;
    const [name, type, repeated] = field;
    // a message without a name is in line
    if (name === '' && typeof type === 'function') reader.message(reading(type()), into);
    else if (repeated) listIn(into, name).push(readValue(type, reader));
    else if (type === 'quantities') {
      const { key, amount } = reader.message(quantityEntry, { key: '', amount: { text: '' } });
      mapIn(into, name)[key] = amount.text;
    } else into[name] = readValue(type, reader);
  };

function readValue(type: FieldType, reader: ProtobufReader): unknown {
  if (typeof type === 'function') return reader.message(reading(type()), {});
  if (type === 'number') return reader.number();
  if (type === 'bool') return reader.bool();
  if (type === 'quantity') return reader.message(quantity, { text: '' }).text;
  if (type === 'intOrString') {
    const { isText, number, text } = reader.message(intOrString, { isText: false, number: 0, text: '' });
    return isText ? text : number;
  }
  return reader.text();
}

/** Quantity, apimachinery/pkg/api/resource/generated.proto */
const quantity: Visit<{ text: string }> = (field, reader, into) => {
  if (field === 1) into.text = reader.text();
};

/** IntOrString, apimachinery/pkg/util/intstr/generated.proto */
const intOrString: Visit<{ isText: boolean; number: number; text: string }> = (field, reader, into) => {
  if (field === 1) into.isText = reader.number() === 1;
  else if (field === 2) into.number = reader.number();
  else if (field === 3) into.text = reader.text();
};

function listIn(into: Fields, name: string): unknown[] {
  const list = (into[name] ?? []) as unknown[];
  into[name] = list;
  return list;
}

/** A key may be any name, also one that every object has. */
function mapIn(into: Fields, name: string): Fields {
  const map = (into[name] ?? Object.create(null)) as Fields;
  into[name] = map;
  return map;
}

/** An entry of a map is a message of key 1 and value 2 (protobuf.dev/programming-guides/proto3/#maps). */
const quantityEntry: Visit<{ key: string; readonly amount: { text: string } }> = (field, reader, entry) => {
  if (field === 1) entry.key = reader.text();
  else if (field === 2) reader.message(quantity, entry.amount);
};
