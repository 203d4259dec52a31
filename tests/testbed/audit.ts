import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import type { Api } from './api.ts';
import { until } from './until.ts';

const DEADLINE_MS = 10_000;
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const CHUNK = 1 << 20;
const OK = 200;

/**
 * Patches, Leases and evictions are recorded with their content: what an operator wrote, by which right, and which pod it meant. The
 * testbed's own noise is left out.
 */
export const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'None',
      users: ['kwok', 'kube-scheduler', 'kube-controller-manager', 'olm', 'catalog'].map((name) => `testbed:${name}`),
    },
    { level: 'None', userGroups: ['system:masters'], verbs: ['watch'] },
    { level: 'RequestResponse', verbs: ['patch'] },
    {
      level: 'Request',
      verbs: ['create', 'update'],
      resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }],
    },
    { level: 'Request', verbs: ['create'], resources: [{ group: '', resources: ['pods/eviction'] }] },
    { level: 'Metadata' },
  ],
};

/** One write as the API server recorded it; `body` is what was sent, of a patch, a Lease or an eviction. */
export interface Write {
  /** When it was answered. */
  readonly time: number;
  /** When it arrived. A write that can only be seen by its effect has no such time. */
  readonly received?: number;
  /** Of the object, where an accepted patch tells it. */
  readonly uid?: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
  readonly userAgent: string;
  readonly body?: unknown;
}

/** What a user asked for, whatever the object: what the authorizer decides by. */
export interface Request {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  /** Empty for a request about the whole cluster. */
  readonly namespace: string;
  readonly allowed: boolean;
}

interface AuditEvent {
  readonly stage?: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    apiGroup?: string;
    resource?: string;
    subresource?: string;
    namespace?: string;
    name?: string;
  };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly responseStatus?: { readonly code: number };
  readonly requestObject?: unknown;
  readonly responseObject?: { readonly metadata?: { readonly uid?: string } };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** Who asked the API server for what, read from its audit log as it grows. */
export class Audit {
  readonly #path: string;
  readonly #api: Api;
  readonly #writes = new Map<string, Write[]>();
  readonly #requests = new Map<string, Map<string, number>>();
  readonly #kinds = new Map<string, Map<string, Request>>();
  #offset = 0;
  #rest = '';
  #marks = 0;
  #seenMark = 0;

  constructor(path: string, api: Api) {
    this.#path = path;
    this.#api = api;
  }

  /** What a user wrote (refused writes too, with their code), oldest first, from a time in milliseconds on. */
  async writes(user: string, since = 0): Promise<Write[]> {
    await this.#catchUp();
    return (this.#writes.get(user) ?? []).filter((write) => write.time >= since);
  }

  /** How often a user asked for what, keyed `verb resource`, for example `list pods` or `get pods/portforward`. */
  async requests(user: string): Promise<Readonly<Record<string, number>>> {
    await this.#catchUp();
    return Object.fromEntries(this.#requests.get(user) ?? []);
  }

  /** Every kind of request that a user made, once. */
  async kinds(user: string): Promise<Request[]> {
    await this.#catchUp();
    return [...(this.#kinds.get(user)?.values() ?? [])];
  }

  /** The log is written after the answer: a request of our own, once seen there, proves that the earlier ones are too. */
  async #catchUp(): Promise<void> {
    const mark = ++this.#marks;
    await this.#api.get(`/version?testbed-mark=${mark}`);
    await until('the audit log to be complete', DEADLINE_MS, () => this.#read() >= mark, 10);
  }

  #read(): number {
    if (!existsSync(this.#path)) return 0;
    const file = openSync(this.#path, 'r');
    try {
      const buffer = Buffer.alloc(CHUNK);
      for (;;) {
        const size = readSync(file, buffer, 0, CHUNK, this.#offset);
        if (size === 0) break;
        this.#offset += size;
        this.#take(buffer.subarray(0, size));
      }
    } finally {
      closeSync(file);
    }
    return this.#seenMark;
  }

  #take(bytes: Buffer): void {
    // Latin-1 keeps a character that a chunk's end cuts in two; it is put together again before parsing.
    const lines = (this.#rest + bytes.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#record(JSON.parse(Buffer.from(line, 'latin1').toString('utf8')));
  }

  #record(event: AuditEvent): void {
    const mark = event.requestURI.match(/testbed-mark=(\d+)$/)?.[1];
    if (mark) this.#seenMark = Math.max(this.#seenMark, Number(mark));
    const user = event.user.username;
    // a watch is recorded at its beginning and at its end
    if (event.verb === 'watch' && event.stage === 'ResponseComplete' && event.responseStatus?.code === OK) return;
    const counts = getOrMake(this.#requests, user, () => new Map<string, number>());
    const { resource = event.requestURI, subresource } = event.objectRef ?? {};
    const what = `${event.verb} ${[resource, subresource].filter(Boolean).join('/')}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
    const kind = kindOf(event);
    getOrMake(this.#kinds, user, () => new Map<string, Request>()).set(JSON.stringify(kind), kind);
    if (WRITES.has(event.verb)) getOrMake(this.#writes, user, () => []).push(asWrite(event));
  }
}

function kindOf({ verb, objectRef = {}, annotations = {} }: AuditEvent): Request {
  const { apiGroup: group = '', resource: object = '', subresource, namespace = '' } = objectRef;
  // as roles name it
  const resource = subresource ? `${object}/${subresource}` : object;
  // namespaces name themselves as their namespace
  const within = resource === 'namespaces' ? '' : namespace;
  return {
    verb,
    group,
    resource,
    namespace: within,
    allowed: annotations['authorization.k8s.io/decision'] !== 'forbid',
  };
}

function asWrite(event: AuditEvent): Write {
  const { resource = '', subresource = '', namespace = '', name = '' } = event.objectRef ?? {};
  const uid = event.responseObject?.metadata?.uid;
  return {
    time: Date.parse(event.stageTimestamp),
    received: Date.parse(event.requestReceivedTimestamp),
    ...(uid !== undefined && { uid }),
    verb: event.verb,
    resource,
    subresource,
    namespace,
    name,
    code: event.responseStatus?.code ?? 0,
    userAgent: event.userAgent ?? '',
    ...(event.requestObject !== undefined && { body: event.requestObject }),
  };
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
